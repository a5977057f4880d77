// One lane a trigger: claims what is due from the store, makes so many attempts at once and settles
// each. It holds no backlog: what waits, waits in the store. It never decides what an outcome means
// (next-state.ts) and never tells two attempts of one object apart (the claim does).
import type { Clock, Random } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import { messageOf } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Outbox } from '../core/store.ts';
import type { Trigger } from '../core/trigger.ts';
import { Alarm } from '../kit/alarm.ts';
import { backoffMs } from '../kit/backoff.ts';
import { openDeadline } from '../kit/deadline.ts';
import { mayDouble, type NextState, nextState, type RetryPolicy } from './next-state.ts';

/** How a lane works. */
export interface LaneSettings {
  readonly trigger: string;
  readonly concurrency: number;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly order: 'none' | 'object';
  readonly retry: Omit<RetryPolicy, 'keyLifeMs'>;
}

/** What every lane works with. */
export interface LaneParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  /** The name of this process life, under which claims are made. */
  readonly incarnation: string;
  readonly observe: Observe;
}

/** However far away the next retry seems: the wall clock by which it is due may jump. */
const LONGEST_WAIT_MS = 60_000;

/** A store that fails is busy or full; its delivery is blocked until the outcome is written. */
const SETTLE_BACKOFF = { firstMs: 500, maxMs: 30_000 };

interface Ended {
  readonly outcome: Outcome;
  readonly durationMs: number;
}

/** The two ways to end a lane. */
export interface LaneSignals {
  /** Nothing more is claimed; running attempts go on. */
  readonly stop: AbortSignal;
  /** Running attempts are cut off. */
  readonly abandon: AbortSignal;
}

/** One trigger's deliveries on their way out. */
export class Lane {
  readonly #settings: LaneSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #alarm = new Alarm();
  readonly #running = new Set<Promise<void>>();

  constructor(settings: LaneSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
  }

  /** How many attempts are being made. */
  get running(): number {
    return this.#running.size;
  }

  /** Something may have fallen due: look. */
  wake(): void {
    this.#alarm.ring();
  }

  /** Runs until stopped or the store fails; settles when the last running attempt has ended. */
  async run({ stop, abandon }: LaneSignals): Promise<void> {
    try {
      while (!stop.aborted) {
        if (await this.#claim(abandon)) continue;
        await this.#alarm.wait(this.#parts.clock, await this.#idleMs(), stop);
      }
    } finally {
      // Also where the store fails: what was begun is ended and written down.
      await Promise.all(this.#running);
    }
  }

  /** Claims what is due and starts an attempt of each; says whether there was something. */
  async #claim(abandon: AbortSignal): Promise<boolean> {
    const limit = this.#settings.concurrency - this.#running.size;
    if (limit <= 0) return false;
    const { incarnation, clock, outbox } = this.#parts;
    const { trigger, order } = this.#settings;
    const claimed = await outbox.claim({ trigger, incarnation, now: clock.now(), limit, order });
    for (const delivery of claimed) this.#start(delivery, abandon);
    return claimed.length > 0;
  }

  /** For how long there is certainly nothing to do; null until woken. */
  async #idleMs(): Promise<number | null> {
    if (this.#running.size >= this.#settings.concurrency) return null;
    const next = await this.#parts.outbox.next(this.#settings.trigger);
    if (next === null) return null;
    return Math.min(LONGEST_WAIT_MS, Math.max(0, next - this.#parts.clock.now()));
  }

  #start(delivery: Delivery, abandon: AbortSignal): void {
    const running = this.#take(delivery, abandon)
      .catch((error: unknown) => this.#parts.observe({ kind: 'bug', where: 'a lane', error }))
      .finally(() => {
        this.#running.delete(running);
        this.#alarm.ring();
      });
    this.#running.add(running);
  }

  async #take(delivery: Delivery, abandon: AbortSignal): Promise<void> {
    const { keyLifeMs } = this.#trigger;
    // A claim may come long after it was due: the process slept, or the lane was full.
    if (mayDouble(delivery, { keyLifeMs, now: this.#parts.clock.now() })) {
      const detail = 'an answer was lost, and the receiver no longer tells a repetition';
      const outcome = { outcome: 'unknown', reason: 'timeout', detail } as const;
      await this.#settle(delivery, { outcome, durationMs: 0 }, abandon);
      return;
    }
    await this.#attempt(delivery.id, abandon);
  }

  async #attempt(id: string, abandon: AbortSignal): Promise<void> {
    const { clock, incarnation, observe, outbox } = this.#parts;
    const recorded = await outbox.attempt({ id, incarnation, now: clock.now() });
    if (!recorded.done) return;
    observe({ kind: 'attempt-started', delivery: recorded.delivery });
    const began = clock.monotonic();
    const outcome = await this.#fire(recorded.delivery, abandon);
    const durationMs = Math.round(clock.monotonic() - began);
    observe({ kind: 'attempt-ended', delivery: recorded.delivery, outcome, durationMs });
    await this.#settle(recorded.delivery, { outcome, durationMs }, abandon);
  }

  /** Writes down what an attempt came to, again and again while the store fails. */
  async #settle(before: Delivery, ended: Ended, abandon: AbortSignal): Promise<void> {
    const { clock, incarnation, observe, outbox, random } = this.#parts;
    const { why, ...next } = this.#next(before, ended.outcome);
    for (let failures = 1; ; failures += 1) {
      try {
        const now = clock.now();
        const settled = await outbox.settle({ id: before.id, incarnation, ...ended, next, now });
        if (settled.done) this.#observeMoved(settled.delivery, why);
        return;
      } catch (error) {
        observe({ kind: 'bug', where: `settling delivery ${before.id}`, error });
        await clock.sleep(backoffMs(failures, SETTLE_BACKOFF, random), abandon);
      }
    }
  }

  #observeMoved(delivery: Delivery, why: string): void {
    const moved = { from: 'running', to: delivery.state, dead: delivery.dead, why } as const;
    this.#parts.observe({ kind: 'delivery-moved', delivery, ...moved });
  }

  #next(delivery: Delivery, outcome: Outcome): NextState {
    const { clock, random } = this.#parts;
    const policy = { ...this.#settings.retry, keyLifeMs: this.#trigger.keyLifeMs };
    return nextState(delivery, outcome, { policy, now: clock.now(), random });
  }

  async #fire(delivery: Delivery, abandon: AbortSignal): Promise<Outcome> {
    using deadline = openDeadline(this.#parts.clock, this.#settings.timeoutMs, abandon);
    try {
      const [outcome] = await this.#trigger.fire([delivery], deadline.signal);
      if (outcome === undefined) throw new Error('the trigger answered with no outcome');
      return outcome;
    } catch (error) {
      const where = `trigger ${this.#settings.trigger}, delivery ${delivery.id}`;
      this.#parts.observe({ kind: 'bug', where, error });
      return { outcome: 'unknown', reason: 'bug', detail: messageOf(error) };
    }
  }
}
