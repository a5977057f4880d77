// All held deliveries, in one queue for each namespace and trigger; the queues take turns.
// Namespaces share the bound on held deliveries of a trigger. At the bound a shorter queue still
// accepts a delivery, and the longest queue evicts one. No I/O, no budgets (limiter.ts) and no
// clock.

import { countBefore } from '../kit/data/sorted.ts';
import { type HeldDelivery, HeldInNamespace, type QueueKey } from './held-in-namespace.ts';

/**
 * Lengths of the queues of one trigger, including deliveries whose commit is under way. Each delivery
 * above a limit asks for sum and maximum, which would take 0.3 ms over 5,000 namespaces.
 */
class QueueLengths {
  readonly #lengths = new Map<string, number>();
  /** Length → number of namespaces with it. */
  readonly #counts = new Map<number, number>();
  total = 0;
  longest = 0;

  of(namespace: string): number {
    return this.#lengths.get(namespace) ?? 0;
  }

  change(namespace: string, by: 1 | -1): void {
    const before = this.of(namespace);
    const after = before + by;
    change(this.#lengths, namespace, by);
    change(this.#counts, before, -1);
    change(this.#counts, after, 1);
    this.total += by;
    if (after > this.longest) this.longest = after;
    else if (before === this.longest && !this.#counts.has(before)) this.longest = after;
  }
}

/** The one owner of the held deliveries in memory. */
export class HeldDeliveries {
  readonly #bound: number;
  /** In the order of their turns: by trigger and namespace. */
  readonly #queues: HeldInNamespace[] = [];
  readonly #queueOf = new Map<string, HeldInNamespace>();
  /** Involved object → number of its held deliveries. */
  readonly #objects = new Map<string, number>();
  readonly #lengths = new Map<string, QueueLengths>();
  /** Deliveries whose commit is under way, with the time at which their object has a token. */
  #reserved: { readonly held: HeldDelivery; readonly blockedUntil: number }[] = [];
  #lastTurn: QueueKey | null = null;

  /** `bound`: the most held deliveries of one trigger. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#queueOf.size;
  }

  /** All queues, in the order of their turns: by trigger and namespace. */
  get queues(): readonly HeldInNamespace[] {
    return this.#queues;
  }

  /** Whether any object waits because its own budget is used up. */
  get isAnyBlocked(): boolean {
    return this.#queues.some(({ blockedObjects }) => blockedObjects > 0);
  }

  /** Whether a delivery of this object is held: the next one must wait behind it. */
  hasObject(object: string): boolean {
    return this.#objects.has(object);
  }

  /** The longest queue of a trigger; undefined if it holds nothing. */
  longestOf(trigger: string): HeldInNamespace | undefined {
    return this.#of(trigger).toSorted((a, b) => b.size - a.size)[0];
  }

  /** The queue of a held delivery, by its id. */
  find(id: string): HeldInNamespace | undefined {
    return this.#queueOf.get(id);
  }

  /** Whether one more may be held: there is room, or a longer queue can evict one. */
  admits({ trigger, namespace }: QueueKey): boolean {
    const lengths = this.#lengths.get(trigger);
    if (lengths === undefined || lengths.total < this.#bound) return true;
    return lengths.of(namespace) + 1 < lengths.longest;
  }

  /** Reserves a place for a delivery that is about to be committed. */
  reserve(held: HeldDelivery, blockedUntil: number): void {
    this.#count(held, 1);
    this.#reserved.push({ held, blockedUntil });
  }

  /** Ends every reservation: stored deliveries are held, the others are dropped. */
  settleReservations(isStored: (id: string) => boolean): void {
    for (const { held, blockedUntil } of this.#reserved) {
      if (isStored(held.id)) this.#enter(held, blockedUntil);
      else this.#count(held, -1);
    }
    this.#reserved = [];
  }

  /** Adds a delivery that is in the store already. */
  add(held: HeldDelivery): void {
    if (this.#queueOf.has(held.id)) return;
    this.#count(held, 1);
    this.#enter(held, 0);
  }

  /** Removes one, for any reason; `blockedUntil` as in `HeldInNamespace.remove`. */
  remove(id: string, blockedUntil?: number): HeldDelivery | undefined {
    const queue = this.#queueOf.get(id);
    const held = queue?.remove(id, blockedUntil);
    if (queue === undefined || held === undefined) return undefined;
    this.#queueOf.delete(id);
    this.#count(held, -1);
    if (queue.size === 0) this.#queues.splice(this.#queues.indexOf(queue), 1);
    return held;
  }

  /** The delivery that starts next if there is a token: of the queue whose turn it is. */
  next(now: number, waitMs: (object: string) => number): HeldDelivery | undefined {
    const first = this.inTurn().map((queue) => queue.next(now, waitMs));
    return first.find((held) => held !== undefined);
  }

  /** The queue that had the last turn; null before the first one. */
  get lastTurn(): QueueKey | null {
    return this.#lastTurn;
  }

  /** Records the last turn: the next one belongs to the queue behind it. */
  noteTurn({ trigger, namespace }: QueueKey): void {
    this.#lastTurn = { trigger, namespace };
  }

  /** The queues in the order of the coming turns. */
  *inTurn(): Generator<HeldInNamespace, void> {
    const { length } = this.#queues;
    const from = this.#lastTurn === null ? 0 : this.#placeBehind(this.#lastTurn);
    for (let step = 0; step < length; step += 1) {
      const queue = this.#queues[(from + step) % length];
      if (queue !== undefined) yield queue;
    }
  }

  /** When the first object that waits for its own budget has a token; infinite if none waits. */
  get blockedUntil(): number {
    return leastOf(this.#queues, ({ blockedUntil }) => blockedUntil);
  }

  /** Since when the oldest delivery is held; infinite if there is none. */
  get oldestSince(): number {
    return leastOf(this.#queues, ({ oldest }) => oldest?.since ?? Number.POSITIVE_INFINITY);
  }

  /** Deliveries that are held since this moment or longer. */
  heldSince(moment: number): readonly HeldDelivery[] {
    return this.#queues.flatMap((queue) => {
      const held: HeldDelivery[] = [];
      for (const one of queue.all) {
        if (one.since > moment) break;
        held.push(one);
      }
      return held;
    });
  }

  /** Deliveries above the bound, to be evicted: the youngest of the longest queues. */
  surplus(): readonly HeldDelivery[] {
    return [...this.#lengths].flatMap(([trigger, { total }]) =>
      total > this.#bound ? surplusOf(this.#of(trigger), total - this.#bound) : [],
    );
  }

  #of(trigger: string): readonly HeldInNamespace[] {
    return this.#queues.filter(({ key }) => key.trigger === trigger);
  }

  #enter(held: HeldDelivery, blockedUntil: number): void {
    const { id, trigger, namespace } = held;
    const place = this.#placeOf(held);
    const there = this.#queues[place];
    const isOwn = there !== undefined && compare(there.key, held) === 0;
    const queue = isOwn ? there : new HeldInNamespace({ trigger, namespace });
    if (!isOwn) this.#queues.splice(place, 0, queue);
    queue.add(held, blockedUntil);
    this.#queueOf.set(id, queue);
  }

  #count({ trigger, namespace, object }: HeldDelivery, by: 1 | -1): void {
    const lengths = this.#lengths.get(trigger) ?? new QueueLengths();
    lengths.change(namespace, by);
    if (lengths.total === 0) this.#lengths.delete(trigger);
    else this.#lengths.set(trigger, lengths);
    change(this.#objects, object, by);
  }

  /** Place of a queue, or the place that it would have. */
  #placeOf(key: QueueKey): number {
    return countBefore(this.#queues, (there) => compare(there.key, key) < 0);
  }

  #placeBehind(key: QueueKey): number {
    return countBefore(this.#queues, (there) => compare(there.key, key) <= 0);
  }
}

/** Adds to a count; a key of nothing is deleted. */
function change<Key>(counts: Map<Key, number>, key: Key, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count <= 0) counts.delete(key);
  else counts.set(key, count);
}

function compare(a: QueueKey, b: QueueKey): number {
  if (a.trigger !== b.trigger) return a.trigger < b.trigger ? -1 : 1;
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return 0;
}

function leastOf(
  queues: readonly HeldInNamespace[],
  of: (queue: HeldInNamespace) => number,
): number {
  return queues.reduce((least, queue) => Math.min(least, of(queue)), Number.POSITIVE_INFINITY);
}

/** This many deliveries of the longest queues, so that the rests are as equal as possible. */
function surplusOf(queues: readonly HeldInNamespace[], count: number): readonly HeldDelivery[] {
  const sorted = queues.toSorted((a, b) => a.size - b.size);
  let left = queues.reduce((sum, { size }) => sum + size, 0) - count;
  return sorted.flatMap((queue, place) => {
    // A short queue leaves part of its share to the longer ones.
    const kept = Math.min(queue.size, Math.floor(left / (sorted.length - place)));
    left -= kept;
    return queue.youngest(queue.size - kept);
  });
}
