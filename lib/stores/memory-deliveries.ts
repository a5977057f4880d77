// The deliveries of the memory store, and the one place where a state of one changes, so that the
// queues never disagree with them. Unsettled ones are all kept; settled ones until they give way.

import {
  type Delivery,
  type DeliveryState,
  eventNamespaceOf,
  UNSETTLED_STATES,
} from '../core/delivery.ts';
import type { ClaimRequest, DecisionRecord, DeliveryCount, DeliveryQuery } from '../core/store.ts';
import { MemoryQueue, type Queued } from './memory-queue.ts';

/** Settled deliveries kept for those who ask; older ones go first. About 20 MB of usual Events. */
const SETTLED_KEPT = 10_000;

/** Places of deliveries that went lately, for a page that begins behind one of them. */
const PLACES_KEPT = 10_000;

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

/** Deliveries in memory. */
export class MemoryDeliveries {
  readonly #kept = new Map<string, Packed>();
  readonly #decisions = new Map<string, DecisionRecord>();
  readonly #queues = new Map<string, MemoryQueue>();
  /** Id → when it was settled last, the oldest first. */
  readonly #settled = new Map<string, number>();
  readonly #placesGone = new Map<string, number>();
  #places = 0;
  #shiftMs = 0;
  /** Characters of what is kept: near enough to its bytes. */
  #bytes = 0;

