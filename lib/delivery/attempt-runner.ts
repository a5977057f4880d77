// Attempts of a lane. Each is recorded in the store before it is made, runs within its timeout, and
// updates the admission. Then each delivery is settled by itself. The lane decides which deliveries
// are due and how many attempts run at once.

import type { Clock, Random } from '../core/clock.ts';
import type { Delivery, Outcome } from '../core/delivery.ts';
import { hasCode, messageOf, SluiceError } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Archive, KeyValues, Outbox, Settlement } from '../core/ports/store.ts';
import type { OnLostAnswer, Trigger } from '../core/ports/trigger.ts';
import { openDeadline } from '../kit/async/abort.ts';
import { backoffMs } from '../kit/async/backoff.ts';
import { Admission, type AdmissionChange } from './admission.ts';
import {
  givenBack,
  isPossiblyTwice,
  type KeyFacts,
  leftUnknown,
  mayDouble,
  type NextState,
  nextState,
  type RetryPolicy,
} from './next-state.ts';
import { type PauseSpan, RetryAge } from './retry-age.ts';
import type { SharedLock } from './shared-lock.ts';

/** Settings of the attempts of one trigger. */
export interface AttemptSettings {
  readonly trigger: string;
  /** The most attempts at once. */
  readonly concurrency: number;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly onLostAnswer: OnLostAnswer;
  /** `object`: deliveries of one involved object are attempted in the order of their commits. */
  readonly order: 'none' | 'object';
  readonly retry: Omit<RetryPolicy, 'keyLifeMs' | 'onLostAnswer'>;
}

/** Dependencies of every lane. */
export interface LaneParts {
  readonly outbox: Outbox;
  readonly archive: Pick<Archive, 'list'>;
  readonly keyValues: KeyValues;
  /** One for all lanes. */
  readonly attemptLock: SharedLock;
  readonly clock: Clock;
  readonly random: Random;
  /** Name of this run of the process, under which claims are made. */
  readonly incarnation: string;
  /** Spans in which no gateway ran. */
  readonly downtimes: readonly PauseSpan[];
  readonly observe: Observe;
}

/** The steps of a stop, in their order. */
export interface AttemptSignals {
  /** No new attempt begins; running attempts continue. */
  readonly stop: AbortSignal;
  /** Running attempts are aborted. */
  readonly abandon: AbortSignal;
  /** Outcomes are no longer recorded: the next start finds them as lost answers. */
  readonly leave: AbortSignal;
}

/** A failing store is busy or full; its delivery is blocked until the outcome is recorded. */
const SETTLE_BACKOFF = { firstMs: 500, maxMs: 30_000 };

/** After this many process deaths in a row the next attempt of a delivery runs alone. */
const SUSPECT_DEATHS = 2;

/** Whether a delivery may have killed the process. */
export function isSuspect({ deaths }: Delivery): boolean {
  return deaths >= SUSPECT_DEATHS;
}

/** An attempt that the receiver has answered. */
interface AttemptMade {
  /** Resolves when every outcome is recorded. */
  readonly settled: Promise<void>;
}

type Ended = Pick<Settlement, 'outcome' | 'durationMs'> & { readonly next: NextState };

/** Makes the attempts of one trigger. */
export class AttemptRunner {
  readonly retryAge: RetryAge;
  readonly admission: Admission;
  /** Duration of the last attempt, in ms; infinite before the first one. */
  lastMs = Number.POSITIVE_INFINITY;
  readonly #settings: AttemptSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #policy: RetryPolicy;

  constructor(settings: AttemptSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    const { keyLifeMs } = trigger;
    this.#policy = { ...settings.retry, keyLifeMs, onLostAnswer: settings.onLostAnswer };
    this.retryAge = new RetryAge(settings.trigger, parts);
    this.admission = new Admission(settings.concurrency, parts.random);
  }

