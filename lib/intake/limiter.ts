// Limits: a token bucket for each involved object and one for all deliveries. A delivery without a
// token is held, not lost: held-release.ts starts it later, in the order of held-deliveries.ts. The
// limiter does no I/O. Times are monotonic milliseconds: buckets have no timer and no clock, so that they
// can be restored from the store.

import { createHash } from 'node:crypto';
import type { Budget, Observe } from '../core/observation.ts';
import { quoted } from '../kit/text/printable.ts';
import type { Rate } from '../kit/text/quantity.ts';
import { HeldDeliveries } from './held-deliveries.ts';
import type { HeldDelivery } from './held-in-namespace.ts';
import { type Limits, LimitWatch } from './limit-watch.ts';
import { type Forecast, forecastQueue, tokensByTurn } from './release-forecast.ts';
import type { Ruling, StartRequest } from './start-request.ts';

interface LimiterParts {
  readonly now: () => number;
  /** Begin of the time for which started deliveries are recovered. */
  readonly from: number;
  readonly observe: Observe;
  /** The most held deliveries of one trigger. */
  readonly heldAtMost?: number;
}

type TokenRequest = Omit<HeldDelivery, 'since'>;

/** About 20 MB of usual Events in the store for each trigger, and 10 MB of memory. */
const HELD_AT_MOST = 10_000;

/** Names in Kubernetes are shorter. A longer text of an Event is replaced by its digest. */
const LONGEST_KEY = 512;

/** How long a started delivery counts for the limits, in ms: after that every bucket is full. */
export function rememberedMs({ perObject, total }: Limits): number {
  return Math.max(perObject?.perMs ?? 0, total?.perMs ?? 0);
}

/** Gives out tokens and holds deliveries that wait for one. */
export class Limiter {
  readonly held: HeldDeliveries;
  readonly watch: LimitWatch;
  readonly heldAtMost: number;
  readonly #now: () => number;
  readonly #objects: TokenBuckets | null;
  readonly #total: TokenBucket | null;
  /** Whether a held delivery waits only for the total budget: then no new delivery overtakes it. */
  #waitsForTotal = false;
  /** Tokens of deliveries whose commit is under way. */
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
   * Takes a token for a new delivery and returns null. Without a token the delivery is held behind
   * all others of its object and its namespace, or shed. The answer is final after `settle`.
   */
  take(request: TokenRequest): Budget | 'shed' | null {
    const now = this.#now();
    const asked = this.#bounded(request);
    const budget = this.#usedUpFor(asked.object, now);
    if (budget === null) {
      this.#spend(asked, now);
      this.#taken.push({ id: asked.id, object: asked.object });
      return null;
    }
    if (!this.held.admits(asked)) {
      this.watch.shed(asked.trigger, 'dropped', now);
      return 'shed';
    }
    if (budget === 'total') this.#waitsForTotal = true;
    const ownMs = this.#ownMs(asked.object, now);
    this.held.reserve({ ...asked, since: now }, ownMs > 0 ? now + ownMs : 0);
    return budget;
  }

