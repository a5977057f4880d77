// The waiting deliveries of one trigger: which one may be attempted now, without a blocked object
// hiding the others. Namespaces take turns. For each, a heap holds when to look at each involved
// object again; entries that were overtaken stay in and are recognized by their stamp. Times are the
// store's own: a jump of the clock moves them all at once, elsewhere.

import type { ClaimRequest } from '../core/store.ts';
import { Heap } from '../kit/data/heap.ts';
import { OVERTAKE_MS } from './store-kind.ts';

/** What of a delivery decides when it is its turn. */
export interface Queued {
  readonly id: string;
  readonly object: string;
  /** The namespace of its Event. */
  readonly namespace: string;
  readonly dueAt: number;
  /** In the order in which the deliveries were committed. */
  readonly place: number;
  /** When its last attempt ended; null where there was none. */
  readonly endedAt: number | null;
}

type Order = ClaimRequest['order'];

interface ObjectQueue {
  readonly object: string;
  /** Of the delivery that made the queue; every later one of the object shares its turns. */
  readonly namespace: string;
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
  /** By namespace; the one whose turn comes next is the first. */
  readonly #looks = new Map<string, Heap<Look>>();
  #order: Order = 'none';
  #stamps = 0;

  /** Adds a waiting delivery, at the place that it always had. */
  put(delivery: Queued): void {
    const queue = this.#queueOf(delivery);
    queue.waiting.splice(placeIn(queue.waiting, delivery, COMPARISONS[this.#order]), 0, delivery);
    this.#lookAgain(queue, Math.min(queue.notBefore, delivery.dueAt));
  }

  /** Takes a delivery out, as it was put in. */
  remove(delivery: Queued): void {
    const queue = this.#queueOf(delivery);
    const at = placeIn(queue.waiting, delivery, COMPARISONS[this.#order]);
    if (queue.waiting[at]?.id === delivery.id) queue.waiting.splice(at, 1);
    this.#lookAgain(queue, queue.notBefore);
  }

  /** Notes that an attempt of this object began (1) or ended (-1). */
  countRunning(delivery: Pick<Queued, 'object' | 'namespace'>, change: 1 | -1): void {
    const queue = this.#queueOf(delivery);
    queue.running += change;
    this.#lookAgain(queue, queue.notBefore);
  }

  /** Those that may be attempted now, in turns: of each free object one, the oldest due first. */
  due({ now, limit, order }: Pick<ClaimRequest, 'now' | 'limit' | 'order'>): readonly Queued[] {
    this.#sortBy(order);
    const found: Queued[] = [];
    // A namespace that had its turn comes last, so this goes round until nothing more is due.
    for (const namespace of this.#looks.keys()) {
      if (found.length === limit) break;
      const delivery = this.#dueOf(namespace, { now, order });
      if (delivery === undefined) continue;
      this.#passTurn(namespace);
      found.push(delivery);
    }
    return found;
  }

  /** When something may fall due next; null where nothing waits for a free object. */
  next(): number | null {
    let next: number | null = null;
    for (const namespace of this.#looks.keys()) {
      const look = this.#firstLook(namespace);
      if (look !== undefined && (next === null || look.at < next)) next = look.at;
    }
    return next;
  }

  /** A lane has one order; the first claim tells it. */
  #sortBy(order: Order): void {
    if (order === this.#order) return;
    this.#order = order;
    for (const { waiting } of this.#objects.values()) waiting.sort(COMPARISONS[order]);
  }

  /** The first due of a namespace; its object is not looked at again until something changes there. */
  #dueOf(
    namespace: string,
    { now, order }: Pick<ClaimRequest, 'now' | 'order'>,
  ): Queued | undefined {
    for (;;) {
      const look = this.#firstLook(namespace);
      if (look === undefined || look.at > now) return undefined;
      this.#looks.get(namespace)?.pop();
      const queue = this.#objects.get(look.object);
      if (queue === undefined) continue;
      const { delivery, lookAt } = firstOf(queue.waiting, order, now);
      if (delivery !== undefined) return delivery;
      this.#lookAgain(queue, lookAt);
    }
  }

  /** The look of a namespace that comes first and still counts. */
  #firstLook(namespace: string): Look | undefined {
    const looks = this.#looks.get(namespace);
    for (let look = looks?.peek(); look !== undefined; look = looks?.peek()) {
      if (this.#objects.get(look.object)?.stamp === look.stamp) return look;
      looks?.pop();
    }
    this.#looks.delete(namespace);
    return undefined;
  }

  /** Every other namespace comes before this one. */
  #passTurn(namespace: string): void {
    const looks = this.#looks.get(namespace);
    if (looks === undefined) return;
    this.#looks.delete(namespace);
    this.#looks.set(namespace, looks);
  }

  #lookAgain(queue: ObjectQueue, at: number): void {
    queue.stamp = this.#stamps += 1;
    queue.notBefore = queue.waiting.length === 0 ? Number.POSITIVE_INFINITY : at;
    if (queue.waiting.length === 0 && queue.running === 0) this.#objects.delete(queue.object);
    else if (queue.waiting.length > 0 && queue.running === 0) {
      this.#look(queue.namespace, { at, object: queue.object, stamp: queue.stamp });
    }
  }

  #look(namespace: string, look: Look): void {
    const known = this.#looks.get(namespace);
    const looks = known ?? new Heap<Look>((a, b) => a.at - b.at || a.stamp - b.stamp);
    if (known === undefined) this.#looks.set(namespace, looks);
    looks.push(look);
  }

  #queueOf({ object, namespace }: Pick<Queued, 'object' | 'namespace'>): ObjectQueue {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const notBefore = Number.POSITIVE_INFINITY;
    const made: ObjectQueue = { object, namespace, waiting: [], running: 0, notBefore, stamp: 0 };
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

interface QueueCandidate {
  readonly delivery: Queued | undefined;
  /** When to look again where there is no delivery. */
  readonly lookAt: number;
}

/** The one that may be attempted; in order of time due the first one tells everything. */
function firstOf(waiting: readonly Queued[], order: Order, now: number): QueueCandidate {
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
