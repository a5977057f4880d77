// Counts of what was explained, for the line at the end.

import type { ExplainedEvent } from '../../assembly/explain-event.ts';
import { printable } from '../../kit/printable.ts';
import { counted, ruleLabel } from '../../telemetry/token.ts';
import type { Read } from './input.ts';

/** How the summary and `--rule` call the rejection of an Event that no rule matches. */
export const DEFAULT_RULE = 'default';

/** Counts Events by what was decided. */
export class ExplanationSummary {
  readonly #byRule = { accept: new Map<string, number>(), reject: new Map<string, number>() };
  readonly #guarded = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  #judged = 0;
  #unread = 0;
  #shown = 0;

  /** How many Events were explained, shown or not. */
  get judged(): number {
    return this.#judged;
  }

  /** Counts an explained Event. */
  add({ explanation, facts }: ExplainedEvent, { isShown }: { readonly isShown: boolean }): void {
    const { action, rule } = explanation.decision;
    this.#judged += 1;
    if (isShown) this.#shown += 1;
    if (facts.readBy.length === 0) this.#unread += 1;
    increase(this.#byRule[action], rule === null ? DEFAULT_RULE : ruleLabel(rule));
    if (facts.guard !== null) increase(this.#guarded, facts.guard.disposition);
  }

  /** Counts a line of a watch that holds no Event to explain. */
  skip({ what }: Extract<Read, { readonly kind: 'skipped' }>): void {
    increase(this.#skipped, what);
  }

  /** The summary; null if what was shown says it all. */
  render(): string | null {
    const skipped = listed(this.#skipped);
    const isPlain = this.#judged === this.#shown && skipped === '';
    if (isPlain && this.#judged < 2) return null;
    const { accept, reject } = this.#byRule;
    const parts = [
      `${counted(this.#judged, 'Event')}: ${sum(accept)} accepted${within(accept)}`,
      `${sum(reject)} rejected${within(reject)}`,
      ...(this.#guarded.size === 0 ? [] : [`stopped by a guard: ${listed(this.#guarded)}`]),
      ...(this.#unread === 0 ? [] : [`read by no source: ${this.#unread}`]),
      ...(this.#shown === this.#judged ? [] : [`shown: ${this.#shown}`]),
      ...(skipped === '' ? [] : [`skipped: ${skipped}`]),
    ];
    return `${parts.join('; ')}\n`;
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}

function within(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? '' : ` (${listed(counts)})`;
}

function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.map(([name, number]) => `${number} ${printable(name)}`).join(', ');
}
