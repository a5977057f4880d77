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

/** The last line of each series, the least recently seen forgotten first. */
export class DecisionMemory {
  readonly #limit: number;
  readonly #series = new Map<string, Remembered>();

  constructor(limit: number = SERIES) {
    this.#limit = limit;
  }

  /** How many series are remembered. */
  get size(): number {
    return this.#series.size;
  }

  /** Compares a decision with the last line of its series, and remembers it as that line. */
  note(observed: DecisionObserved): Novelty {
    const key = keyOf(observed);
    const said = saidBy(observed);
    const last = this.#series.get(key);
    this.#series.delete(key);
    if (last?.said === said) {
      last.states += 1;
      this.#series.set(key, last);
      return { changed: false, states: 0 };
    }
    this.#series.set(key, { said, states: 0 });
    this.#forget();
    return { changed: true, states: last?.states ?? 0 };
  }

  #forget(): void {
    if (this.#series.size <= this.#limit) return;
    const [oldest] = this.#series.keys();
    if (oldest !== undefined) this.#series.delete(oldest);
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
