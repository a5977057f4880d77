// Deliveries as documents: a summary for lists, and everything that is known of one. They are made of
// the port alone, so that a command that opened the file itself answers the same. Lists are read in
// small steps: a page never holds more Events than it must, however large they are.

import type { TrailEntry } from '../../core/decision.ts';
import type {
  Attempt,
  ClusterRef,
  DeadReason,
  DeliveredOccurrence,
  Delivery,
  DeliveryState,
  Outcome,
  Started,
} from '../../core/delivery.ts';
import { type Json, stringAt } from '../../core/event.ts';
import type { Archive, DecisionRecord, DeliveryQuery } from '../../core/store.ts';
import { type ActName, possibleActs } from '../../delivery/actions.ts';
import type { HeldForecast } from '../../intake/release-forecast.ts';
import { jsonSize } from '../../kit/data/json.ts';
import { timeOf } from '../time.ts';
import { cut } from './decision-documents.ts';
import type { PauseStanding } from './gateway-state.ts';

/** One attempt as documents show it. */
export interface AttemptDocument {
  readonly number: number;
  readonly at: string | null;
  readonly incarnation: string;
  /** Null while it runs, or where its process died and no other has begun since. */
  readonly outcome: Outcome | null;
  readonly durationMs: number | null;
}

/** How a limit holds a delivery. */
export interface HeldDocument {
  /** The budget of `limits` that it waits for. */
  readonly budget: HeldForecast['budget'];
  /** When it starts if the limits stay and nothing comes before it. */
  readonly releaseAt: string | null;
  /** When it is a dead letter if it did not start before. */
  readonly expiresAt: string | null;
}

/** Why a trigger makes no attempts now, as documents show it. */
export interface PauseDocument {
  readonly reason: PauseStanding['reason'];
  /** When one attempt is let through to see; in the past once it may be made. */
  readonly until: string | null;
  readonly why: string;
}

/** A delivery as lists show it. */
export interface DeliverySummary {
  readonly id: string;
  readonly state: DeliveryState;
  readonly dead: DeadReason | null;
  readonly trigger: string;
  readonly rule: { readonly index: number; readonly name: string | null };
  readonly object: string;
  /** Of its first Event. */
  readonly event: {
    readonly namespace: string;
    readonly name: string;
    readonly reason: string;
    readonly type: string;
    readonly count: number;
  };
  readonly createdAt: string | null;
  readonly dueAt: string | null;
  /** The limit that holds it, and until when; null: none does, or no gateway runs. */
  readonly held: HeldDocument | null;
  /** Why it is not attempted although it may be due; null when nothing but its time keeps it. */
  readonly paused: PauseDocument | null;
  readonly attemptCount: number;
  readonly lastAttempt: AttemptDocument | null;
  readonly lastFailure: AttemptDocument | null;
  readonly started: Started | null;
  readonly deaths: number;
  readonly retriedAt: string | null;
  /** What a person can do with it now. */
  readonly acts: readonly ActName[];
}

/** Everything that is known of a delivery. */
export interface WholeDelivery extends DeliverySummary {
  readonly bucket: string;
  readonly cluster: ClusterRef;
  readonly source: string;
  readonly match: Readonly<Record<string, string>>;
  readonly occurrences: readonly DeliveredOccurrence[];
  readonly attempts: readonly AttemptDocument[];
  /** As the filter chain made it then; null where that is not known any more. */
  readonly decision: { readonly at: string | null; readonly trail: readonly TrailEntry[] } | null;
}

/** A page of deliveries. */
interface DeliveryPage<Item extends DeliverySummary = DeliverySummary> {
  readonly items: readonly Item[];
  /** `after` of the next page; null where there is none. */
  readonly next: string | null;
}

// What a page of whole deliveries may weigh; larger Events make shorter pages.
const PAGE_WEIGHT = 8 * 1024 * 1024;
// So many are read at once at first: even the largest Events an API server takes fit then.
const FIRST_STEP = 16;
const LONGEST_STEP = 512;
const LIGHT = 1024 * 1024;

/** Facts that only a running gateway knows; an absent one is not known. */
export interface GatewayFacts {
  /** Names of the triggers that are configured. */
  readonly triggers?: ReadonlySet<string>;
  /** When a held delivery starts. */
  readonly forecast?: (id: string) => HeldForecast | null;
  /** Why a trigger makes no attempts now; null when it makes them. */
  readonly pause?: (trigger: string) => PauseStanding | null;
}

/** The states in which the time of the next attempt, or of being held, says something. */
const DUE: ReadonlySet<DeliveryState> = new Set(['waiting', 'held', 'open']);

/** Lists deliveries in short. */
export function listDeliveries(
  archive: Pick<Archive, 'list'>,
  query: DeliveryQuery,
  facts: GatewayFacts,
): Promise<DeliveryPage> {
  return listed(archive, query, async (delivery) => {
    return { item: toSummary(delivery, facts), weight: 0 };
  });
}

/** Lists deliveries with everything that is known of each; a page may be shorter than asked for. */
export function listWholeDeliveries(
  archive: Pick<Archive, 'list' | 'decision'>,
  query: DeliveryQuery,
  facts: GatewayFacts,
): Promise<DeliveryPage<WholeDelivery>> {
  return listed(archive, query, async (delivery) => {
    const item = toWhole(delivery, await archive.decision(delivery.id), facts);
    return { item, weight: jsonSize(asJson(item)) };
  });
}

