// The faults of the main run and their times: drawn from the seed only, so a run is reproducible.

import { FuzzRandom } from '../../../fuzz/random.ts';
import { type Failpoint, MOMENTS, STORE_CALLS } from './failpoints.ts';

/** How a gateway dies. */
export type Death =
  /** At some moment of its work, at this time after it was ready. */
  | { readonly how: 'moment'; readonly afterMs: number }
  /** While it starts, at this time after the process was created. */
  | { readonly how: 'start'; readonly afterMs: number }
  /** By itself at a point of its store. */
  | { readonly how: 'point'; readonly point: Failpoint }
  /** By the receiver, when it has read its nth request and not answered, or just answered. */
  | {
      readonly how: 'read' | 'answered';
      readonly afterMs: number;
      readonly nth: number;
    };

/** One kill. */
export interface PlannedKill {
  readonly number: number;
  readonly death: Death;
  /** etcd is compacted while the gateway is down, so the next start needs a LIST. */
  readonly compacts: boolean;
}

/**
 * Shorter lives could end during the same attempt three times in a row, which makes a delivery
 * `poison`; that has a row of its own.
 */
const LIFE_MS = 1_200;
const SPREAD_MS = 800;
const START_MS = { least: 100, most: 1_300 };

/** The kills of a run. */
export function scheduleOf(seed: number, kills: number): readonly PlannedKill[] {
  const planned: PlannedKill[] = [];
  for (let number = 1; number <= kills; number += 1) {
    const random = new FuzzRandom(seed, 'kill', number);
    const before = planned.at(-1);
    // The first life of a run must read the first Events; short ones must not be consecutive.
    const mayBeShort = before !== undefined && !isShort(before.death);
    const compacts = random.oneIn(12);
    const lists = mayBeShort && before.compacts;
    planned.push({
      number,
      death: lists ? whileListing(random) : drawn(random, mayBeShort),
      compacts,
    });
  }
  return planned;
}

/** Whether a life may end before the deliveries of the previous one are settled. */
function isShort(death: Death): boolean {
  return death.how === 'start' || (death.how === 'point' && death.point.armedAfterMs === 0);
}

function drawn(random: FuzzRandom, mayBeShort: boolean): Death {
  const afterMs = random.between(LIFE_MS, LIFE_MS + SPREAD_MS);
  const dice = random.below(100);
  if (dice < 25) return { how: 'moment', afterMs };
  if (dice < 35 && mayBeShort) {
    return { how: 'start', afterMs: random.between(START_MS.least, START_MS.most) };
  }
  if (dice < 55) return { how: 'read', afterMs, nth: random.between(1, 30) };
  if (dice < 65) return { how: 'answered', afterMs, nth: random.between(1, 30) };
  const point = pointOf(random, { armedAfterMs: afterMs });
  return isShort({ how: 'point', point }) && !mayBeShort
    ? { how: 'moment', afterMs }
    : { how: 'point', point };
}

/** The first commits of a life that begins with a LIST are its pages. */
function whileListing(random: FuzzRandom): Death {
  const nth = random.between(1, 3);
  return { how: 'point', point: pointOf(random, { call: 'commit', nth, armedAfterMs: 0 }) };
}

function pointOf(
  random: FuzzRandom,
  { armedAfterMs, ...more }: Partial<Failpoint> & Pick<Failpoint, 'armedAfterMs'>,
): Failpoint {
  const call = random.pick(STORE_CALLS);
  const usual = { call, when: random.pick(MOMENTS), nth: random.between(1, 40), ...more };
  const duringUs = random.below(3_000);
  // `begin` is called once in a life.
  if (usual.call === 'begin') return { ...usual, duringUs, nth: 1, armedAfterMs: 0 };
  return { ...usual, duringUs, armedAfterMs };
}

/** Renders a kill for the log. */
export function describeKill({ number, death, compacts }: PlannedKill): string {
  return `kill ${number}: ${describeDeath(death)}${compacts ? ', then etcd is compacted' : ''}`;
}

function describeDeath(death: Death): string {
  switch (death.how) {
    case 'moment':
      return `${death.afterMs} ms after it was ready`;
    case 'start':
      return `${death.afterMs} ms after its process was made`;
    case 'read':
    case 'answered':
      return `when request ${death.nth} was ${death.how}, ${death.afterMs} ms after it was ready`;
    case 'point': {
      const { call, when, nth, armedAfterMs, duringUs } = death.point;
      const exactly = when === 'during' ? ` (${duringUs} µs into it)` : '';
      return `${when} ${call} ${nth}${exactly}, ${armedAfterMs} ms after the store was opened`;
    }
  }
}
