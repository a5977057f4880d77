// Budgets: a token bucket for each involved object and one for all. A delivery without a token is
// held, not lost: release.ts starts it when tokens come, and held-queues.ts says whose turn it is.
// The limiter decides and remembers; it does no I/O. Times are monotonic milliseconds.

import { createHash } from 'node:crypto';
import type { Budget, Observe } from '../core/observation.ts';
import { TokenBucket, TokenBuckets } from '../kit/data/token-bucket.ts';
import { quoted } from '../kit/text/printable.ts';
import type { Rate } from '../kit/text/quantity.ts';
import { HeldDeliveries } from './held-deliveries.ts';
import type { HeldDelivery } from './held-in-namespace.ts';
import { LimitWatch } from './limit-watch.ts';
import { type Forecast, forecastQueue, tokensByTurn } from './release-forecast.ts';
import type { Ruling, StartRequest } from './start-request.ts';

/** How many builds there may be; null is no limit. */
export interface Limits {
  readonly perObject: Rate | null;
  readonly total: Rate | null;
}

/** Dependencies of a limiter. */
interface LimiterParts {
  readonly now: () => number;
  /** Since when tokens count: so long ago that what was started since can be restored. */
  readonly from: number;
  readonly observe: Observe;
  /** So many deliveries of one trigger are held at once. */
  readonly heldAtMost?: number;
}

/** Who asks for a token. */
type TokenRequest = Omit<HeldDelivery, 'since'>;

/** Some 20 MB of usual Events in the store for each trigger, and 10 MB of memory. */
const HELD_AT_MOST = 10_000;

/** Names of Kubernetes are shorter. A longer text of an Event is kept as its digest. */
const LONGEST_KEY = 512;

/** For how long what was started matters to the limits, in ms: after it every bucket is full. */
export function rememberedMs({ perObject, total }: Limits): number {
  return Math.max(perObject?.perMs ?? 0, total?.perMs ?? 0);
}

/** Hands out tokens and keeps what has to wait for one. */
export class Limiter {
  readonly held: HeldDeliveries;
  readonly watch: LimitWatch;
  readonly heldAtMost: number;
  readonly #now: () => number;
  readonly #objects: TokenBuckets | null;
  readonly #total: TokenBucket | null;
  /** Whether one that has a token of its object waits for one of all: no newcomer passes it. */
  #waitsForTotal = false;
  /** Tokens that were taken for deliveries whose commit is under way. */
  #taken: Pick<HeldDelivery, 'id' | 'object'>[] = [];

  constructor(limits: Limits, { now, from, observe, heldAtMost = HELD_AT_MOST }: LimiterParts) {
    this.held = new HeldDeliveries(heldAtMost);
    this.watch = new LimitWatch({ limits, heldAtMost, observe });
    this.heldAtMost = heldAtMost;
    this.#now = now;
    this.#objects = limits.perObject === null ? null : new TokenBuckets(limits.perObject);
    this.#total = limits.total === null ? null : new TokenBucket(limits.total, from);
  }

  /**
   * Takes a token for a newcomer. Without one it is held, behind all others of its object and its
   * namespace, or shed. The answer holds once `settle` says that the newcomer was stored.
   */
  take(newcomer: TokenRequest): Budget | 'shed' | null {
    const now = this.#now();
    const asked = this.#bounded(newcomer);
    const budget = this.#usedUpFor(asked.object, now);
    if (budget === null) {
      this.#spend(asked, now);
      this.#taken.push({ id: asked.id, object: asked.object });
      return null;
    }
    if (!this.held.admits(asked)) {
      this.watch.dropped(asked.trigger, now);
      return 'shed';
    }
    if (budget === 'total') this.#waitsForTotal = true;
    const ownMs = this.#ownMs(asked.object, now);
    this.held.reserve({ ...asked, since: now }, ownMs > 0 ? now + ownMs : 0);
    return budget;
  }

