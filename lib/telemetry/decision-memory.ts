// What the last info line of each series said, for a bounded number of series: with it, a further
// state about which there is nothing new is a debug line. A forgotten series is printed again.

import type { DecisionObserved } from '../core/observation.ts';

// About 3 MB at the longest customary keys; a cluster of a thousand nodes seldom has more series at
// work within an hour.
const SERIES = 10_000;

/** What is new about a state of a series. */
export interface Novelty {
  readonly changed: boolean;
  /** Of a change: how many states since the last line had none. */
  readonly states: number;
}

interface Remembered {
  readonly said: string;
  states: number;
}

/**
 * The last line of each series. Two generations: once the newer one holds half of the limit it
 * becomes the older one, and what was in that and not seen since is forgotten. A map whose oldest
 * entry is taken out for every new one would cost more than all the rest of a decision's line.
 */
export class DecisionMemory {
  readonly #half: number;
  #newer = new Map<string, Remembered>();
  #older = new Map<string, Remembered>();

  constructor(limit: number = SERIES) {
    this.#half = Math.ceil(limit / 2);
  }

  /** How many series are remembered. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Compares a decision with the last line of its series, and remembers it as that line. */
  note(observed: DecisionObserved): Novelty {
    const key = keyOf(observed);
    const said = saidBy(observed);
    const last = this.#recall(key);
    if (last?.said === said) {
      last.states += 1;
      return { changed: false, states: 0 };
    }
    this.#newer.set(key, { said, states: 0 });
    if (this.#newer.size >= this.#half) this.#age();
    return { changed: true, states: last?.states ?? 0 };
  }

  #recall(key: string): Remembered | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older === undefined) return undefined;
    this.#older.delete(key);
    this.#newer.set(key, older);
    if (this.#newer.size >= this.#half) this.#age();
    return older;
  }

  #age(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}

function keyOf({ occurrence: { source, series } }: DecisionObserved): string {
  // No name holds a line break, and whoever forges one only hides their own lines.
  return `${source}\n${series.namespace}\n${series.name}\n${series.firstTime}`;
}

function saidBy({ decision, disposed }: DecisionObserved): string {
  const by = `${decision.action} ${decision.rule?.index ?? '-'}`;
  const dispositions = disposed.map(({ trigger, disposition }) => ` ${trigger}:${disposition}`);
  return by + dispositions.join('');
}
