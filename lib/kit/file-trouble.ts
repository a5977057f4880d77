// Failures of file operations in words that fit after a colon.

import { access } from 'node:fs/promises';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'a folder',
  ENOTDIR: 'a file where a folder is expected',
  ENOSPC: 'the disk is full',
  EPERM: 'operation not permitted',
  EROFS: 'a read-only file system',
};

/** The code of Node or the operating system in an error; undefined if it has none. */
export function codeOfFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Describes a failure to open, read or write a file; an unknown code describes itself. */
export function fileTrouble(error: unknown): string {
  const code = codeOfFailure(error) ?? 'unknown error';
  return WORDS[code] ?? code;
}

/** Whether a path exists; true also if access is denied. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => codeOfFailure(error) !== 'ENOENT',
  );
}