  /** Ends what newcomers were promised: tokens of those that were not stored come back. */
  settle(isStored: (id: string) => boolean): void {
    for (const { id, object } of this.#taken) if (!isStored(id)) this.returnTokens(object);
    this.#taken = [];
    this.held.settleReservations(isStored);
    this.report();
  }

  /** Adds a delivery that the store holds already. */
  recoverHeld(held: HeldDelivery): void {
    this.held.add({ ...held, ...this.#bounded(held) });
  }

  /** Takes the tokens of what was started before this process, in whatever order it is named. */
  recover(
    started: readonly { readonly at: number; readonly object: string }[],
    wall: number,
  ): void {
    const now = this.#now();
    // A bucket goes forward only: a token that is taken late would fill it twice.
    const inOrder = [...started].sort((a, b) => a.at - b.at);
    for (const { at, object } of inOrder) {
      const key = boundedKey(object);
      const then = Math.min(now, now - (wall - at));
      if (this.#exhausted(key, then) === null) this.#takeTokens(key, then);
    }
  }

  /** Takes tokens for the held delivery that starts next; null if none may start now. */
  release(): HeldDelivery | null {
    const now = this.#now();
    const held = this.held.next(now, (object) => this.#ownMs(object, now));
    this.#waitsForTotal = held !== undefined && (this.#total?.msUntilToken(now) ?? 0) > 0;
    if (held === undefined || this.#waitsForTotal) return null;
    this.#spend(held, now);
    const ownMs = this.#ownMs(held.object, now);
    this.held.remove(held.id, ownMs > 0 ? now + ownMs : 0);
    this.held.noteTurn(held);
    return held;
  }

  /** How long until `release` may find one again, in ms; endless if only a newcomer changes that. */
  msUntilRelease(): number {
    const now = this.#now();
    if (this.held.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#waitsForTotal) return this.#total?.msUntilToken(now) ?? 0;
    return this.held.blockedUntil - now;
  }

  /** Puts the tokens of a delivery back that was not started. */
  returnTokens(object: string): void {
    this.#objects?.giveBack(object);
    this.#total?.giveBack();
  }

  /** Says which budgets hold something, and whether anything is shed, if that changed. */
  report(): void {
    const total = this.#waitsForTotal && this.held.size > 0;
    const holds = { perObject: this.held.isAnyBlocked, total };
    this.watch.look({ holds, held: this.held, now: this.#now() });
  }

  /** Says when held deliveries start as long as no others come; made for one answer. */
  forecasts(): (id: string) => Forecast | null {
    const known = new Map<object, ReadonlyMap<string, Forecast>>();
    return (id) => {
      const queue = this.held.find(id);
      if (queue === undefined) return null;
      const now = this.#now();
      const forecasts =
        known.get(queue) ??
        forecastQueue(queue.all, {
          tokens: tokensByTurn(queue, this.held.inTurn()),
          totalMs: (tokens) => this.#total?.msUntilTokens(tokens, now) ?? 0,
          ownMs: (object, tokens) => this.#objects?.msUntilTokens(object, tokens, now) ?? 0,
        });
      known.set(queue, forecasts);
      return forecasts.get(id) ?? null;
    };
  }

  /** Which budget a newcomer has to wait for. */
  #usedUpFor(object: string, now: number): Budget | null {
    if (this.held.hasObject(object)) {
      return this.#total === null || this.#ownMs(object, now) > 0 ? 'perObject' : 'total';
    }
    if (this.#waitsForTotal && this.held.size > 0) return 'total';
    return this.#exhausted(object, now);
  }

  #exhausted(object: string, now: number): Budget | null {
    if (this.#ownMs(object, now) > 0) return 'perObject';
    return (this.#total?.msUntilToken(now) ?? 0) > 0 ? 'total' : null;
  }

  #ownMs(object: string, now: number): number {
    return this.#objects?.msUntilTokens(object, 1, now) ?? 0;
  }

  #spend(user: TokenRequest, now: number): void {
    this.#takeTokens(user.object, now);
    this.watch.spent(user, now);
  }

  #takeTokens(object: string, now: number): void {
    this.#objects?.take(object, now);
    this.#total?.take(now);
  }

  /** Texts of an Event are kept for as long as it is held: each takes no more than a name does. */
  #bounded({ id, trigger, rule, object, namespace }: TokenRequest): TokenRequest {
    return { id, trigger, rule, object: boundedKey(object), namespace: boundedKey(namespace) };
  }
}

/** Holds a request for which there is no token. */
export function limit(
  request: StartRequest,
  { limiter }: { readonly limiter: Limiter },
): Ruling | null {
  const { id, object, rule, occurrence } = request;
  const trigger = request.trigger.name;
  const { namespace } = occurrence.series;
  const budget = limiter.take({ id, object, rule, trigger, namespace });
  if (budget === null) return null;
  if (budget === 'shed') {
    const full = `trigger ${quoted(trigger)} holds ${limiter.heldAtMost} deliveries`;
    const why = `${full}, and namespace ${quoted(namespace)} has its full share of them`;
    return { disposition: 'shed', why };
  }
  return { disposition: 'held', why: `limits.${budget} is used up` };
}

function boundedKey(text: string): string {
  return text.length <= LONGEST_KEY ? text : createHash('sha256').update(text).digest('hex');
}
