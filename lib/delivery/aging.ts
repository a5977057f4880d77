// How old things are for one lane: a delivery, which does not age while it can not be attempted (its
// lane is paused, no gateway runs, the clock leaps forward), and a lost answer, which ages for its
// receiver whatever happens here. Survives the process as one small value; a store that does not
// take it costs nobody an attempt.

import type { Clock } from '../core/clock.ts';
import type { Keep } from '../core/store.ts';
import { jsonOrNothing } from '../kit/json.ts';
import { type Pause, Pauses, type Span } from './pauses.ts';

/** What the ages of one lane are kept with. */
export interface AgingParts {
  readonly clock: Clock;
  readonly keep: Keep;
  /** Spans in which no gateway worked. */
  readonly without: readonly Span[];
}

/** The clock was set back: what was recorded until a moment may be older than it looks. */
interface SetBack {
  readonly until: number;
  readonly byMs: number;
}

/** Each is an administrator's or a machine's mistake: more of them are not worth remembering. */
const SET_BACKS_KEPT = 16;

/** Follows what stops deliveries of one trigger from aging. */
export class Aging {
  readonly #name: string;
  readonly #parts: AgingParts;
  readonly #pauses = new Pauses();
  #setBacks: readonly SetBack[] = [];
  #restored: Promise<void> | null = null;
  #saved: Promise<void> = Promise.resolve();

  constructor(trigger: string, parts: AgingParts) {
    this.#name = `pauses/${trigger}`;
    this.#parts = parts;
  }

  /** Settles when everything that happened so far is kept, or was refused. */
  get saved(): Promise<void> {
    return this.#saved;
  }

  /** Takes up what an earlier process kept, once, before anything is asked. */
  restore(): Promise<void> {
    this.#restored ??= this.#restore();
    return this.#restored;
  }

  /** Nothing is let through from now on. */
  pause(): void {
    this.#pauses.begin(this.#parts.clock.now());
    this.#save();
  }

  /** Attempts are made again. */
  resume(): void {
    this.#pauses.end(this.#parts.clock.now());
    this.#save();
  }

  /** The clock that is handed in was just moved by so much. */
  jumped(byMs: number): void {
    const now = this.#parts.clock.now();
    if (byMs > 0) this.#pauses.add({ from: now - byMs, to: now });
    else {
      this.#pauses.setBack(-byMs);
      const setBack = { until: now - byMs, byMs: -byMs };
      this.#setBacks = [...this.#setBacks, setBack].slice(-SET_BACKS_KEPT);
    }
    this.#save();
  }

  /** For how long a delivery has been tried, in ms; never more than it was. */
  ageMs(first: number, now: number): number {
    return now - first - this.#pauses.within(first, now);
  }

  /** How long ago a moment was, in ms: never less than it was, and endlessly where nobody can say. */
  sinceMs(moment: number, now: number): number {
    const missed = this.#setBacks.filter(({ until }) => moment <= until);
    const sum = missed.reduce((total, { byMs }) => total + byMs, now - moment);
    // Still less than the life of a key that never ends.
    return sum < 0 ? Number.MAX_VALUE : sum;
  }

  async #restore(): Promise<void> {
    const { clock, keep, without } = this.#parts;
    const kept = parsed(await keep.read(this.#name));
    // What lasted when the process ended lasted until now: nothing was attempted since.
    for (const span of kept.pauses) this.#pauses.add({ ...span, to: span.to ?? clock.now() });
    for (const span of without) this.#pauses.add(span);
    this.#setBacks = [...kept.setBacks, ...this.#setBacks].slice(-SET_BACKS_KEPT);
  }

  #save(): void {
    const write = async (): Promise<void> => {
      // Never over what an earlier process kept.
      await this.restore();
      await this.#parts.keep.write(this.#name, this.#text());
    };
    // An older value makes some deliveries expire sooner after the next start, and nothing else.
    this.#saved = this.#saved.then(write).catch(() => undefined);
  }

  #text(): string {
    const pauses = this.#pauses.spans.map(({ from, to }) => [from, to]);
    const setBacks = this.#setBacks.map(({ until, byMs }) => [until, byMs]);
    return JSON.stringify({ pauses, setBacks });
  }
}

interface KeptAging {
  readonly pauses: readonly Pause[];
  readonly setBacks: readonly SetBack[];
}

/** What was kept; whatever is not as it is written here counts for nothing. */
function parsed(text: string | null): KeptAging {
  const kept = jsonOrNothing(text);
  return {
    pauses: pairsOf(kept, 'pauses').map(([from, to]) => ({ from, to })),
    setBacks: pairsOf(kept, 'setBacks').map(([until, byMs]) => ({ until, byMs: byMs ?? 0 })),
  };
}

type Pair = readonly [number, number | null];

function pairsOf(kept: unknown, name: string): readonly Pair[] {
  if (typeof kept !== 'object' || kept === null) return [];
  const value: unknown = Object.entries(kept).find(([key]) => key === name)?.[1];
  return Array.isArray(value) ? value.filter(isPair) : [];
}

function isPair(value: unknown): value is Pair {
  if (!Array.isArray(value)) return false;
  const pair: readonly unknown[] = value;
  return typeof pair[0] === 'number' && (typeof pair[1] === 'number' || pair[1] === null);
}
