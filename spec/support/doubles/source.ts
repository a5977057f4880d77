// Doubles of the port Source.

import { SluiceError } from '../../../lib/core/errors.ts';
import type { Batch, Positions, Source, WatchPath } from '../../../lib/core/ports/source.ts';
import { aborted } from '../../../lib/kit/async/abort.ts';

/** A source that reads nothing until the abort. Every path is its own successor. */
export function nopSource(overrides: Partial<Source> = {}): Source {
  return {
    name: 'shop',
    provedAt: null,
    batches: async function* (_positions, signal): AsyncGenerator<Batch, void> {
      await aborted(signal);
    },
    successorsOf: (path) => [{ path, namespace: null }],
    ...overrides,
  };
}

/** A source that yields the batches of the spec, and records how it is read. */
export class RecordingSource implements Source {
  readonly name = 'shop';
  /** Monotonic; null: never. */
  provedAt: number | null = null;
  /** The positions of every reading, in order; empty before the first pull. */
  readonly readings: Positions[] = [];
  /** Successors of earlier paths; its own path by default. */
  successors: (path: string) => readonly WatchPath[] = (path) => [{ path, namespace: null }];
  /** Whether the last reading has released everything. */
  ended = false;
  /** Whether every batch was taken and the next one is requested. */
  isIdle = false;
  readonly #batches: Batch[] = [];
  #wake: () => void = () => undefined;
  #broken: Error | undefined;

  /** The positions from which it was last asked to resume. */
  get positions(): Positions {
    return this.readings.at(-1) ?? new Map();
  }

  /** Provides the next batch. */
  hand(batch: Batch): void {
    this.#batches.push(batch);
    this.isIdle = false;
    this.#wake();
  }

  /** Throws this error at the next pull, or at the current one. */
  break(error: Error): void {
    this.#broken = error;
    this.#wake();
  }

  successorsOf(path: string): readonly WatchPath[] {
    return this.successors(path);
  }

  async *batches(positions: Positions, signal: AbortSignal): AsyncGenerator<Batch, void> {
    this.readings.push(positions);
    this.ended = false;
    signal.addEventListener('abort', () => this.#wake());
    try {
      while (!signal.aborted) {
        const batch = this.#batches.shift();
        if (this.#broken !== undefined) throw this.#broken;
        this.isIdle = batch === undefined;
        if (batch !== undefined) yield batch;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.ended = true;
    }
  }
}

/** The error of a source that can never work. */
export const CLUSTER_REFUSED = new SluiceError('cluster-refused', 'watch /a: not found');

/** A source that throws at its first pull. */
export function failingSource(error = CLUSTER_REFUSED, overrides: Partial<Source> = {}): Source {
  return nopSource({
    batches: async function* (): AsyncGenerator<Batch, void> {
      throw error;
    },
    ...overrides,
  });
}
