// A circuit breaker: whether a lane may attempt anything, by what its last attempts came to. A
// receiver that can not be reached, or fails most of the time, is left alone for a while and then
// tried with one attempt, so that neither it nor its backlog is worn out. Pure but for chance: it
// sets no timer and observes nothing; time is handed in.
// Source: the pattern of https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker.
import type { Random } from '../core/clock.ts';
import type { BreakerState } from '../core/observation.ts';
import type { Outcome } from '../core/outcome.ts';
import { backoffMs } from '../kit/backoff.ts';

/** A change of state, for who tells it. */
export interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly why: string;
  /** How long until an attempt is let through, in ms; 0 once one is. */
  readonly retryMs: number;
}

// A refused connection costs nothing and says everything: a few in a row are no accident.
const UNREACHABLE_IN_A_ROW = 5;
// Enough attempts that one bad minute of a busy receiver is not taken for an outage.
const WINDOW = 20;
const FAILED_OF_WINDOW = 10;
// The first pause is about a restart of a small service; the last keeps recovery within a minute.
const PAUSE = { firstMs: 5_000, maxMs: 60_000 };

/** What an attempt says about its receiver: nothing where it was not asked. */
type Sign = 'well' | 'unreachable' | 'failing' | 'nothing';

/** Lets attempts through or not. Times are monotonic, in ms. */
export class Breaker {
  readonly #random: Random;
  #state: BreakerState = 'closed';
  #openUntil = 0;
  #openings = 0;
  #unreachable = 0;
  readonly #window: Sign[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether it lets through all, none, or one to try. */
  get state(): BreakerState {
    return this.#state;
  }

  /** How many attempts may run at once now, of `all`. */
  allowed(all: number, now: number): number {
    if (this.#state === 'closed') return all;
    return now >= this.#openUntil ? 1 : 0;
  }

  /** How long until an attempt is let through, in ms; 0 where one is. */
  waitMs(now: number): number {
    return this.#state === 'closed' ? 0 : Math.max(0, this.#openUntil - now);
  }

  /** A person asks: the pause is over, and one attempt is let through to see. */
  askedFor(now: number): void {
    this.#openUntil = Math.min(this.#openUntil, now);
  }

  /** An attempt begins; the first after a pause is the one to try. */
  begin(now: number): BreakerChange | null {
    if (this.#state !== 'open' || now < this.#openUntil) return null;
    this.#state = 'half-open';
    return { from: 'open', to: 'half-open', why: 'one attempt is made to see', retryMs: 0 };
  }

  /** Takes note of what an attempt came to, for each of its deliveries. */
  note(outcomes: readonly Outcome[], now: number): BreakerChange | null {
    const outcome = mostTelling(outcomes);
    if (outcome === undefined) return null;
    const sign = signOf(outcome);
    if (this.#state === 'closed') return this.#weigh(sign) ? this.#open(outcome, now) : null;
    // What was begun before it opened says nothing new.
    if (this.#state === 'open') return null;
    return sign === 'well' ? this.#close() : this.#open(outcome, now);
  }

  /** Whether it has been enough. */
  #weigh(sign: Sign): boolean {
    this.#unreachable = sign === 'unreachable' ? this.#unreachable + 1 : 0;
    this.#window.push(sign);
    if (this.#window.length > WINDOW) this.#window.shift();
    if (this.#unreachable >= UNREACHABLE_IN_A_ROW) return true;
    return this.#window.length === WINDOW && this.#failed >= FAILED_OF_WINDOW;
  }

  get #failed(): number {
    return this.#window.filter((one) => one !== 'well').length;
  }

  #open(outcome: Outcome, now: number): BreakerChange {
    const from = this.#state;
    const why = from === 'half-open' ? 'the attempt to see failed' : this.#rate();
    this.#state = 'open';
    this.#openings += 1;
    const retryMs = Math.round(backoffMs(this.#openings, PAUSE, this.#random));
    this.#openUntil = now + retryMs;
    return { from, to: 'open', why: `${why}: ${detailOf(outcome)}`, retryMs };
  }

  #rate(): string {
    if (this.#unreachable < UNREACHABLE_IN_A_ROW) {
      return `${this.#failed} of the last ${this.#window.length} attempts failed`;
    }
    return `${this.#unreachable} attempts in a row did not reach it`;
  }

  #close(): BreakerChange {
    this.#state = 'closed';
    this.#openings = 0;
    this.#unreachable = 0;
    this.#window.length = 0;
    return { from: 'half-open', to: 'closed', why: 'an attempt came through', retryMs: 0 };
  }
}

/** An answer that is about the delivery, or asks to wait, comes from a receiver that is well. */
function signOf(outcome: Outcome): Sign {
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
const TELLING = ['unreachable', 'failing', 'well'] as const satisfies readonly Sign[];

function mostTelling(outcomes: readonly Outcome[]): Outcome | undefined {
  for (const sign of TELLING) {
    const found = outcomes.find((outcome) => signOf(outcome) === sign);
    if (found !== undefined) return found;
  }
  return undefined;
}

function detailOf(outcome: Outcome): string {
  return 'detail' in outcome ? outcome.detail : '';
}
