// When held deliveries start if the limits stay as they are and no others come: for people who look.
// Nothing depends on it.

import type { Budget } from '../core/observation.ts';
import { Heap } from '../kit/data/heap.ts';
import type { HeldDelivery, HeldInNamespace } from './held-in-namespace.ts';

/** When a held delivery would start, and which budget decides that. */
export interface Forecast {
  readonly budget: Budget;
  readonly inMs: number;
}

/** The same for people, and when it would expire instead. */
export interface HeldForecast {
  /** The budget that it waits for. */
  readonly budget: Budget;
  /** Wall clock, ms since 1970. */
  readonly releaseAt: number;
  readonly expiresAt: number;
}

/** The facts for a forecast. Times are from now on, in ms. */
interface ForecastFacts {
  /** How many tokens all queues have taken by each turn of this one; see `tokensByTurn`. */
  readonly tokens: Iterator<number>;
  /** How long until the budget of all has given so many tokens. */
  readonly totalMs: (tokens: number) => number;
  /** How long until the budget of an object has given so many tokens. */
  readonly ownMs: (object: string, tokens: number) => number;
}

interface WaitingDelivery {
  readonly id: string;
  readonly place: number;
  readonly ownMs: number;
}

/** Plays the turns of one queue: each takes the oldest delivery whose object has a token. */
export function forecastQueue(
  held: Iterable<HeldDelivery>,
  { tokens, totalMs, ownMs }: ForecastFacts,
): ReadonlyMap<string, Forecast> {
  const waiting = waitingOf(held, ownMs).toSorted((a, b) => a.ownMs - b.ownMs);
  const ready = new Heap<WaitingDelivery>((a, b) => a.place - b.place);
  const forecasts = new Map<string, Forecast>();
  let next = 0;
  let atMs = 0;
  for (let turn = 0; turn < waiting.length; turn += 1) {
    const turnMs = totalMs(Number(tokens.next().value));
    // If no object has a token yet, the turn is taken as soon as one has.
    atMs = Math.max(atMs, turnMs, ready.size > 0 ? 0 : (waiting[next]?.ownMs ?? 0));
    for (let one = waiting[next]; one !== undefined && one.ownMs <= atMs; one = waiting[next]) {
      ready.push(one);
      next += 1;
    }
    const first = ready.pop();
    if (first === undefined) break;
    const budget: Budget = atMs > turnMs || turnMs === 0 ? 'perObject' : 'total';
    forecasts.set(first.id, { budget, inMs: atMs });
  }
  return forecasts;
}

/**
 * How many tokens all queues have taken by the first turn of one queue, by its second, and so on.
 * Every queue has one turn in a round for as long as it lasts.
 */
export function* tokensByTurn(
  own: HeldInNamespace,
  inTurn: Iterable<HeldInNamespace>,
): Generator<number> {
  const rests: number[] = [];
  let others = 0;
  let isBefore = 1;
  for (const queue of inTurn) {
    if (queue === own) isBefore = 0;
    else {
      others += isBefore;
      rests.push(queue.size - isBefore);
    }
  }
  rests.sort((a, b) => a - b);
  let ended = 0;
  for (let turn = 0; ; turn += 1) {
    yield turn + 1 + others;
    while ((rests[ended] ?? Number.POSITIVE_INFINITY) <= turn) ended += 1;
    others += rests.length - ended;
  }
}

function waitingOf(
  held: Iterable<HeldDelivery>,
  ownMs: ForecastFacts['ownMs'],
): readonly WaitingDelivery[] {
  const tokens = new Map<string, number>();
  return [...held].map(({ id, object }, place) => {
    const own = (tokens.get(object) ?? 0) + 1;
    tokens.set(object, own);
    return { id, place, ownMs: ownMs(object, own) };
  });
}
