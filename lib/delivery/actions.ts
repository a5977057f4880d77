// Actions of a user on a delivery: retry, rerun, release, discard. Each changes the store and
// nothing else: the caller observes it and wakes the lane. A running gateway calls them; without
// one, the command line calls them on the opened store.

import { type Delivery, type DeliveryState, isOnlyHeld } from '../core/delivery.ts';
import { deliveryIdOf, parseBucket, rerunBucket } from '../core/delivery-id.ts';
import type { Archive, Journal, Outbox, StateChange } from '../core/ports/store.ts';

/** Every action, in display order. */
export const ACTS = ['retry', 'rerun', 'release', 'discard'] as const;

/** Name of an action. */
export type ActName = (typeof ACTS)[number];

interface ActParts {
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly archive: Archive;
  /** The configured triggers; absent if they are not known because no gateway runs. */
  readonly triggers?: ReadonlySet<string>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** Result of an action. */
export type Acted =
  | {
      readonly done: true;
      /** The changed delivery; for `rerun` the new one. */
      readonly delivery: Delivery;
      /** State before the action; for `rerun` the state of the delivery that is repeated. */
      readonly from: DeliveryState;
    }
  | {
      readonly done: false;
      /** `no-trigger`: no lane could attempt it, because its trigger is not configured. */
      readonly why: 'not-found' | 'state' | 'full' | 'no-trigger';
      /** Its current state; null if there is no such delivery. */
      readonly state: DeliveryState | null;
    };

type ActionChange = Pick<StateChange, 'from' | 'next' | 'isRetry' | 'now'>;

const RETRIED = ['waiting', 'refused', 'unknown', 'dead', 'orphaned', 'discarded'] as const;
const DISCARDED = ['waiting', 'held', 'open', 'refused', 'unknown', 'dead', 'orphaned'] as const;

/**
 * Applies an action to the delivery of this id.
 *
 * **Shape**: `retry` attempts it again under its id. `rerun` starts a copy under a new id and
 * leaves the original unchanged. `release` starts a delivery that a limit held. `discard` ends it.
 */
export async function act(name: ActName, id: string, parts: ActParts): Promise<Acted> {
  const delivery = await parts.archive.get(id);
  if (delivery === null) return { done: false, why: 'not-found', state: null };
  if (!hasTrigger(name, delivery, parts.triggers)) {
    return { done: false, why: 'no-trigger', state: delivery.state };
  }
  if (name === 'rerun') return rerun(delivery, parts);
  return change(delivery, CHANGES[name](delivery, parts.now), parts);
}

const CHANGES = {
  retry: ({ attempts }, now) => {
    // Later than every earlier attempt, even if the clock was set back, so that none counts.
    const retriedAt = Math.max(now, (attempts.at(-1)?.at ?? 0) + 1);
    return { from: RETRIED, next: waitingSince(now), isRetry: true, now: retriedAt };
  },
  release: (delivery, now) => {
    const from = delivery.state === 'dead' && isOnlyHeld(delivery) ? 'dead' : 'held';
    return { from: [from], next: waitingSince(now), now };
  },
  discard: (_delivery, now) => ({
    from: DISCARDED,
    next: { state: 'discarded', dead: null, dueAt: now },
    now,
  }),
} as const satisfies Record<
  Exclude<ActName, 'rerun'>,
  (delivery: Delivery, now: number) => ActionChange
>;

/** Whether the trigger that the action needs is configured; only `discard` needs none. */
function hasTrigger(name: ActName, { trigger }: Delivery, triggers: ActParts['triggers']): boolean {
  return name === 'discard' || triggers?.has(trigger) !== false;
}

/** Actions that are possible in the current state of a delivery, in the order of `ACTS`. */
export function possibleActs(
  delivery: Delivery,
  triggers?: ActParts['triggers'],
): readonly ActName[] {
  return ACTS.filter((name) => {
    if (!hasTrigger(name, delivery, triggers)) return false;
    if (name === 'rerun') return true;
    const { from }: ActionChange = CHANGES[name](delivery, 0);
    return from.includes(delivery.state);
  });
}

async function change(
  { id, state: from }: Delivery,
  { from: allowed, ...changed }: ActionChange,
  { outbox }: ActParts,
): Promise<Acted> {
  if (!allowed.includes(from)) return { done: false, why: 'state', state: from };
  // Only from the state that was read: the observation and the reason of a dead letter need it.
  const answer = await outbox.change({ id, ...changed, from: [from] });
  if (answer.done) return { done: true, delivery: answer.delivery, from };
  return { done: false, why: answer.state === null ? 'not-found' : 'state', state: answer.state };
}

/** Takes the next number that was never used: it is part of an id, and ids are unique for ever. */
async function rerun(delivery: Delivery, parts: ActParts): Promise<Acted> {
  const { archive, journal, now } = parts;
  const { bucket, number } = parseBucket(delivery.bucket);
  const decision = await archive.decision(delivery.id);
  for (let next = number + 1; ; next += 1) {
    const again = rerunOf(delivery, rerunBucket(bucket, next), now);
    if ((await archive.get(again.id)) !== null) continue;
    const decisions = decision === null ? [] : [{ ...decision, id: again.id }];
    const committed = await journal.commit({ ...NOTHING, deliveries: [again], decisions, now });
    if (!committed.done) return { done: false, why: 'full', state: delivery.state };
    if (committed.existing.has(again.id)) continue;
    return { done: true, delivery: again, from: delivery.state };
  }
}

function rerunOf(delivery: Delivery, bucket: string, now: number): Delivery {
  return {
    ...delivery,
    id: deliveryIdOf(delivery.key, bucket),
    bucket,
    ...waitingSince(now),
    createdAt: now,
    attempts: [],
    started: null,
    deaths: 0,
    retriedAt: null,
  };
}

const NOTHING = {
  positions: new Map(),
  ledger: [],
  seen: [],
  gone: [],
  listed: [],
  gaps: [],
  readMs: 0,
} as const;

function waitingSince(now: number): StateChange['next'] {
  return { state: 'waiting', dead: null, dueAt: now };
}
