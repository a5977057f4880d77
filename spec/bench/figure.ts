// A figure of the bench: one number a round, what it means, and what is aimed at. Parts make them;
// report.ts prints them and results.ts keeps them.

import type { Aim } from './arithmetic.ts';

/** Unit of a number. A ratio has no unit and is what counts; the others depend on the machine. */
export type Unit =
  | 'ratio'
  | 'per second'
  | 'µs CPU per Event'
  | 'MB'
  | 'ms'
  | 'bytes per Event'
  | 'bytes per delivery';

/** One figure. */
export interface Figure {
  /** Unique within its part. */
  readonly name: string;
  readonly unit: Unit;
  /** A sentence, for who reads the file alone. */
  readonly meaning: string;
  readonly aim?: Aim;
  /** Measurements of comparable gateways, in words. */
  readonly anchor?: string;
  /** One number a round. */
  readonly rounds: readonly number[];
}

/** Measurements of a part. */
export interface Measured {
  readonly part: string;
  readonly summary: string;
  readonly figures: readonly Figure[];
}
