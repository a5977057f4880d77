// The held deliveries of one namespace at one trigger. The oldest goes first, but an object that has
// used up its own budget does not hold up the others behind it. No step walks the queue: of each
// object only the oldest delivery stands in a heap. Items that were overtaken stay in the heaps and
// are recognized by their stamp.

import type { RuleRef } from '../core/decision.ts';
import { Heap } from '../kit/data/heap.ts';

/** Whose turns a delivery takes. */
export interface QueueKey {
  readonly trigger: string;
  /** Of the Event. RBAC protects it; the involved object is text of the Event's writer. */
  readonly namespace: string;
}

/** A held delivery, as much of it as stays in memory. */
export interface HeldDelivery extends QueueKey {
  readonly id: string;
  readonly object: string;
  readonly rule: RuleRef;
  /** Since when it is held, on the monotonic clock, less the time without a gateway. */
  readonly since: number;
}

interface ObjectQueue {
  /** Its deliveries with their places in the queue, the oldest first. */
  readonly places: Map<string, number>;
  /** Its own budget has no token before; monotonic, 0 if that is not known. */
  blockedUntil: number;
  stamp: number;
}

interface HeapItem {
  /** A place or a time: the least comes first. */
  readonly at: number;
  readonly object: string;
  readonly stamp: number;
}

const byAt = (a: HeapItem, b: HeapItem): number => a.at - b.at;

/** Overtaken items that a heap may have beside one for each object. */
const STALE_ITEMS_AT_MOST = 1_000;

/** Held deliveries of one namespace at one trigger. */
export class HeldInNamespace {
  readonly key: QueueKey;
  /** The oldest first. */
  readonly #held = new Map<string, HeldDelivery>();
  readonly #objects = new Map<string, ObjectQueue>();
  #ready = new Heap<HeapItem>(byAt);
  #blocked = new Heap<HeapItem>(byAt);
  #places = 0;
  #stamps = 0;
  #blockedObjects = 0;

  constructor(key: QueueKey) {
    this.key = key;
  }

  /** How many are held. */
  get size(): number {
    return this.#held.size;
  }

  /** How many objects are known to have used up their own budget. */
  get blockedObjects(): number {
    return this.#blockedObjects;
  }

  /** All of them, the oldest first. */
  get all(): Iterable<HeldDelivery> {
    return this.#held.values();
  }

  /** The one that is held for longest. */
  get oldest(): HeldDelivery | undefined {
    for (const held of this.#held.values()) return held;
    return undefined;
  }

  /** One of them. */
  get(id: string): HeldDelivery | undefined {
    return this.#held.get(id);
  }

  /** So many of those that were held last. */
  youngest(count: number): readonly HeldDelivery[] {
    return count === 0 ? [] : [...this.#held.values()].slice(-count);
  }

  /** Adds one behind all others. `blockedUntil` is when its object's own budget has a token. */
  add(held: HeldDelivery, blockedUntil: number): void {
    this.#held.set(held.id, held);
    this.#places += 1;
    const line = this.#objects.get(held.object);
    if (line !== undefined) {
      line.places.set(held.id, this.#places);
      return;
    }
    const places = new Map([[held.id, this.#places]]);
    const made: ObjectQueue = { places, blockedUntil: 0, stamp: 0 };
    this.#objects.set(held.object, made);
    this.#enter(held.object, made, blockedUntil);
  }

  /** Takes one out; `blockedUntil` is when its object has the next token, if that is known. */
  remove(id: string, blockedUntil?: number): HeldDelivery | undefined {
    const held = this.#held.get(id);
    const line = held === undefined ? undefined : this.#objects.get(held.object);
    if (held === undefined || line === undefined) return undefined;
    this.#held.delete(id);
    const wasFirst = firstOf(line)?.id === id;
    line.places.delete(id);
    if (line.places.size === 0) this.#drop(held.object, line);
    else if (wasFirst) this.#enter(held.object, line, blockedUntil ?? line.blockedUntil);
    return held;
  }

  /** The oldest one whose object has a token of its own. `waitMs` says how long an object waits. */
  next(now: number, waitMs: (object: string) => number): HeldDelivery | undefined {
    for (let item = this.#blocked.peek(); item !== undefined; item = this.#blocked.peek()) {
      const line = this.#lineOf(item);
      if (line !== undefined && item.at > now) break;
      this.#blocked.pop();
      if (line !== undefined) this.#enter(item.object, line, 0);
    }
    for (let item = this.#ready.peek(); item !== undefined; item = this.#ready.peek()) {
      const line = this.#lineOf(item);
      const ms = line === undefined ? 0 : waitMs(item.object);
      if (line !== undefined && ms <= 0) return this.#held.get(firstOf(line)?.id ?? '');
      this.#ready.pop();
      if (line !== undefined) this.#enter(item.object, line, now + ms);
    }
    return undefined;
  }

  /** When an object's own budget has a token next, once `next` found none; endless if none waits. */
  get blockedUntil(): number {
    return this.#blocked.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  #lineOf({ object, stamp }: HeapItem): ObjectQueue | undefined {
    const line = this.#objects.get(object);
    return line?.stamp === stamp ? line : undefined;
  }

  #enter(object: string, line: ObjectQueue, blockedUntil: number): void {
    this.#setBlocked(line, blockedUntil);
    this.#stamps += 1;
    line.stamp = this.#stamps;
    const heap = blockedUntil > 0 ? this.#blocked : this.#ready;
    const at = blockedUntil > 0 ? blockedUntil : (firstOf(line)?.place ?? 0);
    heap.push({ at, object, stamp: line.stamp });
    this.#tidy();
  }

  #drop(object: string, line: ObjectQueue): void {
    this.#setBlocked(line, 0);
    this.#objects.delete(object);
  }

  #setBlocked(line: ObjectQueue, until: number): void {
    this.#blockedObjects += (until > 0 ? 1 : 0) - (line.blockedUntil > 0 ? 1 : 0);
    line.blockedUntil = until;
  }

  /** Rebuilds the heaps when most of their items were overtaken. */
  #tidy(): void {
    const most = this.#objects.size * 2 + STALE_ITEMS_AT_MOST;
    if (this.#ready.size + this.#blocked.size <= most) return;
    this.#ready = new Heap(byAt);
    this.#blocked = new Heap(byAt);
    for (const [object, line] of this.#objects) this.#enter(object, line, line.blockedUntil);
  }
}

function firstOf({
  places,
}: ObjectQueue): { readonly id: string; readonly place: number } | undefined {
  for (const [id, place] of places) return { id, place };
  return undefined;
}
