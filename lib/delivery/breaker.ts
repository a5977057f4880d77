// A circuit breaker's judgement: what outcomes say about the receiver, and whether enough of them
// failed that it should be left alone. What follows from that, and for how long, is admission.ts.
// Source: the pattern of https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker.

import type { Outcome } from '../core/outcome.ts';

// A refused connection costs nothing and says everything: a few in a row are no accident.
const UNREACHABLE_IN_A_ROW = 5;
// Enough attempts that one bad minute of a busy receiver is not taken for an outage.
const WINDOW = 20;
const FAILED_OF_WINDOW = 10;

/** What an attempt says about its receiver; `nothing` when the receiver was not asked. */
export type Sign = 'well' | 'unreachable' | 'failing' | 'nothing';

/** Weighs the outcomes of one trigger. */
export class Breaker {
  #unreachable = 0;
  readonly #window: Sign[] = [];

  /** Takes note of an outcome; answers why the receiver should be left alone, null when it need not. */
  weigh(outcome: Outcome): string | null {
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
export function signOf(outcome: Outcome): Sign {
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

/** The outcome of one attempt that says most about the receiver; undefined when none says anything. */
export function mostTelling(outcomes: readonly Outcome[]): Outcome | undefined {
  for (const sign of TELLING) {
    const found = outcomes.find((outcome) => signOf(outcome) === sign);
    if (found !== undefined) return found;
  }
  return undefined;
}
