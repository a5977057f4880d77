// Admission of a lane: how many attempts may run now, and if none, why and until when. It owns that
// state for every reason: a failing receiver (circuit breaker), a rate limit, a refused credential.
// After a pause one attempt tests the receiver. Pure except for jitter: it sets no timer and
// observes nothing; times are passed in (monotonic, ms).
// Source: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker.

import type { Random } from '../core/clock.ts';
import { type Outcome, type PauseReason, pauseReasonOf } from '../core/delivery.ts';
import type { BreakerState, DeliveryObserved, PauseState } from '../core/observation.ts';
import { backoffMs } from '../kit/async/backoff.ts';

/** A change to be observed; the caller adds the trigger and the wall clock. */
export type AdmissionChange =
  | Omit<Extract<DeliveryObserved, { kind: 'breaker' }>, 'trigger'>
  | Omit<Extract<DeliveryObserved, { kind: 'pause' }>, 'trigger' | 'until'>;

/** `admitting`: attempts run; `paused`: none; `trying`: one attempt tests the receiver. */
type AdmissionState = 'admitting' | 'paused' | 'trying';

type Reason = PauseReason | 'breaker';

interface AdmissionStatus {
  readonly state: AdmissionState;
  /** Null while it admits. */
  readonly reason: Reason | null;
  /** When one attempt may test the receiver. */
  readonly until: number;
}

interface PauseCause {
  readonly reason: Reason;
  readonly why: string;
  /** The wait that the receiver asked for; null: longer each time. */
  readonly askedMs: number | null;
}

/** The first pause covers a restart of a service; the longest keeps recovery within a minute. */
const PAUSE = { firstMs: 5_000, maxMs: 60_000 };

const ADMITTING: AdmissionStatus = { state: 'admitting', reason: null, until: 0 };

/** Decides how many attempts of one lane may run. */
export class Admission {
  readonly #random: Random;
  readonly #concurrency: number;
  readonly #breaker = new Breaker();
  #current = ADMITTING;
  /** Pauses in a row for which the receiver gave no time. */
  #pauses = 0;
  /**
   * The most attempts at once after a receiver asked to wait: one more for each success, which
   * doubles them in each round. So a few rounds find a rate that it accepts. A rate that is still
   * too high costs no more refused requests than were just accepted (slow start, RFC 5681 §3.1).
   */
  #window = Number.POSITIVE_INFINITY;

  constructor(concurrency: number, random: Random) {
    this.#concurrency = concurrency;
    this.#random = random;
  }

  /** Whether attempts run, none, or one to test the receiver. */
  get state(): AdmissionState {
    return this.#current.state;
  }

  /** Whether the full concurrency is allowed. */
  get isUnlimited(): boolean {
    return this.state === 'admitting' && this.#window >= this.#concurrency;
  }

  /** Whether it is paused because the receiver does not accept the credential. */
  get isUnauthorized(): boolean {
    return this.state === 'paused' && this.#current.reason === 'unauthorized';
  }

