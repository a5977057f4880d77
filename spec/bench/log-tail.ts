// Watching the end of a growing file for a word, without a word to the process that writes it.

import { open } from 'node:fs/promises';

import { until } from '../support/until.ts';

// The word is looked for in as much as is written between two looks, at most.
const PIECE_BYTES = 4 * 1024 * 1024;
const LIMIT_MS = 110_000;

/** Waits until a file has a word; what it had before counts too. */
export async function logHas(file: string, word: string): Promise<void> {
  await using handle = await open(file, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  let from = 0;
  const found = async (): Promise<boolean> => {
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, from);
      if (piece.subarray(0, bytesRead).includes(word)) return true;
      // The word may be cut by the end of what was read.
      from += Math.max(0, bytesRead - word.length);
      if (bytesRead < piece.length) return false;
    }
  };
  await until(found, `"${word}" in the log`, LIMIT_MS);
}
