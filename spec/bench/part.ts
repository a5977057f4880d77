// A part of the bench, and the order of its variants.

import type { Figure } from './figure.ts';
import type { World } from './world.ts';

/** Dependencies of a part. */
export interface PartContext {
  readonly world: World;
  readonly rounds: number;
  /** How many Events the reject case has; other cases are in proportion to it. */
  readonly events: number;
  /** Whether a variant is to be run; figures that need one that is not are left out. */
  readonly wants: (variant: string) => boolean;
  /** Tells of progress. */
  readonly say: (what: string) => void;
}

/** One part. */
export interface Part {
  readonly name: string;
  readonly summary: string;
  readonly run: (context: PartContext) => Promise<readonly Figure[]>;
}

/** Default number of Events of the reject case, to which `--events` is in proportion. */
export const USUAL_EVENTS = 100_000;

/** A number of Events of another case, in proportion. */
export function scaled(usual: number, events: number): number {
  return Math.max(10, Math.round((usual * events) / USUAL_EVENTS));
}

/**
 * Runs all variants in each round, one after the other: what disturbs the machine for a while
 * disturbs all of them. Every round begins with another one, so that none is always first.
 */
export async function interleave<Result>(
  { rounds, wants, say }: Pick<PartContext, 'rounds' | 'wants' | 'say'>,
  variants: Readonly<Record<string, () => Promise<Result>>>,
): Promise<Readonly<Record<string, readonly Result[]>>> {
  const results = new Map<string, Result[]>(Object.keys(variants).map((name) => [name, []]));
  const wanted = Object.entries(variants).filter(([name]) => wants(name));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of turned(wanted, round)) {
      say(`round ${round + 1} of ${rounds}: ${name}`);
      results.get(name)?.push(await run());
    }
  }
  return Object.fromEntries(results);
}

/** The list, begun at another entry. */
export function turned<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