  /** How much is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a new one in. */
  add(delivery: Delivery): void {
    const kept = packed(delivery, (this.#places += 1));
    this.#kept.set(delivery.id, kept);
    this.#bytes += kept.text.length;
    if (delivery.state === 'waiting') this.#queueOf(delivery.trigger).put(this.#queued(kept));
  }

  /** Notes why one was made. */
  explain(decision: DecisionRecord): void {
    this.#decisions.set(decision.id, decision);
  }

  /** Why one was made. */
  decision(id: string): DecisionRecord | null {
    return this.#decisions.get(id) ?? null;
  }

  /** One as it is kept. */
  find(id: string): Packed | undefined {
    return this.#kept.get(id);
  }

  /** Those that may be attempted now. */
  due({ trigger, now, ...request }: ClaimRequest): readonly Packed[] {
    const due = this.#queueOf(trigger).due({ ...request, now: now - this.#shiftMs });
    return due.flatMap(({ id }) => this.#kept.get(id) ?? []);
  }

  /** When one may fall due next. */
  next(trigger: string): number | null {
    const at = this.#queueOf(trigger).next();
    return at === null ? null : at + this.#shiftMs;
  }

  /** Changes one. */
  replace(before: Packed, changes: Changes, now: number): Delivery {
    const after = changed(before, changes);
    const [from, to] = [before.head.state, after.head.state];
    const { id, trigger } = after.head;
    const queue = this.#queueOf(trigger);
    this.#kept.set(id, after);
    if (from === 'waiting') queue.remove(this.#queued(before));
    if (to === 'waiting') queue.put(this.#queued(after));
    if (from !== 'running' && to === 'running') queue.countRunning(this.#queued(after), 1);
    if (from === 'running' && to !== 'running') queue.countRunning(this.#queued(after), -1);
    // One that was retried is no longer settled; it comes back at the end when it is.
    this.#settled.delete(id);
    if (!UNSETTLED.has(to)) this.#keepSettled(id, now);
    // As it was at work, so that whoever settles it parses nothing.
    return unpacked({ ...after, occurrences: after.occurrences ?? before.occurrences });
  }

  /** Moves when everything unsettled is due. */
  shift(byMs: number): void {
    this.#shiftMs += byMs;
    for (const [id, kept] of this.#kept) {
      const { state, dueAt } = kept.head;
      if (UNSETTLED.has(state)) this.#kept.set(id, changed(kept, { dueAt: dueAt + byMs }));
    }
  }

  /** Hands those of a trigger to another; none of them runs. */
  rename(from: string, to: string): void {
    for (const [id, before] of this.#kept) {
      const { trigger, state, attempts } = before.head;
      const isLost = attempts.some(({ outcome }) => outcome?.outcome === 'unknown');
      if (trigger !== from || (isLost && UNSETTLED.has(state))) continue;
      const after = changed(before, { trigger: to });
      this.#kept.set(id, after);
      if (state !== 'waiting') continue;
      this.#queueOf(from).remove(this.#queued(before));
      this.#queueOf(to).put(this.#queued(after));
    }
  }

  /** Whether one is there that goes on by itself. */
  isUnsettled(id: string): boolean {
    const kept = this.#kept.get(id);
    return kept !== undefined && UNSETTLED.has(kept.head.state);
  }

  /** Lets the settled one go that has been so for longest; false where there is none. */
  forgetOldest(settledBefore = Number.POSITIVE_INFINITY): boolean {
    for (const [id, settledAt] of this.#settled) {
      if (settledAt >= settledBefore) return false;
      this.#forget(id);
      return true;
    }
    return false;
  }

  /** A page of them. */
  list(query: DeliveryQuery): readonly Delivery[] {
    const { limit, after, order = 'oldest' } = query;
    const kept = [...this.#kept.values()];
    if (order === 'newest') kept.reverse();
    const from = after === undefined ? null : this.#placeOf(after);
    // Of one that nobody knows nothing is behind.
    if (from === undefined) return [];
    const isBehind = ({ place }: Packed): boolean =>
      from === null || (order === 'newest' ? place < from : place > from);
    const found: Delivery[] = [];
    for (const one of kept) {
      if (found.length >= limit) break;
      if (isBehind(one) && fits(one.head, query)) found.push(unpacked(one));
    }
    return found;
  }

  /** How many stand where. */
  counts(): readonly DeliveryCount[] {
    const counts = new Map<string, DeliveryCount>();
    for (const { head } of this.#kept.values()) {
      const { trigger, state } = head;
      const place = `${state} ${trigger}`;
      counts.set(place, { trigger, state, count: (counts.get(place)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  #keepSettled(id: string, now: number): void {
    this.#settled.set(id, now);
    if (this.#settled.size > SETTLED_KEPT) this.forgetOldest();
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    this.#bytes -= kept?.text.length ?? 0;
    this.#kept.delete(id);
    this.#settled.delete(id);
    this.#decisions.delete(id);
    if (kept !== undefined) this.#placesGone.set(id, kept.place);
    for (const oldest of this.#placesGone.keys()) {
      if (this.#placesGone.size <= PLACES_KEPT) break;
      this.#placesGone.delete(oldest);
    }
  }

  #placeOf(id: string): number | undefined {
    return this.#kept.get(id)?.place ?? this.#placesGone.get(id);
  }

  #queued({ head, place, namespace }: Packed): Queued {
    const { id, object, dueAt } = head;
    const last = head.attempts.at(-1);
    const endedAt = last === undefined ? null : last.at + (last.durationMs ?? 0) - this.#shiftMs;
    return { id, object, namespace, dueAt: dueAt - this.#shiftMs, place, endedAt };
  }

  #queueOf(trigger: string): MemoryQueue {
    const known = this.#queues.get(trigger);
    if (known !== undefined) return known;
    const made = new MemoryQueue();
    this.#queues.set(trigger, made);
    return made;
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

// A delivery as it is kept in memory: while nobody works on it, its occurrences are one text. An
// Event is some hundred small objects; ten thousand of them at rest would make every collection of
// garbage a long one, and a backlog several times as large. Nothing else is done to a delivery here.

/** Everything of a delivery but its occurrences. */
type DeliveryHead = Omit<Delivery, 'occurrences'>;

/** A delivery at rest or at work. */
interface Packed {
  readonly head: DeliveryHead;
  /** In the order in which deliveries were committed. */
  readonly place: number;
  /** Of its first Event. */
  readonly namespace: string;
  /** Its occurrences, as JSON. */
  readonly text: string;
  /** The same while it is worked on, so that they are parsed once. */
  readonly occurrences: Delivery['occurrences'] | null;
}

/** What of a delivery changes while it is kept. */
type Changes = Partial<
  Pick<
    Delivery,
    'trigger' | 'state' | 'dead' | 'dueAt' | 'attempts' | 'started' | 'deaths' | 'retriedAt'
  >
>;

/** Packs a delivery; later changes of what was handed in change nothing. */
export function packed(delivery: Delivery, place = 0): Packed {
  const { occurrences, ...head } = delivery;
  const text = JSON.stringify(occurrences);
  const namespace = eventNamespaceOf(delivery);
  return { head: Object.freeze(head), place, namespace, text, occurrences: null };
}

/** The delivery as it is handed out. */
export function unpacked({ head, text, occurrences }: Packed): Delivery {
  return Object.freeze({ ...head, occurrences: occurrences ?? parsed(text) });
}

/** The same delivery after a change; one that is running has its occurrences at hand. */
export function changed(before: Packed, changes: Changes): Packed {
  const { head, text, occurrences } = before;
  const next = Object.freeze({ ...head, ...changes });
  const isAtWork = next.state === 'running';
  return { ...before, head: next, occurrences: isAtWork ? (occurrences ?? parsed(text)) : null };
}

function parsed(text: string): Delivery['occurrences'] {
  return JSON.parse(text) as Delivery['occurrences'];
}
