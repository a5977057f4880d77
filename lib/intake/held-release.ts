// Release of held deliveries: they start when there are tokens, expire after `holdFor`, and are
// evicted if too many are held. The order is decided in limiter.ts. They are read from the store
// once, at the start, and followed in memory from then on.

import type { Clock } from '../core/clock.ts';
import { type Delivery, eventNamespaceOf } from '../core/delivery.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { Observe } from '../core/observation.ts';
import type { Archive, KeyValues, Outbox } from '../core/ports/store.ts';
import { type PauseSpan, Pauses } from '../delivery/retry-age.ts';
import { moveDelivery, walkPages } from '../delivery/stored-deliveries.ts';
import { Alarm } from '../kit/async/alarm.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import type { HeldDelivery, QueueKey } from './held-in-namespace.ts';
import type { Limiter } from './limiter.ts';
import type { HeldForecast } from './release-forecast.ts';

interface ReleaseParts {
  readonly archive: Archive;
  readonly outbox: Outbox;
  readonly keyValues: KeyValues;
  readonly limiter: Limiter;
  readonly holdForMs: number;
  /** Spans in which no gateway ran: they do not count for `holdFor`. */
  readonly downtimes: readonly PauseSpan[];
  readonly clock: Clock;
  readonly observe: Observe;
  /** Receives deliveries that may be attempted now. */
  readonly released: (delivery: Delivery) => void;
}

/** The longest wait, however late the next token: a look costs nothing. */
const LONGEST_WAIT_MS = 60_000;

/** Deliveries changed at once, so that a store on a disk writes them together. */
const PIECE = 500;

/** Name in the store of the queue that had the last turn. */
const LAST_TURN = 'limits/last-turn';

/** Starts, expires and evicts held deliveries. */
export class HeldRelease {
  readonly #parts: ReleaseParts;
  readonly #alarm = new Alarm();

  constructor(parts: ReleaseParts) {
    this.#parts = parts;
  }

  /** Call when a delivery was held, or is no longer held. */
  wake(): void {
    this.#alarm.ring();
  }

  /** Call when a user moved this delivery. */
  forget(id: string): void {
    this.#parts.limiter.held.remove(id);
    this.wake();
  }

  /** Reads the held deliveries and the last turn from the store, once, before others are held. */
  async recover(): Promise<void> {
    const { archive, keyValues, limiter, clock, downtimes } = this.#parts;
    const pauses = new Pauses();
    for (const span of downtimes) pauses.add(span);
    for await (const page of walkPages(archive, { states: ['held'] })) {
      const now = clock.now();
      for (const delivery of page) {
        const heldMs = now - delivery.dueAt - pauses.within(delivery.dueAt, now);
        limiter.recoverHeld(toHeld(delivery, clock.monotonic() - heldMs));
      }
    }
    const last = parsedTurn(await keyValues.read(LAST_TURN));
    if (last !== null) limiter.held.noteTurn(last);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const { lookIn } = await this.pass();
      await this.#alarm.wait(clock, lookIn, signal);
    }
  }

  /**
   * Moves every delivery that may move now; returns in how many ms to look again, null if only a
   * new delivery can change something.
   *
   * **Order and time**: deliveries start before any expires: a token may have come while no gateway
   * ran.
   */
  async pass(): Promise<{ readonly lookIn: number | null }> {
    const { limiter, clock, holdForMs } = this.#parts;
    await this.#startAll();
    await this.#discard(limiter.held.heldSince(clock.monotonic() - holdForMs), 'expired-held');
    await this.#discard(limiter.held.surplus(), 'shed');
    limiter.report();
    return { lookIn: this.#lookIn() };
  }

  /** Forecasts when held deliveries start; a snapshot for one answer. */
  forecasts(): (id: string) => HeldForecast | null {
    const { limiter, clock, holdForMs } = this.#parts;
    const forecasts = limiter.forecasts();
    return (id) => {
      const forecast = forecasts(id);
      const held = limiter.held.find(id)?.get(id);
      if (forecast === null || held === undefined) return null;
      const now = clock.now();
      const restMs = held.since + holdForMs - clock.monotonic();
      const { budget, inMs } = forecast;
      return { budget, releaseAt: now + inMs, expiresAt: Math.round(now + restMs) };
    };
  }

  async #startAll(): Promise<void> {
    const { limiter, keyValues } = this.#parts;
    for (;;) {
      const piece: HeldDelivery[] = [];
      while (piece.length < PIECE) {
        const held = limiter.release();
        if (held === null) break;
        piece.push(held);
      }
      if (piece.length === 0) return;
      const turn = keyValues.write(LAST_TURN, JSON.stringify(limiter.held.lastTurn));
      await Promise.all([turn, ...piece.map((held) => this.#start(held))]);
    }
  }

  async #discard(held: readonly HeldDelivery[], dead: 'expired-held' | 'shed'): Promise<void> {
    const { limiter, clock } = this.#parts;
    for (const { id, trigger } of held) {
      limiter.held.remove(id);
      if (dead === 'shed') limiter.watch.shed(trigger, 'gaveWay', clock.monotonic());
    }
    for (let from = 0; from < held.length; from += PIECE) {
      await Promise.all(held.slice(from, from + PIECE).map((one) => this.#end(one, dead)));
    }
  }

  #lookIn(): number | null {
    const { limiter, clock, holdForMs } = this.#parts;
    const now = clock.monotonic();
    const expiryMs = limiter.held.oldestSince + holdForMs - now;
    const calmMs = limiter.watch.msUntilCalm(now);
    const ms = Math.min(limiter.msUntilRelease(), expiryMs, calmMs);
    return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(1, ms)) : null;
  }

  async #start({ id, object }: HeldDelivery): Promise<void> {
    const { limiter, clock, released } = this.#parts;
    const now = clock.now();
    const next = { state: 'waiting', dead: null, dueAt: now } as const;
    const why = 'the limit allows it';
    const moved = await moveDelivery(this.#parts, { id, from: 'held', next, now, why });
    // If a user was first, their action takes no token.
    if (moved === null) limiter.returnTokens(object);
    else released(moved);
  }

  async #end({ id, since }: HeldDelivery, dead: 'expired-held' | 'shed'): Promise<void> {
    const { clock } = this.#parts;
    const now = clock.now();
    const dueAt = Math.round(now - (clock.monotonic() - since));
    const next = { state: 'dead', dead, dueAt } as const;
    await moveDelivery(this.#parts, { id, from: 'held', next, now, why: this.#why(dead) });
  }

  #why(dead: 'expired-held' | 'shed'): string {
    const { limiter, holdForMs } = this.#parts;
    return dead === 'shed'
      ? `evicted for other namespaces: its trigger holds ${limiter.heldAtMost} deliveries`
      : `held for longer than ${renderDuration(holdForMs)} (limits.holdFor)`;
  }
}

function toHeld(delivery: Delivery, since: number): HeldDelivery {
  const { id, trigger, object, rule } = delivery;
  return { id, trigger, object, rule, namespace: eventNamespaceOf(delivery), since };
}

/** Parses the stored turn; null for anything else, and then a new round begins. */
function parsedTurn(text: string | null): QueueKey | null {
  const value = jsonOrNothing(text);
  const { trigger, namespace } = isJsonObject(value) ? value : {};
  const isTurn = typeof trigger === 'string' && typeof namespace === 'string';
  return isTurn ? { trigger, namespace } : null;
}