  /** Ends the reservations of `take`: tokens of deliveries that were not stored are returned. */
  settle(isStored: (id: string) => boolean): void {
    for (const { id, object } of this.#taken) if (!isStored(id)) this.returnTokens(object);
    this.#taken = [];
    this.held.settleReservations(isStored);
    this.report();
  }

  /** Adds a held delivery of the store. */
  recoverHeld(held: HeldDelivery): void {
    this.held.add({ ...held, ...this.#bounded(held) });
  }

  /** Takes the tokens of deliveries that were started before this process, in any order. */
  recover(
    started: readonly { readonly at: number; readonly object: string }[],
    wall: number,
  ): void {
    const now = this.#now();
    // A bucket only moves forward in time: a token that is taken late would fill it twice.
    for (const { at, object } of started.toSorted((a, b) => a.at - b.at)) {
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

  /** Time until `release` may find one again, in ms; infinite if that needs a new delivery. */
  msUntilRelease(): number {
    const now = this.#now();
    if (this.held.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#waitsForTotal) return this.#total?.msUntilToken(now) ?? 0;
    return this.held.blockedUntil - now;
  }

  /** Returns the tokens of a delivery that was not started. */
  returnTokens(object: string): void {
    this.#objects?.giveBack(object);
    this.#total?.giveBack();
  }

  /** Observes which budgets hold deliveries and whether any is shed, if that changed. */
  report(): void {
    const total = this.#waitsForTotal && this.held.size > 0;
    const holds = { perObject: this.held.isAnyBlocked, total };
    this.watch.look({ holds, held: this.held, now: this.#now() });
  }

  /** Forecasts when held deliveries start; a snapshot for one answer. */
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

  /** The budget that a new delivery must wait for. */
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

  /** A held delivery keeps texts of its Event in memory: none may be longer than a name. */
  #bounded({ id, trigger, rule, object, namespace }: TokenRequest): TokenRequest {
    return { id, trigger, rule, object: boundedKey(object), namespace: boundedKey(namespace) };
  }
}

/** Holds or sheds a request for which there is no token. */
export function limit(
  { id, object, rule, occurrence, trigger: { name: trigger } }: StartRequest,
  { limiter }: { readonly limiter: Limiter },
): Ruling | null {
  const { namespace } = occurrence;
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

/** A bucket that fills at a rate and holds at most the rate's number of tokens. */
export class TokenBucket {
  readonly #rate: Rate;
  /** In tokens times `perMs`, so that whole milliseconds count exactly. */
  #credit: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#credit = rate.count * rate.perMs;
    this.#at = now;
  }

  /** Takes a token if there is one. */
  take(now: number): boolean {
    this.#fill(now);
    if (this.#credit < this.#rate.perMs) return false;
    this.#credit -= this.#rate.perMs;
    return true;
  }

  /** Returns an unused token. */
  giveBack(): void {
    const { count, perMs } = this.#rate;
    this.#credit = Math.min(count * perMs, this.#credit + perMs);
  }

  /** Time until there is a token, in whole milliseconds; 0 if there is one. */
  msUntilToken(now: number): number {
    return this.msUntilTokens(1, now);
  }

  /** Time until this number of tokens can have been taken one by one, in whole milliseconds. */
  msUntilTokens(tokens: number, now: number): number {
    this.#fill(now);
    const { count, perMs } = this.#rate;
    return Math.max(0, Math.ceil((tokens * perMs - this.#credit) / count));
  }

  #fill(now: number): void {
    // A clock that went back adds nothing; its time is adopted, so that the bucket fills again.
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    const full = this.#rate.count * this.#rate.perMs;
    this.#credit = Math.min(full, this.#credit + passed * this.#rate.count);
  }
}

/**
 * One bucket for each key.
 *
 * **Shape**: a key has a bucket only if it took a token within the last period; otherwise its
 * bucket would be full.
 */
export class TokenBuckets {
  readonly #rate: Rate;
  /** The least recently used bucket is the first. */
  readonly #buckets = new Map<string, { readonly bucket: TokenBucket; readonly takenAt: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Time until this number of a key's tokens can have been taken one by one, in whole milliseconds.
   */
  msUntilTokens(key: string, tokens: number, now: number): number {
    return this.#of(key, now).msUntilTokens(tokens, now);
  }

  /** Takes a token if there is one. */
  take(key: string, now: number): boolean {
    const bucket = this.#of(key, now);
    if (!bucket.take(now)) return false;
    this.#buckets.delete(key);
    this.#buckets.set(key, { bucket, takenAt: now });
    this.#forgetFull(now - this.#rate.perMs);
    return true;
  }

  /** Returns an unused token. */
  giveBack(key: string): void {
    this.#buckets.get(key)?.bucket.giveBack();
  }

  #of(key: string, now: number): TokenBucket {
    return this.#buckets.get(key)?.bucket ?? new TokenBucket(this.#rate, now);
  }

  #forgetFull(before: number): void {
    for (const [key, { takenAt }] of this.#buckets) {
      if (takenAt > before) return;
      this.#buckets.delete(key);
    }
  }
}
