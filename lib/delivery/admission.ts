// Whether a lane may attempt anything now, how much at once, and if not, why and until when. This is
// the one owner of that state, whatever the reason: a receiver that fails (breaker.ts), one that asked
// to wait, one that does not accept our credential. After a pause one attempt is made to see.
// Pure but for chance: it sets no timer and observes nothing; time is handed in (monotonic, ms).

import type { Random } from '../core/clock.ts';
import { type Outcome, type PauseReason, pauseReasonOf } from '../core/delivery.ts';
import type { BreakerState, DeliveryObserved, PauseState } from '../core/observation.ts';
import { backoffMs } from '../kit/async/backoff.ts';

type ReceiverObservation<K extends DeliveryObserved['kind']> = Extract<
  DeliveryObserved,
  { kind: K }
>;

/** A change, as it is reported; the trigger and the wall clock are the caller's to add. */
export type AdmissionChange =
  | Omit<ReceiverObservation<'breaker'>, 'trigger'>
  | Omit<ReceiverObservation<'pause'>, 'trigger' | 'until'>;

/** Whether attempts are let through: as many as may be, none, or one to see. */
type AdmissionState = 'admitting' | 'paused' | 'trying';

/** Why not. */
type Reason = PauseReason | 'breaker';

interface AdmissionStatus {
  readonly state: AdmissionState;
  /** Null while it admits. */
  readonly reason: Reason | null;
  /** When one attempt is let through to see. */
  readonly until: number;
}

/** What a pause is for. */
interface PauseCause {
  readonly reason: Reason;
  readonly why: string;
  /** What the receiver asked for; null: longer each time. */
  readonly askedMs: number | null;
}

// The first pause is about a restart of a small service; the last keeps recovery within a minute.
const PAUSE = { firstMs: 5_000, maxMs: 60_000 };

const ADMITTING: AdmissionStatus = { state: 'admitting', reason: null, until: 0 };

/** Lets attempts of one lane through or not. */
export class Admission {
  readonly #random: Random;
  readonly #concurrency: number;
  readonly #breaker = new Breaker();
  #current = ADMITTING;
  /** Pauses in a row that no receiver measured out. */
  #pauses = 0;
  /**
   * How many attempts may run at once after a receiver asked to wait: one more for each that it takes,
   * which doubles them in each round. So a rate that it can bear is found in a few rounds, and one that
   * is still too much costs no more refused requests than were just taken (slow start, RFC 5681 §3.1).
   */
  #window = Number.POSITIVE_INFINITY;

  constructor(concurrency: number, random: Random) {
    this.#concurrency = concurrency;
    this.#random = random;
  }

  /** Whether it lets through as many as may be, none, or one to see. */
  get state(): AdmissionState {
    return this.#current.state;
  }

  /** Whether as many attempts may run at once as ever. */
  get isUnlimited(): boolean {
    return this.state === 'admitting' && this.#window >= this.#concurrency;
  }

  /** Whether nothing is attempted because the receiver does not accept our credential. */
  get isUnauthorized(): boolean {
    return this.state === 'paused' && this.#current.reason === 'unauthorized';
  }

  /** How many attempts may run at once now. */
  allowed(now: number): number {
    const { state, until } = this.#current;
    if (state === 'admitting') return Math.min(this.#window, this.#concurrency);
    return state === 'trying' || now >= until ? 1 : 0;
  }

  /** How long until an attempt is let through, in ms; 0 when one is. */
  waitMs(now: number): number {
    return this.state === 'paused' ? Math.max(0, this.#current.until - now) : 0;
  }

  /** A person asks, or the credentials are others now: one attempt is let through to see. */
  allowProbe(now: number): void {
    const { until } = this.#current;
    this.#current = { ...this.#current, until: Math.min(until, now) };
  }

  /**
   * Nothing is due. A wait that a receiver asked for ends with its time then, and needs no attempt to
   * see; the next attempt is alone all the same.
   */
  noteIdle(now: number): readonly AdmissionChange[] {
    const { state, reason, until } = this.#current;
    if (state !== 'paused' || reason !== 'throttled' || now < until) return [];
    this.#window = 1;
    return this.#move(ADMITTING, { why: 'its time is over, and nothing is due', retryMs: 0 });
  }

  /** An attempt begins; the first after a pause is the one to see. */
  begin(now: number): readonly AdmissionChange[] {
    const { state, reason, until } = this.#current;
    if (state !== 'paused' || now < until) return [];
    return this.#move({ state: 'trying', reason, until }, { why: PROBING, retryMs: 0 });
  }

  /** Takes note of what an attempt came to, for each of its deliveries. */
  note(outcomes: readonly Outcome[], now: number): readonly AdmissionChange[] {
    const asked = causeOf(outcomes);
    // What was begun before a pause says nothing new, unless it asks for more.
    if (this.state === 'paused') return asked === null ? [] : this.#extend(asked, now);
    if (asked !== null) return this.#pause(asked, now);
    const telling = strongestSign(outcomes);
    if (telling === undefined) return [];
    return this.state === 'trying'
      ? this.#noteTried(telling, now)
      : this.#noteAdmitted(telling, now);
  }

  #noteAdmitted(outcome: Outcome, now: number): readonly AdmissionChange[] {
    const failed = this.#breaker.note(outcome);
    if (failed !== null) return this.#pause(breakerCause(failed, outcome), now);
    if (signOf(outcome) === 'well') this.#grow();
    return [];
  }

  #noteTried(outcome: Outcome, now: number): readonly AdmissionChange[] {
    const isWell = signOf(outcome) === 'well';
    if (!isWell) return this.#pause(breakerCause('the attempt to see failed', outcome), now);
    this.#breaker.reset();
    // Only a limit on requests is a reason to go on slowly.
    if (this.#current.reason === 'throttled') this.#window = 1;
    this.#grow();
    return this.#move(ADMITTING, { why: 'an attempt came through', retryMs: 0 });
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

  #extend(cause: PauseCause, now: number): readonly AdmissionChange[] {
    const askedMs = cause.askedMs ?? 0;
    return now + askedMs <= this.#current.until ? [] : this.#pause(cause, now);
  }

  #move(
    next: AdmissionStatus,
    said: Pick<AdmissionChange, 'why' | 'retryMs'>,
  ): readonly AdmissionChange[] {
    const before = this.#current;
    this.#current = next;
    const began = changeOf(next, next.reason === before.reason ? before : ADMITTING, said);
    // One reason ends before another begins.
    const ended =
      next.reason === before.reason ? [] : changeOf(ADMITTING, before, { ...said, retryMs: 0 });
    return [...ended, ...began];
  }
}

