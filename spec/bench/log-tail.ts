// What a log tells without a word to the process that writes it: whether a word has been written
// yet, and when the last decision was.

import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { until } from '../support/until.ts';

// The word is looked for in as much as is written between two looks, at most.
const PIECE_BYTES = 4 * 1024 * 1024;
const LIMIT_MS = 110_000;

const DECISION = /^\{"time":"([^"]+)",.*"kind":"decision"/;

/**
 * When the last of so many decisions was logged, in ms since 1970.
 *
 * **Errors**: throws if the log has more or fewer.
 */
export function lastDecisionAt(file: string, decisions: number): number {
  let found = 0;
  let last = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, time] = DECISION.exec(line) ?? [];
    if (time === undefined) continue;
    found += 1;
    last = time;
  }
  if (found !== decisions) throw new Error(`${found} of ${decisions} decisions are in the log`);
  return Date.parse(last);
}

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
