// The waiting deliveries of one trigger, so that a blocked object delays no other. Namespaces take
// turns. A heap per namespace orders its involved objects by the time at which to check them again.
// Outdated heap entries are recognized by their stamp. Times are on the store's clock, so a jump of
// the wall clock changes nothing here.

import { type ClaimRequest, firstDue } from '../core/ports/store.ts';
import { Heap } from '../kit/data/heap.ts';
import { countBefore } from '../kit/data/sorted.ts';

/** The fields of a delivery that determine its turn. */
export interface Queued {
  readonly id: string;
  readonly object: string;
  /** The namespace of its Event. */
  readonly namespace: string;
  readonly dueAt: number;
  /** Its number in the order of commits. */
  readonly place: number;
  /** When its last attempt ended; null if there was none. */
  readonly endedAt: number | null;
}

type Order = ClaimRequest['order'];

interface ObjectQueue {
  readonly object: string;
  /** Of the delivery that made the queue. Every later one of the object takes the same turns. */
  readonly namespace: string;
  /** Sorted by the lane's order; the next one is the first. */
  waiting: Queued[];
  running: number;
  /** Nothing of this object falls due earlier. Checking too early does no harm. */
  notBefore: number;
  /** Only the heap entry with this stamp is valid. */
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

/** Orders the waiting deliveries of one trigger. */
export class MemoryQueue {
  readonly #objects = new Map<string, ObjectQueue>();
  /** By namespace; the first one has the next turn. */
  readonly #looks = new Map<string, Heap<Look>>();
  #order: Order = 'none';
  #stamps = 0;

  /** Adds a waiting delivery at its place in the order. */
  put(delivery: Queued): void {
    const queue = this.#queueOf(delivery);
    queue.waiting.splice(this.#placeIn(queue, delivery), 0, delivery);
    this.#lookAgain(queue, Math.min(queue.notBefore, delivery.dueAt));
  }

  /** Removes a delivery that was added with the same values. */
  remove(delivery: Queued): void {
    const queue = this.#queueOf(delivery);
    const at = this.#placeIn(queue, delivery);
    if (queue.waiting[at]?.id === delivery.id) queue.waiting.splice(at, 1);
    this.#lookAgain(queue, queue.notBefore);
  }

  /** Counts an attempt of this object that began (1) or ended (-1). */
  countRunning(delivery: Pick<Queued, 'object' | 'namespace'>, change: 1 | -1): void {
    const queue = this.#queueOf(delivery);
    queue.running += change;
    this.#lookAgain(queue, queue.notBefore);
  }

  /** Deliveries that may be attempted now, in turns: one per free object, the oldest due first. */
  due({ now, limit, order }: Pick<ClaimRequest, 'now' | 'limit' | 'order'>): readonly Queued[] {
    this.#sortBy(order);
    const found: Queued[] = [];
    // A namespace moves to the end after its turn, so this loop ends only if nothing more is due.
    for (const namespace of this.#looks.keys()) {
      if (found.length === limit) break;
      const delivery = this.#dueOf(namespace, { now, order });
      if (delivery === undefined) continue;
      this.#passTurn(namespace);
      found.push(delivery);
    }
    return found;
  }

  /** The earliest time at which a delivery may fall due; null if none of a free object waits. */
  next(): number | null {
    let next: number | null = null;
    for (const namespace of this.#looks.keys()) {
      const look = this.#firstLook(namespace);
      if (look !== undefined && (next === null || look.at < next)) next = look.at;
    }
    return next;
  }

  /** The index at which a delivery is, or would be inserted. */
  #placeIn({ waiting }: ObjectQueue, delivery: Queued): number {
    const compare = COMPARISONS[this.#order];
    return countBefore(waiting, (there) => compare(there, delivery) < 0);
  }

  /** A lane has one order, which its first claim names. */
  #sortBy(order: Order): void {
    if (order === this.#order) return;
    this.#order = order;
    for (const { waiting } of this.#objects.values()) waiting.sort(COMPARISONS[order]);
  }

  /** The first due of a namespace. Its object is not checked again until it changes. */
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
      const { due, lookAt } = firstDue(queue.waiting, order, now);
      if (due !== undefined) return due;
      this.#lookAgain(queue, lookAt);
    }
  }

  /** The earliest valid heap entry of a namespace. */
  #firstLook(namespace: string): Look | undefined {
    const looks = this.#looks.get(namespace);
    for (let look = looks?.peek(); look !== undefined; look = looks?.peek()) {
      if (this.#objects.get(look.object)?.stamp === look.stamp) return look;
      looks?.pop();
    }
    this.#looks.delete(namespace);
    return undefined;
  }

  /** Moves a namespace behind every other one. */
  #passTurn(namespace: string): void {
    const looks = this.#looks.get(namespace);
    if (looks === undefined) return;
    this.#looks.delete(namespace);
    this.#looks.set(namespace, looks);
  }

  #lookAgain(queue: ObjectQueue, at: number): void {
    queue.stamp = this.#stamps += 1;
    const { object, namespace, stamp } = queue;
    queue.notBefore = queue.waiting.length === 0 ? Number.POSITIVE_INFINITY : at;
    if (queue.running > 0) return;
    if (queue.waiting.length === 0) {
      this.#objects.delete(object);
      return;
    }
    const known = this.#looks.get(namespace);
    const looks = known ?? new Heap<Look>((a, b) => a.at - b.at || a.stamp - b.stamp);
    if (known === undefined) this.#looks.set(namespace, looks);
    looks.push({ at, object, stamp });
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