  allowed(now: number): number {
    const { state, until } = this.#current;
    if (state === 'admitting') return Math.min(this.#window, this.#concurrency);
    return state === 'trying' || now >= until ? 1 : 0;
  }

  /** Time until an attempt is allowed, in ms; 0 if one is allowed now. */
  waitMs(now: number): number {
    return this.state === 'paused' ? Math.max(0, this.#current.until - now) : 0;
  }

  /** Allows one attempt to test the receiver now: a user asked, or the credential was renewed. */
  allowProbe(now: number): void {
    this.#current = { ...this.#current, until: Math.min(this.#current.until, now) };
  }

  /**
   * Call when no delivery is due. A wait that the receiver asked for then ends with its time,
   * without a test; the next attempt still runs alone.
   */
  noteIdle(now: number): readonly AdmissionChange[] {
    const { state, reason, until } = this.#current;
    if (state !== 'paused' || reason !== 'throttled' || now < until) return [];
    this.#window = 1;
    return this.#move(ADMITTING, { why: 'the wait is over and no delivery is due', retryMs: 0 });
  }

  /** Call when an attempt begins; the first one after a pause tests the receiver. */
  begin(now: number): readonly AdmissionChange[] {
    const { state, reason, until } = this.#current;
    if (state !== 'paused' || now < until) return [];
    const said = { why: 'one attempt tests the receiver', retryMs: 0 };
    return this.#move({ state: 'trying', reason, until }, said);
  }

  /** Updates the state by the outcomes of one attempt. */
  note(outcomes: readonly Outcome[], now: number): readonly AdmissionChange[] {
    const asked = causeOf(outcomes);
    // An attempt from before the pause says nothing new, unless it asks for a longer wait.
    if (this.state === 'paused') {
      const isLonger = asked !== null && now + (asked.askedMs ?? 0) > this.#current.until;
      return isLonger ? this.#pause(asked, now) : [];
    }
    if (asked !== null) return this.#pause(asked, now);
    const strongest = strongestSign(outcomes);
    if (strongest === undefined) return [];
    return this.state === 'trying'
      ? this.#noteTried(strongest, now)
      : this.#noteAdmitted(strongest, now);
  }

  #noteAdmitted(outcome: Outcome, now: number): readonly AdmissionChange[] {
    const failed = this.#breaker.note(outcome);
    if (failed !== null) return this.#pause(breakerCause(failed, outcome), now);
    if (signOf(outcome) === 'well') this.#grow();
    return [];
  }

  #noteTried(outcome: Outcome, now: number): readonly AdmissionChange[] {
    const isWell = signOf(outcome) === 'well';
    if (!isWell) return this.#pause(breakerCause('the test attempt failed', outcome), now);
    this.#breaker.reset();
    // Only after a rate limit the number of attempts grows slowly.
    if (this.#current.reason === 'throttled') this.#window = 1;
    this.#grow();
    return this.#move(ADMITTING, { why: 'an attempt succeeded', retryMs: 0 });
  }

  #grow(): void {
    this.#window += 1;
    if (this.#window < this.#concurrency) return;
    this.#window = Number.POSITIVE_INFINITY;
    this.#pauses = 0;
  }

  #pause(cause: PauseCause, now: number): readonly AdmissionChange[] {
    const { reason, why, askedMs } = cause;
    if (askedMs === null) this.#pauses += 1;
    const retryMs = Math.round(askedMs ?? backoffMs(this.#pauses, PAUSE, this.#random));
    return this.#move({ state: 'paused', reason, until: now + retryMs }, { why, retryMs });
  }

  #move(
    next: AdmissionStatus,
    said: Pick<AdmissionChange, 'why' | 'retryMs'>,
  ): readonly AdmissionChange[] {
    const before = this.#current;
    this.#current = next;
    if (next.reason === before.reason) return changeOf(next, before, said);
    // One reason ends before another one begins.
    const ended = changeOf(ADMITTING, before, { ...said, retryMs: 0 });
    return [...ended, ...changeOf(next, ADMITTING, said)];
  }
}

/** The change between two states of one reason; none if neither has a reason. */
function changeOf(
  next: AdmissionStatus,
  before: AdmissionStatus,
  said: Pick<AdmissionChange, 'why' | 'retryMs'>,
): readonly AdmissionChange[] {
  const reason = next.reason ?? before.reason;
  if (reason === null) return [];
  const from = OBSERVED_STATES[before.state].breaker;
  const { breaker: to, pause: state } = OBSERVED_STATES[next.state];
  if (reason === 'breaker') return [{ kind: 'breaker', from, to, ...said }];
  return [{ kind: 'pause', reason, state, ...said }];
}

const OBSERVED_STATES = {
  admitting: { breaker: 'closed', pause: 'over' },
  paused: { breaker: 'open', pause: 'paused' },
  trying: { breaker: 'half-open', pause: 'trying' },
} as const satisfies Record<AdmissionState, { breaker: BreakerState; pause: PauseState }>;

function breakerCause(failed: string, outcome: Outcome): PauseCause {
  return { reason: 'breaker', why: `${failed}: ${detailOf(outcome)}`, askedMs: null };
}

/** The cause for a pause in these outcomes, null if none asks for one. The longest wait counts. */
function causeOf(outcomes: readonly Outcome[]): PauseCause | null {
  const throttled = outcomes
    .filter((outcome) => pauseReasonOf(outcome) === 'throttled')
    .toSorted((a, b) => (b.pauseMs ?? 0) - (a.pauseMs ?? 0))[0];
  if (throttled !== undefined) {
    const why = `the receiver asked to wait: ${detailOf(throttled)}`;
    return { reason: 'throttled', why, askedMs: throttled.pauseMs || null };
  }
  const refused = outcomes.find((outcome) => pauseReasonOf(outcome) === 'unauthorized');
  if (refused === undefined) return null;
  const why = `the receiver does not accept the credential: ${detailOf(refused)}`;
  return { reason: 'unauthorized', why, askedMs: null };
}

function detailOf(outcome: Outcome): string {
  return 'detail' in outcome ? outcome.detail : 'delivered, and no further request is allowed now';
}

/** A refused connection is cheap and clear: this many in a row are no accident. */
const UNREACHABLE_IN_A_ROW = 5;
/** Enough attempts that one bad minute of a busy receiver is no outage. */
const WINDOW = 20;
const FAILED_OF_WINDOW = 10;

/** State of the receiver as an attempt shows it; `nothing` if the receiver was not asked. */
type ReceiverSign = 'well' | 'unreachable' | 'failing' | 'nothing';

/** Circuit breaker: decides from outcomes whether a receiver fails, not for how long to pause. */
export class Breaker {
  #unreachable = 0;
  readonly #window: ReceiverSign[] = [];

