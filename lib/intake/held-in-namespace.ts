// The held deliveries of one namespace at one trigger. The oldest starts first, but an object whose
// own budget is used up does not block the others behind it. No step iterates over the queue: only
// the oldest delivery of each object is in a heap. Stale items stay in the heaps and are recognized
// by their stamp.

import type { RuleRef } from '../core/decision.ts';
import { Heap } from '../kit/data/heap.ts';

/** Identity of a queue of held deliveries. */
export interface QueueKey {
  readonly trigger: string;
  /** Of the Event, because RBAC protects it; the involved object is text of the Event's author. */
  readonly namespace: string;
}

/** The part of a held delivery that stays in memory. */
export interface HeldDelivery extends QueueKey {
  readonly id: string;
  readonly object: string;
  readonly rule: RuleRef;
  /** Since when it is held, on the monotonic clock, less the time without a gateway. */
  readonly since: number;
}

interface HeldForObject {
  /** Delivery id → place in the queue, the oldest first. */
  readonly places: Map<string, number>;
  /** Time before which its own budget has no token; monotonic, 0 if that is not known. */
  blockedUntil: number;
  stamp: number;
}

interface HeapItem {
  /** A place or a time: the smallest comes first. */
  readonly at: number;
  readonly object: string;
  readonly stamp: number;
}

const byAt = (a: HeapItem, b: HeapItem): number => a.at - b.at;

/** The most stale items in the heaps in addition to one for each object. */
const STALE_ITEMS_AT_MOST = 1_000;

/** Held deliveries of one namespace at one trigger. */
export class HeldInNamespace {
  readonly key: QueueKey;
  /** By id, the oldest first. */
  readonly #held = new Map<string, HeldDelivery>();
  readonly #objects = new Map<string, HeldForObject>();
  #ready = new Heap<HeapItem>(byAt);
  #blocked = new Heap<HeapItem>(byAt);
  #places = 0;
  #stamps = 0;
  #blockedObjects = 0;

  constructor(key: QueueKey) {
    this.key = key;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Number of objects whose own budget is known to be used up. */
  get blockedObjects(): number {
    return this.#blockedObjects;
  }

  /** All deliveries, the oldest first. */
  get all(): Iterable<HeldDelivery> {
    return this.#held.values();
  }

  /** The delivery that is held for longest. */
  get oldest(): HeldDelivery | undefined {
    return this.#held.values().next().value;
  }

  get(id: string): HeldDelivery | undefined {
    return this.#held.get(id);
  }

  /** This many deliveries, those that were held last. */
  youngest(count: number): readonly HeldDelivery[] {
    return count === 0 ? [] : [...this.#held.values()].slice(-count);
  }

  /** Adds one behind all others; its object's own budget has no token before `blockedUntil`. */
  add(held: HeldDelivery, blockedUntil: number): void {
    this.#held.set(held.id, held);
    this.#places += 1;
    const queue = this.#objects.get(held.object);
    if (queue !== undefined) {
      queue.places.set(held.id, this.#places);
      return;
    }
    const places = new Map([[held.id, this.#places]]);
    const made: HeldForObject = { places, blockedUntil: 0, stamp: 0 };
    this.#objects.set(held.object, made);
    this.#enter(held.object, made, blockedUntil);
  }

  /** Removes one; `blockedUntil` is the time of the next token of its object, if that is known. */
  remove(id: string, blockedUntil?: number): HeldDelivery | undefined {
    const held = this.#held.get(id);
    const queue = held === undefined ? undefined : this.#objects.get(held.object);
    if (held === undefined || queue === undefined) return undefined;
    this.#held.delete(id);
    const wasFirst = firstOf(queue)?.[0] === id;
    queue.places.delete(id);
    if (queue.places.size === 0) {
      this.#setBlocked(queue, 0);
      this.#objects.delete(held.object);
    } else if (wasFirst) this.#enter(held.object, queue, blockedUntil ?? queue.blockedUntil);
    return held;
  }

  /** The oldest delivery whose object has a token; `waitMs` is how long an object waits for one. */
  next(now: number, waitMs: (object: string) => number): HeldDelivery | undefined {
    for (let item = this.#blocked.peek(); item !== undefined; item = this.#blocked.peek()) {
      const queue = this.#queueOf(item);
      if (queue !== undefined && item.at > now) break;
      this.#blocked.pop();
      if (queue !== undefined) this.#enter(item.object, queue, 0);
    }
    for (let item = this.#ready.peek(); item !== undefined; item = this.#ready.peek()) {
      const queue = this.#queueOf(item);
      const ms = queue === undefined ? 0 : waitMs(item.object);
      if (queue !== undefined && ms <= 0) return this.#held.get(firstOf(queue)?.[0] ?? '');
      this.#ready.pop();
      if (queue !== undefined) this.#enter(item.object, queue, now + ms);
    }
    return undefined;
  }

  /** When the next object has a token, after `next` found none; infinite if no object waits. */
  get blockedUntil(): number {
    return this.#blocked.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  #queueOf({ object, stamp }: HeapItem): HeldForObject | undefined {
    const queue = this.#objects.get(object);
    return queue?.stamp === stamp ? queue : undefined;
  }

  #enter(object: string, queue: HeldForObject, blockedUntil: number): void {
    this.#setBlocked(queue, blockedUntil);
    this.#stamps += 1;
    queue.stamp = this.#stamps;
    const heap = blockedUntil > 0 ? this.#blocked : this.#ready;
    const at = blockedUntil > 0 ? blockedUntil : (firstOf(queue)?.[1] ?? 0);
    heap.push({ at, object, stamp: queue.stamp });
    this.#tidy();
  }

  #setBlocked(queue: HeldForObject, until: number): void {
    this.#blockedObjects += (until > 0 ? 1 : 0) - (queue.blockedUntil > 0 ? 1 : 0);
    queue.blockedUntil = until;
  }

  /** Rebuilds the heaps when most of their items are stale. */
  #tidy(): void {
    const most = this.#objects.size * 2 + STALE_ITEMS_AT_MOST;
    if (this.#ready.size + this.#blocked.size <= most) return;
    this.#ready = new Heap(byAt);
    this.#blocked = new Heap(byAt);
    for (const [object, queue] of this.#objects) this.#enter(object, queue, queue.blockedUntil);
  }
}

function firstOf({ places }: HeldForObject): readonly [id: string, place: number] | undefined {
  return places.entries().next().value;
}
