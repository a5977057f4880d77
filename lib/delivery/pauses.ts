// Spans in which a lane let nothing through, so that deliveries do not age while they could not be
// attempted. Kept for a bounded number of spans; what is forgotten ages as if it had been tried.
// Times are wall clock, as attempts are recorded.

// A receiver that goes up and down once a minute for a day.
const KEPT = 1_440;

interface Pause {
  readonly from: number;
  /** Null while it lasts. */
  to: number | null;
}

/** Remembers when nothing was let through. */
export class Pauses {
  readonly #spans: Pause[] = [];

  /** A pause begins, unless one lasts. */
  begin(now: number): void {
    if (this.#spans.at(-1)?.to === null) return;
    this.#spans.push({ from: now, to: null });
    if (this.#spans.length > KEPT) this.#spans.shift();
  }

  /** The pause that lasts ends. */
  end(now: number): void {
    const last = this.#spans.at(-1);
    if (last?.to === null) last.to = Math.max(now, last.from);
  }

  /** How much of a span was paused, in ms. */
  within(from: number, to: number): number {
    const overlaps = this.#spans.map((span) =>
      Math.max(0, Math.min(span.to ?? to, to) - Math.max(span.from, from)),
    );
    return overlaps.reduce((sum, ms) => sum + ms, 0);
  }
}
