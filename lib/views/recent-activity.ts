// Recent decisions and moves of deliveries in memory, limited by number and by weight. The API lists
// them, and its feed resumes from them. This runs for every Event, so it only stores a reference in a
// ring. decision-documents.ts makes documents of the entries on request.

import type { RuleRef } from '../core/decision.ts';
import type { Delivery } from '../core/delivery.ts';
import type { DecisionObserved, Observation } from '../core/observation.ts';
import { jsonSize } from '../kit/data/json.ts';

/** A state change of a delivery, without its Events. */
export interface RecentMove
  extends Pick<Delivery, 'id' | 'trigger' | 'object'>,
    Pick<DeliveryMoved, 'from' | 'to' | 'dead' | 'why'> {
  readonly kind: 'moved';
  readonly rule: Pick<RuleRef, 'index' | 'name'>;
  readonly attempts: number;
  readonly possiblyTwice: boolean;
}

type DeliveryMoved = Extract<Observation, { kind: 'delivery-moved' }>;

/** One entry: a decision or a move with its sequence number. */
export interface Happening {
  readonly sequence: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly what: DecisionObserved | RecentMove;
}

/** Limits of the ring; the oldest entry is evicted when either is reached. */
interface RecentBounds {
  readonly entries: number;
  /** UTF-16 code units of the Events. */
  readonly weight: number;
}

/** A quarter of an hour of a busy cluster, and never more than about 64 MiB. */
const RECENT_BOUNDS: RecentBounds = { entries: 2048, weight: 32 * 1024 * 1024 };

const MOVE_WEIGHT = 512;

/** A ring of the last entries. */
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

  /** `first` is the first sequence number. It must exceed those of earlier processes. */
  constructor(first: number, bounds: RecentBounds = RECENT_BOUNDS) {
    this.bounds = bounds;
    this.#whats = new Array<undefined>(bounds.entries).fill(undefined);
    this.#ats = new Float64Array(bounds.entries);
    this.#weights = new Float64Array(bounds.entries);
    this.#first = first;
    this.#oldest = first;
    this.#next = first;
  }

  /** Sequence number of the oldest entry; of the next one if the ring is empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Sequence number of the next entry. */
  get next(): number {
    return this.#next;
  }

  /** Current size. */
  get held(): RecentBounds {
    return { entries: this.#next - this.#oldest, weight: this.#weight };
  }

  /** Adds a decision. */
  decided(observed: DecisionObserved, at: number): void {
    this.#add(observed, at, jsonSize(observed.occurrence.event));
  }

  /** Adds a move of a delivery. */
  moved(observed: DeliveryMoved, at: number): void {
    const { delivery, from, to, dead, possiblyTwice = false, why } = observed;
    const { id, trigger, object, attempts } = delivery;
    const rule = { index: delivery.rule.index, name: delivery.rule.name };
    const made = { id, trigger, rule, object, from, to, dead, possiblyTwice, why };
    const move: RecentMove = { kind: 'moved', ...made, attempts: attempts.length };
    this.#add(move, at, MOVE_WEIGHT + why.length + object.length);
  }

  /** The entry with this number; null if it is not in memory. */
  get(sequence: number): Happening | null {
    if (!(sequence >= this.#oldest && sequence < this.#next)) return null;
    const slot = this.#slotOf(sequence);
    const what = this.#whats[slot];
    return what === undefined ? null : { sequence, at: this.#ats[slot] ?? 0, what };
  }

  /** Calls `ring` after each added entry, until the returned function is called. */
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
    // The newest entry stays, however large it is: its Event was in memory anyway.
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