  /**
   * Makes one attempt of these claimed deliveries and settles each.
   *
   * **Order and time**: resolves when the receiver has answered, so the next attempt need not wait
   * for the disk. `settled` resolves when every outcome is recorded.
   */
  async make(deliveries: readonly Delivery[], signals: AttemptSignals): Promise<AttemptMade> {
    const mode = deliveries.some(isSuspect) ? 'exclusive' : 'shared';
    const lock = await this.#parts.attemptLock.acquire(mode, signals.stop);
    if (lock === null) return { settled: this.giveBack(deliveries) };
    // The receiver may have asked another attempt to wait while this one waited for the lock.
    if (this.admission.allowed(this.#parts.clock.monotonic()) === 0) {
      return releasing(lock, { settled: this.giveBack(deliveries) });
    }
    try {
      const wanted = await this.#withoutLost(deliveries, signals);
      const recorded = (await Promise.all(wanted.map((one) => this.#record(one, signals)))).flat();
      if (recorded.length === 0) return releasing(lock, { settled: Promise.resolve() });
      return releasing(lock, await this.#attempt(recorded, signals));
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends a pause for a refused credential once the trigger has another one. */
  async lookForRenewal(): Promise<void> {
    if (!this.admission.isUnauthorized) return;
    try {
      const isRenewed = (await this.#trigger.isRenewed?.()) ?? false;
      if (isRenewed) this.admission.allowProbe(this.#parts.clock.monotonic());
    } catch (error) {
      const where = `trigger ${this.#settings.trigger}, looking for another credential`;
      this.#parts.observe({ kind: 'bug', where, error });
    }
  }

  /** Call when no delivery is due: a pause may end because of that. */
  noteIdle(): void {
    this.#report(this.admission.noteIdle(this.#parts.clock.monotonic()));
  }

  /** Returns claimed deliveries to waiting. If the store fails, the next start returns them. */
  async giveBack(deliveries: readonly Delivery[]): Promise<void> {
    const { clock, outbox } = this.#parts;
    const now = clock.now();
    const changes = deliveries.map(({ id, dueAt }) => {
      // It was due when it was claimed, but the clock may have been set back since.
      const next = { state: 'waiting', dead: null, dueAt: Math.min(dueAt, now) } as const;
      return outbox.change({ id, from: ['running'], next, now });
    });
    await Promise.allSettled(changes);
  }

  async #attempt(recorded: readonly Delivery[], signals: AttemptSignals): Promise<AttemptMade> {
    const { clock, observe, random } = this.#parts;
    for (const delivery of recorded) observe({ kind: 'attempt-started', delivery });
    const overtaking = recorded.map((delivery) => this.#overtaken(delivery));
    const began = clock.monotonic();
    this.#report(this.admission.begin(began));
    const outcomes = await this.#fire(recorded, signals.abandon);
    const durationMs = Math.round(clock.monotonic() - began);
    this.lastMs = durationMs;
    const changes = this.admission.note(outcomes, clock.monotonic());
    const settling = recorded.map(async (delivery, place) => {
      const outcome = outcomes[place] ?? bugOutcome('no outcome');
      observe({ kind: 'attempt-ended', delivery, outcome, durationMs });
      const at = { policy: this.#policy, now: clock.now(), random, ages: this.retryAge };
      const next = withOvertaken(nextState(delivery, outcome, at), await overtaking[place]);
      await this.#settle(delivery, { outcome, durationMs, next }, signals);
    });
    this.#report(changes);
    return { settled: Promise.all(settling).then(() => undefined) };
  }

  /** Observes the new state of a delivery whose attempt was running when its process died. */
  reportLost(delivery: Delivery): void {
    const outcome = delivery.attempts.at(-1)?.outcome;
    this.#observeMoved(delivery, outcome?.outcome === 'unknown' ? outcome.detail : '');
  }

  /** A claim may come long after the due time: after a suspension, a death or in a full lane. */
  async #withoutLost(
    deliveries: readonly Delivery[],
    signals: AttemptSignals,
  ): Promise<readonly Delivery[]> {
    if (this.#settings.onLostAnswer === 'atLeastOnce') return deliveries;
    const at = { ...this.#keyFacts, now: this.#parts.clock.now() };
    const lost = deliveries.filter((delivery) => mayDouble(delivery, at));
    await Promise.all(
      lost.map((delivery) => {
        const next = leftUnknown(delivery);
        const outcome = { outcome: 'unknown', reason: 'timeout', detail: next.why } as const;
        return this.#settle(delivery, { outcome, durationMs: 0, next }, signals);
      }),
    );
    return deliveries.filter((delivery) => !lost.includes(delivery));
  }

  /** The delivery with its recorded attempt; none if it was changed or the store failed. */
  async #record(delivery: Delivery, signals: AttemptSignals): Promise<readonly Delivery[]> {
    const { clock, incarnation, observe, outbox, random } = this.#parts;
    const { id, retriedAt } = delivery;
    // Not before a user's retry, even if the clock was set back since.
    const now = Math.max(clock.now(), retriedAt ?? 0);
    try {
      const recorded = await outbox.attempt({ id, incarnation, now });
      return recorded.done ? [recorded.delivery] : [];
    } catch (error) {
      if (hasCode(error, 'store-unusable')) throw error;
      const where = `recording an attempt of delivery ${id}`;
      if (!(error instanceof SluiceError)) observe({ kind: 'bug', where, error });
      // The other deliveries of its batch continue; this one returns to waiting without an attempt.
      const next = givenBack(delivery, { policy: this.#policy, now: clock.now(), random });
      const outcome = { outcome: 'retry', reason: 'unavailable', detail: next.why } as const;
      await this.#settle(delivery, { outcome, durationMs: 0, next }, signals);
      return [];
    }
  }

  /** Records the outcome of an attempt; retries while the store fails. */
  async #settle(before: Delivery, ended: Ended, signals: AttemptSignals): Promise<void> {
    const { clock, incarnation, observe, outbox, random } = this.#parts;
    const { why, ...next } = ended.next;
    for (let failures = 1; ; failures += 1) {
      try {
        const now = clock.now();
        const settled = await outbox.settle({ id: before.id, incarnation, ...ended, next, now });
        if (settled.done) this.#observeMoved(settled.delivery, why);
        return;
      } catch (error) {
        if (hasCode(error, 'store-unusable')) throw error;
        const where = `settling delivery ${before.id}`;
        if (!(error instanceof SluiceError)) observe({ kind: 'bug', where, error });
        const { abandon, leave } = signals;
        if (leave.aborted) return;
        // An abort ends the sleep, because it leaves only one more chance.
        const until = abandon.aborted ? leave : abandon;
        await clock
          .sleep(backoffMs(failures, SETTLE_BACKOFF, random), until)
          .catch(() => undefined);
      }
    }
  }

  /** The earlier delivery of the same object that waits for its retry; see `order`. */
  async #overtaken({ id, object, trigger }: Delivery): Promise<string | null> {
    if (this.#settings.order === 'none') return null;
    const states = ['waiting', 'running'] as const;
    const query = { states, trigger, object, order: 'oldest', limit: 1 } as const;
    // If the store fails, it is not reported; the attempt is made anyway.
    const [first] = await this.#parts.archive.list(query).catch(() => []);
    return first === undefined || first.id === id ? null : first.id;
  }

  #observeMoved(delivery: Delivery, why: string): void {
    const { state: to, dead } = delivery;
    const isTwice = to !== 'waiting' && isPossiblyTwice(delivery, this.#keyFacts);
    const twice = isTwice ? ({ possiblyTwice: true } as const) : {};
    const moved = { from: 'running', to, dead, why, ...twice } as const;
    this.#parts.observe({ kind: 'delivery-moved', delivery, ...moved });
  }

  get #keyFacts(): KeyFacts {
    return { keyLifeMs: this.#trigger.keyLifeMs, ages: this.retryAge };
  }

  /** Observes changes of the admission; deliveries do not age while their lane is paused. */
  #report(changes: readonly AdmissionChange[]): void {
    const { clock, observe } = this.#parts;
    const { trigger } = this.#settings;
    if (changes.length === 0) return;
    if (this.admission.state === 'admitting') this.retryAge.resume();
    else this.retryAge.pause();
    for (const change of changes) {
      if (change.kind === 'breaker') observe({ trigger, ...change });
      else observe({ trigger, ...change, until: clock.now() + change.retryMs });
    }
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
      return deliveries.map(() => bugOutcome(messageOf(error)));
    }
  }
}

/** Holds the lock until every outcome is recorded: an earlier death would count for others, too. */
function releasing(lock: Disposable, { settled }: AttemptMade): AttemptMade {
  return { settled: settled.finally(() => lock[Symbol.dispose]()) };
}

function withOvertaken(next: NextState, overtaken: string | null | undefined): NextState {
  if (overtaken === null || overtaken === undefined) return next;
  const overtook = `overtook ${overtaken}, which waits for its retry`;
  return { ...next, why: next.why === '' ? overtook : `${next.why}; ${overtook}` };
}

/** Outcome of a bug in the trigger: it may have started something before. */
function bugOutcome(detail: string): Outcome {
  return { outcome: 'unknown', reason: 'bug', detail };
}
