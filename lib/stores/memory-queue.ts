// The waiting deliveries of one trigger: which one may be attempted now, without a blocked object
// hiding the others. A heap holds for each involved object when to look at it again; entries that
// have been overtaken stay in and are recognised by their stamp. Times are the store's own: a jump of
// the clock moves them all at once, elsewhere.
import type { ClaimRequest } from '../core/store.ts';
import { Heap } from '../kit/heap.ts';
import { OVERTAKE_MS } from './overtaking.ts';

/** What of a delivery decides when it is its turn. */
export interface Queued {
  readonly id: string;
  readonly object: string;
  readonly dueAt: number;
  /** In the order in which the deliveries were committed. */
  readonly place: number;
  /** When its last attempt ended; null where there was none. */
  readonly endedAt: number | null;
}

type Order = ClaimRequest['order'];

interface ObjectQueue {
  readonly object: string;
  /** The next one first, in the order of the lane that claims here. */
  waiting: Queued[];
  running: number;
  /** Nothing of this object falls due before; a look too early does no harm. */
  notBefore: number;
  /** Only the heap entry with this stamp counts. */
  stamp: number;
}

interface Look {
  readonly at: number;
  readonly object: string;
  readonly stamp: number;
}

const COMPARISONS = {
  none: (a: Queued, b: Queued): number => a.dueAt - b.dueAt || a.place - b.place,
  object: (a: Queued, b: Queued): number => a.place - b.place,
} as const satisfies Record<Order, (a: Queued, b: Queued) => number>;

/** The waiting deliveries of one trigger. */
export class MemoryQueue {
  readonly #objects = new Map<string, ObjectQueue>();
  readonly #looks = new Heap<Look>((a, b) => a.at - b.at || a.stamp - b.stamp);
  #order: Order = 'none';
  #stamps = 0;

  /** Adds a waiting delivery, at the place that it always had. */
  put(delivery: Queued): void {
    const queue = this.#queueOf(delivery.object);
    queue.waiting.splice(placeIn(queue.waiting, delivery, COMPARISONS[this.#order]), 0, delivery);
    this.#lookAgain(queue, Math.min(queue.notBefore, delivery.dueAt));
  }

  /** Takes a delivery out, as it was put in. */
  remove(delivery: Queued): void {
    const queue = this.#queueOf(delivery.object);
    const at = placeIn(queue.waiting, delivery, COMPARISONS[this.#order]);
    if (queue.waiting[at]?.id === delivery.id) queue.waiting.splice(at, 1);
    this.#lookAgain(queue, queue.notBefore);
  }

  /** Notes that an attempt of this object began (1) or ended (-1). */
  countRunning(object: string, change: 1 | -1): void {
    const queue = this.#queueOf(object);
    queue.running += change;
    this.#lookAgain(queue, queue.notBefore);
  }

  /** What may be attempted now: oldest due first, at most one for each free object. */
  due({ now, limit, order }: Pick<ClaimRequest, 'now' | 'limit' | 'order'>): readonly Queued[] {
    this.#sortBy(order);
    const found: Queued[] = [];
    while (found.length < limit) {
      const queue = this.#nextDue(now);
      if (queue === undefined) break;
      const { delivery, lookAt } = firstOf(queue.waiting, order, now);
      if (delivery === undefined) this.#lookAgain(queue, lookAt);
      else found.push(delivery);
    }
    return found;
  }

  /** When something may fall due next; null where nothing waits for a free object. */
  next(): number | null {
    for (;;) {
      const look = this.#looks.peek();
      if (look === undefined) return null;
      if (this.#objects.get(look.object)?.stamp === look.stamp) return look.at;
      this.#looks.pop();
    }
  }

  /** A lane has one order; the first claim tells it. */
  #sortBy(order: Order): void {
    if (order === this.#order) return;
    this.#order = order;
    for (const { waiting } of this.#objects.values()) waiting.sort(COMPARISONS[order]);
  }

  #nextDue(now: number): ObjectQueue | undefined {
    const at = this.next();
    if (at === null || at > now) return undefined;
    const look = this.#looks.pop();
    return look === undefined ? undefined : this.#objects.get(look.object);
  }

  #lookAgain(queue: ObjectQueue, at: number): void {
    queue.stamp = this.#stamps += 1;
    queue.notBefore = queue.waiting.length === 0 ? Number.POSITIVE_INFINITY : at;
    if (queue.waiting.length === 0 && queue.running === 0) this.#objects.delete(queue.object);
    else if (queue.waiting.length > 0 && queue.running === 0) {
      this.#looks.push({ at, object: queue.object, stamp: queue.stamp });
    }
  }

  #queueOf(object: string): ObjectQueue {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const notBefore = Number.POSITIVE_INFINITY;
    const made: ObjectQueue = { object, waiting: [], running: 0, notBefore, stamp: 0 };
    this.#objects.set(object, made);
    return made;
  }
}

/** Where a delivery stands, or would stand. */
function placeIn(
  waiting: readonly Queued[],
  delivery: Queued,
  compare: (a: Queued, b: Queued) => number,
): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = waiting[middle];
    if (there !== undefined && compare(there, delivery) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Candidate {
  readonly delivery: Queued | undefined;
  /** When to look again where there is no delivery. */
  readonly lookAt: number;
}

/** The one that may be attempted; in order of time due the first one tells everything. */
function firstOf(waiting: readonly Queued[], order: Order, now: number): Candidate {
  let lookAt = Number.POSITIVE_INFINITY;
  for (const delivery of waiting) {
    if (delivery.dueAt <= now) return { delivery, lookAt: now };
    lookAt = Math.min(lookAt, delivery.dueAt);
    if (order === 'none') break;
    // A delivery that was never attempted can not be overtaken.
    const { endedAt } = delivery;
    const passableAt = endedAt === null ? Number.POSITIVE_INFINITY : endedAt + OVERTAKE_MS;
    if (passableAt > now) return { delivery: undefined, lookAt: Math.min(lookAt, passableAt) };
  }
  return { delivery: undefined, lookAt };
}
