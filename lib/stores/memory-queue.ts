// The waiting deliveries of one trigger: which one may be attempted now, without a blocked object
// hiding the others. A heap holds for each involved object when to look at it again; entries that
// have been overtaken stay in and are recognised by their stamp.
import type { Delivery } from '../core/delivery.ts';
import type { ClaimRequest } from '../core/store.ts';
import { Heap } from '../kit/heap.ts';
import { OVERTAKE_MS } from './overtaking.ts';

/** What of a delivery decides when it is its turn. */
export type Queued = Pick<Delivery, 'id' | 'object' | 'dueAt' | 'attempts'>;

interface ObjectQueue {
  readonly object: string;
  /** In the order in which they were committed. */
  waiting: Map<string, Queued>;
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

/** The waiting deliveries of one trigger. */
export class MemoryQueue {
  readonly #objects = new Map<string, ObjectQueue>();
  readonly #looks = new Heap<Look>((a, b) => a.at - b.at || a.stamp - b.stamp);
  /** In which order the unsettled deliveries came first, whatever they went through since. */
  readonly #places = new Map<string, number>();
  #stamps = 0;
  #arrivals = 0;

  /** Adds a waiting delivery; one that waited before gets its old place back. */
  put(delivery: Queued): void {
    const queue = this.#queueOf(delivery.object);
    const isBack = this.#places.has(delivery.id);
    if (!isBack) this.#places.set(delivery.id, (this.#arrivals += 1));
    queue.waiting.set(delivery.id, delivery);
    if (isBack) this.#sort(queue);
    this.#lookAgain(queue, Math.min(queue.notBefore, delivery.dueAt));
  }

  /** Takes a delivery out, whatever the reason. */
  remove(delivery: Queued): void {
    const queue = this.#queueOf(delivery.object);
    queue.waiting.delete(delivery.id);
    this.#lookAgain(queue, queue.notBefore);
  }

  /** A delivery is settled and will not wait again. */
  forget(id: string): void {
    this.#places.delete(id);
  }

  /** Notes that an attempt of this object began (1) or ended (-1). */
  countRunning(object: string, change: 1 | -1): void {
    const queue = this.#queueOf(object);
    queue.running += change;
    this.#lookAgain(queue, queue.notBefore);
  }

  /** What may be attempted now: oldest due first, at most one for each free object. */
  due(request: Pick<ClaimRequest, 'now' | 'limit' | 'order'>): readonly Queued[] {
    const found: Queued[] = [];
    while (found.length < request.limit) {
      const queue = this.#nextDue(request.now);
      if (queue === undefined) break;
      const candidate = candidateOf(queue, request);
      if (candidate.delivery === undefined) this.#lookAgain(queue, candidate.lookAt);
      else found.push(candidate.delivery);
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

  #sort(queue: ObjectQueue): void {
    const place = (id: string): number => this.#places.get(id) ?? 0;
    const sorted = [...queue.waiting].sort(([a], [b]) => place(a) - place(b));
    queue.waiting = new Map(sorted);
  }

  #nextDue(now: number): ObjectQueue | undefined {
    const at = this.next();
    if (at === null || at > now) return undefined;
    const look = this.#looks.pop();
    return look === undefined ? undefined : this.#objects.get(look.object);
  }

  #lookAgain(queue: ObjectQueue, at: number): void {
    queue.stamp = this.#stamps += 1;
    queue.notBefore = queue.waiting.size === 0 ? Number.POSITIVE_INFINITY : at;
    if (queue.waiting.size === 0 && queue.running === 0) this.#objects.delete(queue.object);
    else if (queue.waiting.size > 0 && queue.running === 0) {
      this.#looks.push({ at, object: queue.object, stamp: queue.stamp });
    }
  }

  #queueOf(object: string): ObjectQueue {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const made = {
      object,
      waiting: new Map(),
      running: 0,
      notBefore: Number.POSITIVE_INFINITY,
      stamp: 0,
    };
    this.#objects.set(object, made);
    return made;
  }
}

interface Candidate {
  readonly delivery: Queued | undefined;
  /** When to look again where there is no delivery. */
  readonly lookAt: number;
}

function candidateOf(
  queue: ObjectQueue,
  { now, order }: Pick<ClaimRequest, 'now' | 'order'>,
): Candidate {
  return order === 'object' ? firstInOrder(queue, now) : firstDue(queue, now);
}

function firstDue(queue: ObjectQueue, now: number): Candidate {
  let lookAt = Number.POSITIVE_INFINITY;
  for (const delivery of queue.waiting.values()) {
    if (delivery.dueAt <= now) return { delivery, lookAt: now };
    lookAt = Math.min(lookAt, delivery.dueAt);
  }
  return { delivery: undefined, lookAt };
}

function firstInOrder(queue: ObjectQueue, now: number): Candidate {
  let lookAt = Number.POSITIVE_INFINITY;
  for (const delivery of queue.waiting.values()) {
    if (delivery.dueAt <= now) return { delivery, lookAt: now };
    const passableAt = retryingSince(delivery) + OVERTAKE_MS;
    lookAt = Math.min(lookAt, delivery.dueAt);
    if (passableAt > now) return { delivery: undefined, lookAt: Math.min(lookAt, passableAt) };
  }
  return { delivery: undefined, lookAt };
}

/** When the last attempt ended; a delivery that was never attempted can not be overtaken. */
function retryingSince(delivery: Queued): number {
  const last = delivery.attempts.at(-1);
  return last === undefined ? Number.POSITIVE_INFINITY : last.at + (last.durationMs ?? 0);
}
