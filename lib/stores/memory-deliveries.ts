// The deliveries of the memory store. Their states change only here, so that the queues never
// disagree with them. Every unsettled delivery is kept, and a bounded number of settled ones.

import { type Delivery, eventNamespaceOf, isUnsettled } from '../core/delivery.ts';
import type {
  ClaimRequest,
  DecisionRecord,
  DeliveryCount,
  DeliveryQuery,
} from '../core/ports/store.ts';
import { MemoryQueue, type Queued } from './memory-queue.ts';
import { dropOldest } from './store-kind.ts';

/** Settled deliveries kept for listings; the oldest is deleted first. About 20 MB of usual Events. */
const SETTLED_KEPT = 10_000;

/** Places kept of deleted deliveries, for a page that begins after one of them. */
const DELETED_PLACES_KEPT = 10_000;

/** Stores deliveries in memory. */
export class MemoryDeliveries {
  readonly #kept = new Map<string, Packed>();
  readonly #decisions = new Map<string, DecisionRecord>();
  readonly #queues = new Map<string, MemoryQueue>();
  /** Id → time of its last settlement, the oldest first. */
  readonly #settled = new Map<string, number>();
  readonly #deletedPlaces = new Map<string, number>();
  #places = 0;
  #shiftMs = 0;
  /** Characters of all packed occurrences, as an estimate of the bytes. */
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(delivery: Delivery): void {
    const kept = pack(delivery, (this.#places += 1));
    this.#kept.set(delivery.id, kept);
    this.#bytes += kept.text.length;
    if (delivery.state === 'waiting') this.#queueOf(delivery.trigger).put(this.#queued(kept));
  }

  addDecision(decision: DecisionRecord): void {
    this.#decisions.set(decision.id, decision);
  }

  decision(id: string): DecisionRecord | null {
    return this.#decisions.get(id) ?? null;
  }

  find(id: string): Packed | undefined {
    return this.#kept.get(id);
  }

  due({ trigger, now, ...request }: ClaimRequest): readonly Packed[] {
    const due = this.#queueOf(trigger).due({ ...request, now: now - this.#shiftMs });
    return due.flatMap(({ id }) => this.#kept.get(id) ?? []);
  }

  next(trigger: string): number | null {
    const at = this.#queueOf(trigger).next();
    return at === null ? null : at + this.#shiftMs;
  }

  replace(before: Packed, changes: Changes, now: number): Delivery {
    const after = withChanges(before, changes);
    const [from, to] = [before.head.state, after.head.state];
    const { id, trigger } = after.head;
    const queue = this.#queueOf(trigger);
    this.#kept.set(id, after);
    if (from === 'waiting') queue.remove(this.#queued(before));
    if (to === 'waiting') queue.put(this.#queued(after));
    if (from !== 'running' && to === 'running') queue.countRunning(this.#queued(after), 1);
    if (from === 'running' && to !== 'running') queue.countRunning(this.#queued(after), -1);
    // A retried delivery is no longer settled. Once settled again it becomes the newest.
    this.#settled.delete(id);
    if (!isUnsettled(to)) this.#settled.set(id, now);
    if (this.#settled.size > SETTLED_KEPT) this.forgetOldest();
    // Reuses the parsed occurrences of a running delivery, so that its settlement parses nothing.
    return unpack({ ...after, occurrences: after.occurrences ?? before.occurrences });
  }

  shift(byMs: number): void {
    this.#shiftMs += byMs;
    for (const [id, kept] of this.#kept) {
      const { state, dueAt } = kept.head;
      if (isUnsettled(state)) this.#kept.set(id, withChanges(kept, { dueAt: dueAt + byMs }));
    }
  }

  /** Moves the deliveries of a trigger to another; none of them may be running. */
  rename(from: string, to: string): void {
    for (const [id, before] of this.#kept) {
      const { trigger, state, attempts } = before.head;
      const isLost = attempts.some(({ outcome }) => outcome?.outcome === 'unknown');
      if (trigger !== from || (isLost && isUnsettled(state))) continue;
      const after = withChanges(before, { trigger: to });
      this.#kept.set(id, after);
      if (state !== 'waiting') continue;
      this.#queueOf(from).remove(this.#queued(before));
      this.#queueOf(to).put(this.#queued(after));
    }
  }

  isUnsettled(id: string): boolean {
    const kept = this.#kept.get(id);
    return kept !== undefined && isUnsettled(kept.head.state);
  }

  /** Deletes the delivery that was settled first; false if there is none. */
  forgetOldest(settledBefore = Number.POSITIVE_INFINITY): boolean {
    const [oldest] = this.#settled;
    if (oldest === undefined || oldest[1] >= settledBefore) return false;
    this.#forget(oldest[0]);
    return true;
  }

  list(query: DeliveryQuery): readonly Delivery[] {
    const { limit, after, order = 'oldest' } = query;
    const kept = [...this.#kept.values()];
    if (order === 'newest') kept.reverse();
    const from =
      after === undefined ? null : (this.#kept.get(after)?.place ?? this.#deletedPlaces.get(after));
    // No delivery is after an unknown one.
    if (from === undefined) return [];
    const isBehind = ({ place }: Packed): boolean =>
      from === null || (order === 'newest' ? place < from : place > from);
    const found = kept.values().filter((one) => isBehind(one) && fits(one.head, query));
    return found.take(limit).map(unpack).toArray();
  }

  counts(): readonly DeliveryCount[] {
    const counts = new Map<string, DeliveryCount>();
    for (const { head } of this.#kept.values()) {
      const { trigger, state } = head;
      const place = `${state} ${trigger}`;
      counts.set(place, { trigger, state, count: (counts.get(place)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    this.#bytes -= kept?.text.length ?? 0;
    this.#kept.delete(id);
    this.#settled.delete(id);
    this.#decisions.delete(id);
    if (kept !== undefined) this.#deletedPlaces.set(id, kept.place);
    dropOldest(this.#deletedPlaces, DELETED_PLACES_KEPT);
  }

  #queued({ head, place, namespace }: Packed): Queued {
    const { id, object, dueAt } = head;
    const last = head.attempts.at(-1);
    const endedAt = last === undefined ? null : last.at + (last.durationMs ?? 0) - this.#shiftMs;
    return { id, object, namespace, dueAt: dueAt - this.#shiftMs, place, endedAt };
  }

  #queueOf(trigger: string): MemoryQueue {
    const queue = this.#queues.get(trigger) ?? new MemoryQueue();
    this.#queues.set(trigger, queue);
    return queue;
  }
}

function fits(head: DeliveryHead, query: DeliveryQuery): boolean {
  const { states, trigger, rule, object, since = 0, until = Number.POSITIVE_INFINITY } = query;
  return (
    (states?.includes(head.state) ?? true) &&
    (trigger ?? head.trigger) === head.trigger &&
    (rule === undefined || rule === (head.rule.name ?? '')) &&
    (object ?? head.object) === head.object &&
    head.createdAt >= since &&
    head.createdAt < until
  );
}

type DeliveryHead = Omit<Delivery, 'occurrences'>;

/**
 * A stored delivery. Its occurrences are one JSON text unless it is running. An Event is about a
 * hundred small objects. Ten thousand parsed Events would slow every garbage collection and take
 * several times the memory.
 */
export interface Packed {
  readonly head: DeliveryHead;
  /** Its number in the order of commits. */
  readonly place: number;
  /** The namespace of its first Event. */
  readonly namespace: string;
  /** Its occurrences as JSON. */
  readonly text: string;
  /** The parsed occurrences while it is running, so that they are parsed once. */
  readonly occurrences: Delivery['occurrences'] | null;
}

type Changes = Partial<
  Pick<
    Delivery,
    'trigger' | 'state' | 'dead' | 'dueAt' | 'attempts' | 'started' | 'deaths' | 'retriedAt'
  >
>;

/** Packs a copy of a delivery. */
export function pack(delivery: Delivery, place = 0): Packed {
  const { occurrences, ...head } = delivery;
  const text = JSON.stringify(occurrences);
  const namespace = eventNamespaceOf(delivery);
  return { head: Object.freeze(head), place, namespace, text, occurrences: null };
}

/** Converts a packed delivery back. */
export function unpack({ head, text, occurrences }: Packed): Delivery {
  return Object.freeze({ ...head, occurrences: occurrences ?? parseOccurrences(text) });
}

/** Applies changes to a packed delivery; a running one gets its occurrences parsed. */
export function withChanges(before: Packed, changes: Changes): Packed {
  const { head, text, occurrences } = before;
  const next = Object.freeze({ ...head, ...changes });
  if (next.state !== 'running') return { ...before, head: next, occurrences: null };
  return { ...before, head: next, occurrences: occurrences ?? parseOccurrences(text) };
}

function parseOccurrences(text: string): Delivery['occurrences'] {
  return JSON.parse(text) as Delivery['occurrences'];
}
