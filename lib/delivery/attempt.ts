// Attempts of a lane: recorded before they are made, fired within their time, told to the breaker,
// and each delivery settled by itself. What is due and how many at once is the lane's to say.
import type { Clock, Random } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import { messageOf } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Outbox } from '../core/store.ts';
import type { OnLostAnswer, Trigger } from '../core/trigger.ts';
import { backoffMs } from '../kit/backoff.ts';
import { openDeadline } from '../kit/deadline.ts';
import type { BreakerChange } from './breaker.ts';
import { Breaker } from './breaker.ts';
import { isPossiblyTwice, mayDouble, nextState } from './next-state.ts';
import type { NextState, RetryPolicy } from './next-state.ts';
import { Pauses } from './pauses.ts';

/** How attempts are made. */
export interface AttemptSettings {
  readonly trigger: string;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly onLostAnswer: OnLostAnswer;
  readonly retry: Omit<RetryPolicy, 'keyLifeMs' | 'onLostAnswer'>;
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

/** A store that fails is busy or full; its delivery is blocked until the outcome is written. */
const SETTLE_BACKOFF = { firstMs: 500, maxMs: 30_000 };

interface Ended {
  readonly outcome: Outcome;
  readonly durationMs: number;
}

/** Makes the attempts of one trigger. */
export class Attempts {
  readonly breaker: Breaker;
  readonly #settings: AttemptSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #policy: RetryPolicy;
  readonly #pauses = new Pauses();

  constructor(settings: AttemptSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    const { keyLifeMs } = trigger;
    this.#policy = { ...settings.retry, keyLifeMs, onLostAnswer: settings.onLostAnswer };
    this.breaker = new Breaker(parts.random);
  }

  /** Makes one attempt of these deliveries, which are claimed, and settles each. */
  async make(deliveries: readonly Delivery[], abandon: AbortSignal): Promise<void> {
    const wanted = await this.#withoutLost(deliveries, abandon);
    const recorded = (await Promise.all(wanted.map((one) => this.#record(one, abandon)))).flat();
    if (recorded.length === 0) return;
    const { clock, observe } = this.#parts;
    for (const delivery of recorded) observe({ kind: 'attempt-started', delivery });
    const began = clock.monotonic();
    this.#tell(this.breaker.begin(began));
    const outcomes = await this.#fire(recorded, abandon);
    const durationMs = Math.round(clock.monotonic() - began);
    this.#tell(this.breaker.note(outcomes, clock.monotonic()));
    await Promise.all(
      recorded.map(async (delivery, place) => {
        const outcome = outcomes[place] ?? lostBy('no outcome');
        observe({ kind: 'attempt-ended', delivery, outcome, durationMs });
        await this.#settle(delivery, { outcome, durationMs }, abandon);
      }),
    );
  }

  /** A claim may come long after it was due: the process slept, or the lane was full. */
  async #withoutLost(
    deliveries: readonly Delivery[],
    abandon: AbortSignal,
  ): Promise<readonly Delivery[]> {
    if (this.#settings.onLostAnswer === 'atLeastOnce') return deliveries;
    const at = { keyLifeMs: this.#trigger.keyLifeMs, now: this.#parts.clock.now() };
    const lost = deliveries.filter((delivery) => mayDouble(delivery, at));
    const detail = 'an answer was lost, and the receiver no longer tells a repetition';
    const outcome = { outcome: 'unknown', reason: 'timeout', detail } as const;
    await Promise.all(
      lost.map((delivery) => this.#settle(delivery, { outcome, durationMs: 0 }, abandon)),
    );
    return deliveries.filter((delivery) => !lost.includes(delivery));
  }

  /** The delivery with its attempt; nothing where somebody changed it or the store failed. */
  async #record(delivery: Delivery, abandon: AbortSignal): Promise<readonly Delivery[]> {
    const { clock, incarnation, observe, outbox } = this.#parts;
    const { id } = delivery;
    try {
      const recorded = await outbox.attempt({ id, incarnation, now: clock.now() });
      return recorded.done ? [recorded.delivery] : [];
    } catch (error) {
      observe({ kind: 'bug', where: `recording an attempt of delivery ${id}`, error });
      // The others of its batch go on; it is given back as one that was not tried.
      const detail = 'the store did not record the attempt, so it was not made';
      const outcome = { outcome: 'retry', reason: 'unavailable', detail } as const;
      await this.#settle(delivery, { outcome, durationMs: 0 }, abandon);
      return [];
    }
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
    const { state: to, dead } = delivery;
    const isTwice = to !== 'waiting' && isPossiblyTwice(delivery, this.#trigger.keyLifeMs);
    const twice = isTwice ? ({ possiblyTwice: true } as const) : {};
    const moved = { from: 'running', to, dead, why, ...twice } as const;
    this.#parts.observe({ kind: 'delivery-moved', delivery, ...moved });
  }

  #next(delivery: Delivery, outcome: Outcome): NextState {
    const { clock, random } = this.#parts;
    const pausedMs = (from: number, to: number): number => this.#pauses.within(from, to);
    const now = clock.now();
    return nextState(delivery, outcome, { policy: this.#policy, now, random, pausedMs });
  }

  #tell(change: BreakerChange | null): void {
    if (change === null) return;
    const { clock, observe } = this.#parts;
    if (change.to === 'open') this.#pauses.begin(clock.now());
    if (change.to === 'closed') this.#pauses.end(clock.now());
    observe({ kind: 'breaker', trigger: this.#settings.trigger, ...change });
  }

  async #fire(deliveries: readonly Delivery[], abandon: AbortSignal): Promise<readonly Outcome[]> {
    using deadline = openDeadline(this.#parts.clock, this.#settings.timeoutMs, abandon);
    try {
      const outcomes = await this.#trigger.fire(deliveries, deadline.signal);
      if (outcomes.length !== deliveries.length) {
        throw new Error(`${outcomes.length} outcomes for ${deliveries.length} deliveries`);
      }
      return outcomes;
    } catch (error) {
      const ids = deliveries.map(({ id }) => id).join(', ');
      const where = `trigger ${this.#settings.trigger}, delivery ${ids}`;
      this.#parts.observe({ kind: 'bug', where, error });
      return deliveries.map(() => lostBy(messageOf(error)));
    }
  }
}

/** A bug of the trigger: it may have started something before. */
function lostBy(detail: string): Outcome {
  return { outcome: 'unknown', reason: 'bug', detail };
}
