// How old things are for one lane: a delivery, which does not age while it can not be attempted (its
// lane is paused, no gateway runs, the clock leaps forward), and a lost answer, which ages for its
// receiver whatever happens here. Survives the process as one small value; a store that does not
// take it costs nobody an attempt.

import type { Clock } from '../core/clock.ts';
import type { KeyValues } from '../core/store.ts';
import { jsonOrNothing } from '../kit/data/json.ts';

/** What the ages of one lane are kept with. */
interface RetryAgeParts {
  readonly clock: Clock;
  readonly keep: KeyValues;
  /** Spans in which no gateway worked. */
  readonly downtimes: readonly PauseSpan[];
}

/** The clock was set back: what was recorded until a moment may be older than it looks. */
interface SetBack {
  readonly until: number;
  readonly byMs: number;
}

/** Each is an administrator's or a machine's mistake: more of them are not worth remembering. */
const SET_BACKS_KEPT = 16;

/** Follows what stops deliveries of one trigger from aging. */
export class RetryAge {
  readonly #name: string;
  readonly #parts: RetryAgeParts;
  readonly #pauses = new Pauses();
  #setBacks: readonly SetBack[] = [];
  #restored: Promise<void> | null = null;
  #saved: Promise<void> = Promise.resolve();

  constructor(trigger: string, parts: RetryAgeParts) {
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
  clockJumped(byMs: number): void {
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
    const { clock, keep, downtimes } = this.#parts;
    const kept = parsed(await keep.read(this.#name));
    // What lasted when the process ended lasted until now: nothing was attempted since.
    for (const span of kept.pauses) this.#pauses.add({ ...span, to: span.to ?? clock.now() });
    for (const span of downtimes) this.#pauses.add(span);
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

interface StoredRetryAge {
  readonly pauses: readonly Pause[];
  readonly setBacks: readonly SetBack[];
}

/** What was kept; whatever is not as it is written here counts for nothing. */
function parsed(text: string | null): StoredRetryAge {
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

// Spans in which a lane let nothing through, so that deliveries do not age while they could not be
// attempted. Kept for a bounded number of spans; what is forgotten ages as if it had been tried.
// Times are wall clock, as attempts are recorded.

// A receiver that goes up and down once a minute for a day.
const KEPT = 1_440;

/** A span of the wall clock, ms since 1970. */
export interface PauseSpan {
  readonly from: number;
  readonly to: number;
}

/** A span that may still last: then it has no end. */
interface Pause {
  readonly from: number;
  readonly to: number | null;
}

/** Remembers when nothing was let through. */
export class Pauses {
  /** In their order; none overlaps another, and only the last may last. */
  #spans: readonly Pause[] = [];

  /** Every span, in their order; what lasts is the last one. */
  get spans(): readonly Pause[] {
    return this.#spans;
  }

  /** A pause begins, unless one lasts. */
  begin(now: number): void {
    if (this.#lasting === undefined) this.add({ from: now, to: null });
  }

  /** The pause that lasts ends. */
  end(now: number): void {
    const lasting = this.#lasting;
    if (lasting === undefined) return;
    this.#spans = [...this.#spans.slice(0, -1), { ...lasting, to: Math.max(now, lasting.from) }];
  }

  /** One more span; where it meets others they become one, so that no moment counts twice. */
  add(added: Pause): void {
    const sorted = [...this.#spans, added].sort((a, b) => a.from - b.from);
    const spans: Pause[] = [];
    for (const span of sorted) {
      const last = spans.at(-1);
      if (last === undefined || endOf(last) < span.from) spans.push(span);
      else spans.splice(-1, 1, joined(last, span));
    }
    this.#spans = spans.slice(-KEPT);
  }

  /** The clock was set back by so much: what lasts began so much earlier. */
  setBack(byMs: number): void {
    const lasting = this.#lasting;
    if (lasting === undefined) return;
    this.#spans = this.#spans.slice(0, -1);
    this.add({ from: lasting.from - byMs, to: null });
  }

  /** How much of a span was paused, in ms. */
  within(from: number, to: number): number {
    const overlaps = this.#spans.map((span) =>
      Math.max(0, Math.min(span.to ?? to, to) - Math.max(span.from, from)),
    );
    return overlaps.reduce((sum, ms) => sum + ms, 0);
  }

  get #lasting(): Pause | undefined {
    const last = this.#spans.at(-1);
    return last?.to === null ? last : undefined;
  }
}

function endOf({ to }: Pause): number {
  return to ?? Number.POSITIVE_INFINITY;
}

function joined(a: Pause, b: Pause): Pause {
  const to = Math.max(endOf(a), endOf(b));
  return { from: a.from, to: Number.isFinite(to) ? to : null };
}
