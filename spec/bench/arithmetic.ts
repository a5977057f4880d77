// The arithmetic of the bench, pure: ratios are formed within a round, medians over the rounds.

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value below which a share (0 to 1) of some numbers lies, by nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** Each number divided by the one of the same round; none if one side was not measured. */
export function ratios(upper: readonly number[], lower: readonly number[]): readonly number[] {
  if (upper.length === 0 || lower.length === 0) return [];
  if (upper.length !== lower.length) {
    throw new Error(`${upper.length} rounds can not be divided by ${lower.length}`);
  }
  return upper.map((value, round) => value / (lower[round] ?? Number.NaN));
}

/** An aim. */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** Whether an aim is reached. */
export function isReached(value: number, aim: Aim): boolean {
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}

/** The least and the greatest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly max: number;
}

/** The spread of some numbers. */
export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), max: Math.max(...values) };
}

/** How a figure has changed since it was last measured. */
export interface Change {
  /** Now ÷ then. */
  readonly factor: number;
  /** Whether the rounds of the two do not even touch; less may be noise. */
  readonly beyondNoise: boolean;
}

/** Compares the rounds of one figure with those of an earlier run. */
export function changeOf(now: readonly number[], then: readonly number[]): Change {
  const a = spreadOf(now);
  const b = spreadOf(then);
  return {
    factor: median(now) / median(then),
    beyondNoise: a.min > b.max || a.max < b.min,
  };
}