  /** Counts an outcome; returns why the breaker should open, null if it should not. */
  note(outcome: Outcome): string | null {
    const sign = signOf(outcome);
    this.#unreachable = sign === 'unreachable' ? this.#unreachable + 1 : 0;
    this.#window.push(sign);
    if (this.#window.length > WINDOW) this.#window.shift();
    if (this.#unreachable >= UNREACHABLE_IN_A_ROW) {
      return `${this.#unreachable} attempts in a row did not reach it`;
    }
    if (this.#window.length < WINDOW || this.#failed < FAILED_OF_WINDOW) return null;
    return `${this.#failed} of the last ${this.#window.length} attempts failed`;
  }

  /** Forgets earlier outcomes: the receiver works again. */
  reset(): void {
    this.#unreachable = 0;
    this.#window.length = 0;
  }

  get #failed(): number {
    return this.#window.filter((one) => one !== 'well').length;
  }
}

/** A receiver that refuses a delivery or asks to wait works. */
function signOf(outcome: Outcome): ReceiverSign {
  switch (outcome.outcome) {
    case 'delivered':
      return 'well';
    case 'refused':
      return outcome.reason === 'not-renderable' ? 'nothing' : 'well';
    case 'retry':
      if (outcome.reason === 'unreachable') return 'unreachable';
      if (outcome.reason === 'secret-missing' || outcome.reason === 'not-sent') return 'nothing';
      return outcome.reason === 'unavailable' ? 'failing' : 'well';
    case 'unknown':
      if (outcome.reason === 'conflict') return 'well';
      return outcome.reason === 'stopped' || outcome.reason === 'bug' ? 'nothing' : 'failing';
  }
}

/** One request has one receiver: a failure says most, whatever was settled without the receiver. */
const BY_STRENGTH = ['unreachable', 'failing', 'well'] as const satisfies readonly ReceiverSign[];

/** The outcome of an attempt that says most about the receiver; undefined if none does. */
export function strongestSign(outcomes: readonly Outcome[]): Outcome | undefined {
  const strongest = BY_STRENGTH.find((sign) => outcomes.some((one) => signOf(one) === sign));
  return outcomes.find((outcome) => signOf(outcome) === strongest);
}