/** Everything that is known of one; null where there is none of this id. */
export async function findDelivery(
  archive: Pick<Archive, 'get' | 'decision'>,
  id: string,
  facts: GatewayFacts,
): Promise<WholeDelivery | null> {
  const delivery = await archive.get(id);
  return delivery === null ? null : toWhole(delivery, await archive.decision(id), facts);
}

/** How many a query finds in all; null where only counting them one by one would tell. */
export async function countDeliveries(
  archive: Pick<Archive, 'counts'>,
  { states, trigger, rule, object, since, until }: Omit<DeliveryQuery, 'limit'>,
): Promise<number | null> {
  if ([rule, object, since, until].some((one) => one !== undefined)) return null;
  const counts = await archive.counts();
  return counts
    .filter((one) => states?.includes(one.state) ?? true)
    .filter((one) => (trigger ?? one.trigger) === one.trigger)
    .reduce((sum, { count }) => sum + count, 0);
}

/** A delivery as lists show it. */
export function toSummary(delivery: Delivery, facts: GatewayFacts): DeliverySummary {
  const { attempts, occurrences, rule } = delivery;
  const [{ event, count }] = occurrences;
  const lastFailure = attempts.findLast(({ outcome }) => isFailure(outcome));
  return {
    id: delivery.id,
    state: delivery.state,
    dead: delivery.dead,
    trigger: delivery.trigger,
    rule: { index: rule.index, name: rule.name },
    object: cut(delivery.object),
    event: {
      namespace: cut(stringAt(event, 'metadata', 'namespace')),
      name: cut(stringAt(event, 'metadata', 'name')),
      reason: cut(stringAt(event, 'reason')),
      type: cut(stringAt(event, 'type')),
      count,
    },
    createdAt: timeOf(delivery.createdAt),
    dueAt: DUE.has(delivery.state) ? timeOf(delivery.dueAt) : null,
    held: toHeld(delivery, facts),
    paused: delivery.state === 'waiting' ? toPause(facts.pause?.(delivery.trigger)) : null,
    attemptCount: attempts.length,
    lastAttempt: toAttempt(attempts.at(-1)),
    lastFailure: toAttempt(lastFailure),
    started: delivery.started,
    deaths: delivery.deaths,
    retriedAt: timeOf(delivery.retriedAt),
    acts: possibleActs(delivery, facts.triggers),
  };
}

function toWhole(
  delivery: Delivery,
  decision: DecisionRecord | null,
  facts: GatewayFacts,
): WholeDelivery {
  const { bucket, cluster, source, match, occurrences, attempts } = delivery;
  return {
    ...toSummary(delivery, facts),
    object: delivery.object,
    bucket,
    cluster,
    source,
    match,
    occurrences,
    attempts: attempts.flatMap((attempt) => toAttempt(attempt) ?? []),
    decision: decision === null ? null : { at: timeOf(decision.at), trail: decision.trail },
  };
}

function toHeld({ id, state }: Delivery, { forecast }: GatewayFacts): HeldDocument | null {
  const found = state === 'held' ? (forecast?.(id) ?? null) : null;
  if (found === null) return null;
  const { budget, releaseAt, expiresAt } = found;
  return { budget, releaseAt: timeOf(releaseAt), expiresAt: timeOf(expiresAt) };
}

/** Why a trigger makes no attempts now; null when it makes them, or no gateway runs. */
export function toPause(pause: PauseStanding | null | undefined): PauseDocument | null {
  return pause ? { ...pause, until: timeOf(pause.until) } : null;
}

function toAttempt(attempt: Attempt | undefined): AttemptDocument | null {
  return attempt === undefined ? null : { ...attempt, at: timeOf(attempt.at) };
}

function isFailure(outcome: Outcome | null): boolean {
  return outcome !== null && outcome.outcome !== 'delivered';
}

async function listed<Item extends DeliverySummary>(
  archive: Pick<Archive, 'list'>,
  query: DeliveryQuery,
  make: (delivery: Delivery) => Promise<{ readonly item: Item; readonly weight: number }>,
): Promise<DeliveryPage<Item>> {
  const items: Item[] = [];
  let weight = 0;
  let rest = query;
  for (let step = FIRST_STEP; ; ) {
    // One more than is wanted tells whether there is a next page.
    const limit = Math.min(step, query.limit - items.length + 1);
    const found = await archive.list({ ...rest, limit });
    for (const delivery of found) {
      const last = items.at(-1);
      if (last !== undefined && (items.length === query.limit || weight > PAGE_WEIGHT)) {
        return { items, next: last.id };
      }
      const made = await make(delivery);
      items.push(made.item);
      weight += made.weight;
    }
    const last = found.at(-1);
    if (found.length < limit || last === undefined) return { items, next: null };
    rest = { ...query, after: last.id };
    step = nextStep(step, found);
  }
}

/** Many small ones at once, few large ones. */
function nextStep(step: number, found: readonly Delivery[]): number {
  const weight = found.reduce((sum, { occurrences }) => sum + jsonSize(asJson(occurrences)), 0);
  if (weight > PAGE_WEIGHT) return Math.max(1, Math.floor(step / 2));
  return weight < LIGHT ? Math.min(LONGEST_STEP, step * 2) : step;
}

function asJson(value: object): Json {
  return value as Json;
}
