// Forecasts when held deliveries start, if the limits stay the same and no other delivery arrives.
// Only for display: no decision depends on it.

import type { Budget } from '../core/observation.ts';
import { Heap } from '../kit/data/heap.ts';
import type { HeldDelivery, HeldInNamespace } from './held-in-namespace.ts';

/** Start of a held delivery, and the budget that decides it. */
export interface Forecast {
  readonly budget: Budget;
  readonly inMs: number;
}

/** The same in wall clock times, with the time at which it would expire. */
export interface HeldForecast extends Pick<Forecast, 'budget'> {
  /** Wall clock, ms since 1970. */
  readonly releaseAt: number;
  readonly expiresAt: number;
}

/** Inputs of a forecast. Times are from now on, in ms. */
interface ForecastFacts {
  /** Tokens taken by all queues up to each turn of this one; see `tokensByTurn`. */
  readonly tokens: Iterator<number>;
  /** Time until the total budget has given this many tokens. */
  readonly totalMs: (tokens: number) => number;
  /** Time until the budget of an object has given this many tokens. */
  readonly ownMs: (object: string, tokens: number) => number;
}

interface WaitingDelivery {
  readonly id: string;
  readonly place: number;
  readonly ownMs: number;
}

/** Simulates the turns of one queue: each takes the oldest delivery whose object has a token. */
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
 * Tokens taken by all queues up to the first turn of one queue, up to its second, and so on. Every
 * queue has one turn in a round until it is empty.
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
