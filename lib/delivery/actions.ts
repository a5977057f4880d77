// What people do with a delivery: retry, rerun, release, discard. Each changes the store and nothing
// else: whoever calls tells it and wakes who must look. Where a gateway runs, it is called there;
// with none running, on the opened file.

import { type Delivery, type DeliveryState, isOnlyHeld } from '../core/delivery.ts';
import { deliveryIdOf } from '../core/delivery-id.ts';
import type { Archive, Journal, Outbox, StateChange } from '../core/store.ts';

/** Every act, in the order in which they are shown. */
export const ACTS = ['retry', 'rerun', 'release', 'discard'] as const;

/** What a person can do with a delivery. */
export type ActName = (typeof ACTS)[number];

/** What an act works on. */
interface ActParts {
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly archive: Archive;
  /** The triggers that are configured; absent where that is not known: with no gateway running. */
  readonly triggers?: ReadonlySet<string>;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** What became of an act. */
export type Acted =
  | {
      readonly done: true;
      /** As it stands now; for `rerun` the new one. */
      readonly delivery: Delivery;
      /** Where it stood before; for `rerun` where the one that it repeats stands. */
      readonly from: DeliveryState;
    }
  | {
      readonly done: false;
      /** `no-trigger`: nothing could attempt it, for its trigger is not configured. */
      readonly why: 'not-found' | 'state' | 'full' | 'no-trigger';
      /** Where it stands; null where there is none. */
      readonly state: DeliveryState | null;
    };

type ActionChange = Pick<StateChange, 'from' | 'next' | 'isRetry' | 'now'>;

const RETRIED: readonly DeliveryState[] = [
  'waiting',
  'refused',
  'unknown',
  'dead',
  'orphaned',
  'discarded',
];
const DISCARDED: readonly DeliveryState[] = [
  'waiting',
  'held',
  'open',
  'refused',
  'unknown',
  'dead',
  'orphaned',
];

/**
 * Does what a person asks with the delivery of this id.
 *
 * **Shape**: `retry` attempts it again, under its id; `rerun` starts it anew, under an id of its own,
 * and leaves it as it is; `release` starts what a limit held; `discard` lets it rest.
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
    // Later than every attempt of before also where the clock was set back, so that none counts.
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

/** Whether somebody could do what the act asks for: everything but letting it rest is its trigger's. */
function hasTrigger(name: ActName, { trigger }: Delivery, triggers: ActParts['triggers']): boolean {
  return name === 'discard' || triggers?.has(trigger) !== false;
}

/** What a person can do with a delivery as it stands, in the order of `ACTS`. */
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
  // Only from where it was found: what is told of it, and why it is dead, hang on it.
  const answer = await outbox.change({ id, ...changed, from: [from] });
  if (answer.done) return { done: true, delivery: answer.delivery, from };
  return { done: false, why: answer.state === null ? 'not-found' : 'state', state: answer.state };
}

/** A number that was used before is another's id, although what had it may be forgotten. */
async function rerun(delivery: Delivery, parts: ActParts): Promise<Acted> {
  const { archive, journal, now } = parts;
  const { bucket, number } = parseBucket(delivery.bucket);
  const decision = await archive.decision(delivery.id);
  for (let next = number + 1; ; next += 1) {
    const again = rerunOf(delivery, { bucket: `${bucket}/rerun-${next}`, now });
    if ((await archive.get(again.id)) !== null) continue;
    const decisions = decision === null ? [] : [{ ...decision, id: again.id }];
    const added = { ...NOTHING, deliveries: [again], decisions, now };
    const committed = await journal.commit(added);
    if (!committed.done) return { done: false, why: 'full', state: delivery.state };
    if (committed.existing.has(again.id)) continue;
    return { done: true, delivery: again, from: delivery.state };
  }
}

function rerunOf(delivery: Delivery, { bucket, now }: { bucket: string; now: number }): Delivery {
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

const RERUN = /^(?<bucket>.*)\/rerun-(?<number>\d+)$/s;

/** The bucket of the first one, and which rerun of it this is; 0: none. */
function parseBucket(text: string): { readonly bucket: string; readonly number: number } {
  const { bucket = text, number = '0' } = RERUN.exec(text)?.groups ?? {};
  return { bucket, number: Number(number) };
}

function waitingSince(now: number): StateChange['next'] {
  return { state: 'waiting', dead: null, dueAt: now };
}
