// Spans in which a lane let nothing through, so that deliveries do not age while they could not be
// attempted. Kept for a bounded number of spans; what is forgotten ages as if it had been tried.
// Times are wall clock, as attempts are recorded.

// A receiver that goes up and down once a minute for a day.
const KEPT = 1_440;

/** A span of the wall clock, ms since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A span that may still last: then it has no end. */
export interface Pause {
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
