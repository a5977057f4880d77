// Reads the text of a configuration from a file or a stream: bounded, as UTF-8. Parsing it is
// load-document.ts.

import { createReadStream } from 'node:fs';
import { errorAt, type Problem } from '../core/problem.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import { printable } from '../kit/text/printable.ts';
import { MAX_CONFIG_BYTES } from './load-document.ts';
import { NO_PLACE } from './source-map.ts';

type ReadFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: Problem };

/** Reads a configuration file; a bad path is a problem in the result, not an error. */
export async function readConfigFile(path: string): Promise<ReadFile> {
  // One byte more than the limit shows that a file is too large without reading it whole. This also
  // works for devices and pipes, which have no size.
  return readText(createReadStream(path, { end: MAX_CONFIG_BYTES }), path);
}

/**
 * Reads a configuration from a stream, up to the size limit and one chunk more.
 *
 * **Errors**: the AbortError of a stream that is aborted.
 */
export async function readConfigStream(
  stream: AsyncIterable<string | Uint8Array>,
): Promise<ReadFile> {
  return readText(stream, 'standard input');
}

async function readText(
  stream: AsyncIterable<string | Uint8Array>,
  name: string,
): Promise<ReadFile> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      if (length > MAX_CONFIG_BYTES) break;
    }
    return { ok: true, text: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    // An abort is not a problem of the configuration.
    if (error instanceof Error && error.name === 'AbortError') throw error;
    return { ok: false, problem: unreadable(name, error) };
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'check the path; a relative one starts where sluice does',
  EACCES: 'make the file readable for the user sluice runs as',
  EISDIR: 'name the file in it',
  ENOTDIR: 'check the path',
};

function unreadable(path: string, error: unknown): Problem {
  const message = `read the configuration ${printable(path, 300)}: ${fileTrouble(error)}`;
  const hint = HINTS[codeOfFailure(error) ?? ''] ?? 'check the path and the disk';
  return { ...errorAt('unreadable', '', { message, hint }), ...NO_PLACE };
}
