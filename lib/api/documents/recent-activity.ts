// The last decisions and moves of deliveries, in memory, bounded by number and by weight: what the
// API shows and what its feed resumes from. It stands on the path of every Event, so taking note is
// a reference in a ring and nothing else; documents are made of it when somebody asks.

import type { DecisionObserved, Observation } from '../../core/observation.ts';
import { jsonSize } from '../../kit/data/json.ts';

/** A delivery that moved, without the Events in it. */
export interface RecentMove {
  readonly kind: 'moved';
  readonly id: string;
  readonly trigger: string;
  readonly rule: { readonly index: number; readonly name: string | null };
  readonly object: string;
  readonly from: string;
  readonly to: string;
  readonly dead: string | null;
  readonly attempts: number;
  readonly possiblyTwice: boolean;
  readonly why: string;
}

/** Something that happened, with its place in the order of everything that did. */
export interface Happening {
  readonly sequence: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly what: DecisionObserved | RecentMove;
}

/** How much is remembered; whichever bound is reached first. */
interface RecentBounds {
  readonly entries: number;
  /** UTF-16 code units of the Events. */
  readonly weight: number;
}

/** A quarter of an hour of a busy cluster, and never more than about 64 MiB. */
const RECENT_BOUNDS: RecentBounds = { entries: 2048, weight: 32 * 1024 * 1024 };

const MOVE_WEIGHT = 512;

/** A ring of what happened last. */
export class RecentActivity {
  readonly bounds: RecentBounds;
  readonly #whats: (DecisionObserved | RecentMove | undefined)[];
  readonly #ats: Float64Array;
  readonly #weights: Float64Array;
  readonly #listeners = new Set<() => void>();
  readonly #first: number;
  #oldest: number;
  #next: number;
  #weight = 0;

  /** `first` is the first sequence number: above all of an earlier process, so that a feed can tell. */
  constructor(first: number, bounds: RecentBounds = RECENT_BOUNDS) {
    this.bounds = bounds;
    this.#whats = new Array<undefined>(bounds.entries).fill(undefined);
    this.#ats = new Float64Array(bounds.entries);
    this.#weights = new Float64Array(bounds.entries);
    this.#first = first;
    this.#oldest = first;
    this.#next = first;
  }

  /** The sequence number of the oldest one remembered; that of the next one where there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The sequence number that the next one gets. */
  get next(): number {
    return this.#next;
  }

  /** How much is remembered now. */
  get held(): RecentBounds {
    return { entries: this.#next - this.#oldest, weight: this.#weight };
  }

  /** Takes note of a decision. */
  decided(observed: DecisionObserved, at: number): void {
    this.#add(observed, at, jsonSize(observed.occurrence.event));
  }

  /** Takes note of a delivery that moved. */
  moved(observed: Extract<Observation, { kind: 'delivery-moved' }>, at: number): void {
    const { delivery, from, to, dead, possiblyTwice = false, why } = observed;
    const { id, trigger, object, attempts } = delivery;
    const rule = { index: delivery.rule.index, name: delivery.rule.name };
    const made = { id, trigger, rule, object, from, to, dead, possiblyTwice, why };
    const move: RecentMove = { kind: 'moved', ...made, attempts: attempts.length };
    this.#add(move, at, MOVE_WEIGHT + why.length + object.length);
  }

  /** The one with this number; null where it is not remembered. */
  get(sequence: number): Happening | null {
    if (!(sequence >= this.#oldest && sequence < this.#next)) return null;
    const slot = this.#slotOf(sequence);
    const what = this.#whats[slot];
    return what === undefined ? null : { sequence, at: this.#ats[slot] ?? 0, what };
  }

  /** Calls `ring` after each that is added, until the answer is called. */
  listen(ring: () => void): () => void {
    this.#listeners.add(ring);
    return () => void this.#listeners.delete(ring);
  }

  #add(what: DecisionObserved | RecentMove, at: number, weight: number): void {
    const { entries, weight: limit } = this.bounds;
    if (this.#next - this.#oldest === entries) this.#forget();
    const slot = this.#slotOf(this.#next);
    this.#whats[slot] = what;
    this.#ats[slot] = at;
    this.#weights[slot] = weight;
    this.#next += 1;
    this.#weight += weight;
    // The newest one stays, however large it is: its Event was held anyway.
    while (this.#weight > limit && this.#next - this.#oldest > 1) this.#forget();
    if (this.#listeners.size > 0) for (const ring of this.#listeners) ring();
  }

  #forget(): void {
    const slot = this.#slotOf(this.#oldest);
    this.#weight -= this.#weights[slot] ?? 0;
    this.#whats[slot] = undefined;
    this.#oldest += 1;
  }

  #slotOf(sequence: number): number {
    return (sequence - this.#first) % this.bounds.entries;
  }
}
