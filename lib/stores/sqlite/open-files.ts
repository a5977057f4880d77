// Notices that a file of an open store was moved, deleted or replaced. SQLite goes on writing to the
// file that it opened, and no later start would find what it writes. A checkpoint and a VACUUM change
// what is in the files, never which files they are.

import { stat } from 'node:fs/promises';

import type { Clock } from '../../core/clock.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';

/** Dependencies of the look after a store's files. */
export interface OpenFilesParts {
  /** The main file; its log lies beside it. */
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Called once, with the file that is not what it was. */
  readonly lost: (file: string, found: 'gone' | 'replaced') => void;
}

/** A running gateway calls its store every 10 s at least, so a loss is noticed within a minute. */
const LOOK_MS = 5_000;

/** A file by what cannot be used again while it is open; null if there is none. */
type Identity = string | null;

/** The files of an open store. */
export class OpenFiles {
  readonly #parts: OpenFilesParts;
  readonly #known: ReadonlyMap<string, Identity>;
  #lookedAt: number;
  #isOver = false;

  private constructor(parts: OpenFilesParts, known: ReadonlyMap<string, Identity>) {
    this.#parts = parts;
    this.#known = known;
    this.#lookedAt = parts.clock.monotonic();
  }

  /** Remembers which files they are; the store is open. */
  static async of(parts: OpenFilesParts): Promise<OpenFiles> {
    const known = new Map<string, Identity>();
    for (const file of [parts.path, `${parts.path}-wal`]) {
      known.set(file, (await identityOf(file)) ?? null);
    }
    return new OpenFiles(parts, known);
  }

  /** Looks after them, if some seconds have passed since it last did; may be called at any time. */
  async look(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (this.#isOver || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    for (const [file, known] of this.#known) {
      const found = await identityOf(file);
      if (this.#isOver || known === null || found === undefined || found === known) continue;
      this.#isOver = true;
      this.#parts.lost(file, found === null ? 'gone' : 'replaced');
    }
  }
}

/** Undefined if the file cannot be looked at, for another reason than that it is gone. */
async function identityOf(file: string): Promise<Identity | undefined> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOfFailure(error) ?? '') ? null : undefined;
  }
}