const PROBING = 'one attempt is made to see';

/** The change between two states of one reason; none when neither has a reason. */
function changeOf(
  next: AdmissionStatus,
  before: AdmissionStatus,
  said: Pick<AdmissionChange, 'why' | 'retryMs'>,
): readonly AdmissionChange[] {
  const reason = next.reason ?? before.reason;
  if (reason === null) return [];
  if (reason === 'breaker') {
    const [from, to] = [BREAKER_STATES[before.state], BREAKER_STATES[next.state]];
    return [{ kind: 'breaker', from, to, ...said }];
  }
  return [{ kind: 'pause', reason, state: PAUSE_STATES[next.state], ...said }];
}

const BREAKER_STATES = {
  admitting: 'closed',
  paused: 'open',
  trying: 'half-open',
} as const satisfies Record<AdmissionState, BreakerState>;

const PAUSE_STATES = {
  admitting: 'over',
  paused: 'paused',
  trying: 'trying',
} as const satisfies Record<AdmissionState, PauseState>;

function breakerCause(failed: string, outcome: Outcome): PauseCause {
  return { reason: 'breaker', why: `${failed}: ${detailOf(outcome)}`, askedMs: null };
}

/** Why outcomes ask for a pause; null when none does. The longest wait counts. */
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
  const why = `the receiver does not accept our credential: ${detailOf(refused)}`;
  return { reason: 'unauthorized', why, askedMs: null };
}

function detailOf(outcome: Outcome): string {
  return 'detail' in outcome ? outcome.detail : 'delivered, and no further request is allowed now';
}

// A circuit breaker's judgement: what outcomes say about the receiver, and whether enough of them
// failed that it should be left alone. What follows from that, and for how long, is admission.ts.
// Source: the pattern of https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker.

// A refused connection costs nothing and says everything: a few in a row are no accident.
const UNREACHABLE_IN_A_ROW = 5;
// Enough attempts that one bad minute of a busy receiver is not taken for an outage.
const WINDOW = 20;
const FAILED_OF_WINDOW = 10;

/** What an attempt says about its receiver; `nothing` when the receiver was not asked. */
type ReceiverSign = 'well' | 'unreachable' | 'failing' | 'nothing';

/** Weighs the outcomes of one trigger. */
export class Breaker {
  #unreachable = 0;
  readonly #window: ReceiverSign[] = [];

  /** Takes note of an outcome; answers why the receiver should be left alone, null when it need not. */
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

  /** The receiver is well again: what was before counts no more. */
  reset(): void {
    this.#unreachable = 0;
    this.#window.length = 0;
  }

  get #failed(): number {
    return this.#window.filter((one) => one !== 'well').length;
  }
}

/** An answer that is about the delivery, or asks to wait, comes from a receiver that is well. */
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

// One request has one receiver: what failed tells of it, whatever else was settled without it.
const BY_STRENGTH = ['unreachable', 'failing', 'well'] as const satisfies readonly ReceiverSign[];

/** The outcome of one attempt that says most about the receiver; undefined when none says anything. */
export function strongestSign(outcomes: readonly Outcome[]): Outcome | undefined {
  for (const sign of BY_STRENGTH) {
    const found = outcomes.find((outcome) => signOf(outcome) === sign);
    if (found !== undefined) return found;
  }
  return undefined;
}
