// What the operating system's codes for files mean, in words that fit behind a colon.

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

/** Node's or the operating system's code of a failure, or undefined where it has none. */
export function codeOfFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What a failure to open, read or write a file means; the code itself where no words are known. */
export function fileTrouble(error: unknown): string {
  const code = codeOfFailure(error) ?? 'unknown error';
  return WORDS[code] ?? code;
}

/** Whether there is something at a path; what cannot be looked at counts. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return codeOfFailure(error) !== 'ENOENT';
  }
}
