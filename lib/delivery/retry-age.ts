// Ages in one lane. A delivery does not age while it cannot be attempted: its lane is paused, no
// gateway runs, or the clock jumps forward. A lost answer always ages, because its receiver does.
// The spans survive the process as one small value; if the store does not take it, attempts
// continue. Times are wall clock, as attempts are recorded.

import type { Clock } from '../core/clock.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { KeyValues } from '../core/ports/store.ts';
import { jsonOrNothing } from '../kit/data/json.ts';

interface RetryAgeParts {
  readonly clock: Clock;
  readonly keyValues: KeyValues;
  /** Spans in which no gateway ran. */
  readonly downtimes: readonly PauseSpan[];
}

/** The clock was set back: times recorded until then may be older than they look. */
interface SetBack {
  readonly until: number;
  readonly byMs: number;
}

/** Each is a mistake of an administrator or a machine: more are not worth storing. */
const SET_BACKS_KEPT = 16;

/** Measures the ages of deliveries and lost answers of one trigger. */
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

  /** Settles when the current spans are stored, or the store refused them. */
  get saved(): Promise<void> {
    return this.#saved;
  }

  /** Reads the spans of an earlier process, once, before any age is asked for. */
  restore(): Promise<void> {
    this.#restored ??= this.#restore();
    return this.#restored;
  }

  /** No attempts are made from now on. */
  pause(): void {
    this.#pauses.begin(this.#parts.clock.now());
    this.#save();
  }

  /** Attempts are made again. */
  resume(): void {
    this.#pauses.end(this.#parts.clock.now());
    this.#save();
  }

  /** Call after the clock was shifted. */
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

  /** How long a delivery has been tried, in ms; never too long. */
  ageMs(first: number, now: number): number {
    return now - first - this.#pauses.within(first, now);
  }

  /** Time since a moment, in ms; never too short, and `MAX_VALUE` if it is not known. */
  sinceMs(moment: number, now: number): number {
    const missed = this.#setBacks.filter(({ until }) => moment <= until);
    const sum = missed.reduce((total, { byMs }) => total + byMs, now - moment);
    // Still less than the infinite life of a key.
    return sum < 0 ? Number.MAX_VALUE : sum;
  }

  async #restore(): Promise<void> {
    const { clock, keyValues, downtimes } = this.#parts;
    const kept = jsonOrNothing(await keyValues.read(this.#name));
    for (const [from, to] of pairsOf(kept, 'pauses')) {
      // A pause that was open when the process ended lasted until now: no attempts were made since.
      this.#pauses.add({ from, to: to ?? clock.now() });
    }
    for (const span of downtimes) this.#pauses.add(span);
    const setBacks = pairsOf(kept, 'setBacks').map(([until, byMs]) => ({ until, byMs: byMs ?? 0 }));
    this.#setBacks = [...setBacks, ...this.#setBacks].slice(-SET_BACKS_KEPT);
  }

  #save(): void {
    const write = async (): Promise<void> => {
      // First, so that the value of an earlier process is not overwritten unread.
      await this.restore();
      // JSON writes the end of a span that still lasts, which is infinite, as null.
      const pauses = this.#pauses.spans.map(({ from, to }) => [from, to]);
      const setBacks = this.#setBacks.map(({ until, byMs }) => [until, byMs]);
      await this.#parts.keyValues.write(this.#name, JSON.stringify({ pauses, setBacks }));
    };
    // An older value makes some deliveries expire sooner after the next start, and nothing else.
    this.#saved = this.#saved.then(write).catch(() => undefined);
  }
}

type Pair = readonly [number, number | null];

/** Parses a part of the stored value; anything in another form is ignored. */
function pairsOf(kept: unknown, name: string): readonly Pair[] {
  const value: unknown = isJsonObject(kept) ? kept[name] : undefined;
  return Array.isArray(value) ? value.filter(isPair) : [];
}

function isPair(value: unknown): value is Pair {
  if (!Array.isArray(value)) return false;
  const pair: readonly unknown[] = value;
  return typeof pair[0] === 'number' && (typeof pair[1] === 'number' || pair[1] === null);
}

/** A receiver that fails each minute for a day; a forgotten span counts as time with attempts. */
const PAUSES_KEPT = 1_440;

/** A span of the wall clock, ms since 1970; the end of one that still lasts is infinite. */
export interface PauseSpan {
  readonly from: number;
  readonly to: number;
}

/** Spans in which a lane made no attempts. */
export class Pauses {
  #spans: readonly PauseSpan[] = [];

  /** In their order; none overlaps another, and only the last one may still last. */
  get spans(): readonly PauseSpan[] {
    return this.#spans;
  }

  /** Begins a pause, unless one lasts. */
  begin(now: number): void {
    if (this.#lasting === undefined) this.add({ from: now, to: Number.POSITIVE_INFINITY });
  }

  end(now: number): void {
    const lasting = this.#lasting;
    if (lasting === undefined) return;
    this.#spans = [...this.#spans.slice(0, -1), { ...lasting, to: Math.max(now, lasting.from) }];
  }

  /** Adds a span and joins it with the spans that it overlaps, so that no moment counts twice. */
  add(added: PauseSpan): void {
    const spans: PauseSpan[] = [];
    for (const span of [...this.#spans, added].sort((a, b) => a.from - b.from)) {
      const last = spans.at(-1);
      if (last === undefined || last.to < span.from) spans.push(span);
      else spans.splice(-1, 1, { from: last.from, to: Math.max(last.to, span.to) });
    }
    this.#spans = spans.slice(-PAUSES_KEPT);
  }

  /** Call when the clock was set back: the pause that lasts began earlier by as much. */
  setBack(byMs: number): void {
    const lasting = this.#lasting;
    if (lasting === undefined) return;
    this.#spans = this.#spans.slice(0, -1);
    this.add({ ...lasting, from: lasting.from - byMs });
  }

  /** How much of a span was paused, in ms. */
  within(from: number, to: number): number {
    return this.#spans.reduce((sum, span) => {
      return sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from));
    }, 0);
  }

  get #lasting(): PauseSpan | undefined {
    const last = this.#spans.at(-1);
    return last?.to === Number.POSITIVE_INFINITY ? last : undefined;
  }
}
