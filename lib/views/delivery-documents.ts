// Documents of deliveries: a summary for lists, and a complete one. They use only the ports of the
// store, so a command that opens the file itself makes the same documents. Lists are read in small
// steps, which bounds the Events in memory, however large they are.

import type { Attempt, Delivery, DeliveryState } from '../core/delivery.ts';
import { stringAt } from '../core/event.ts';
import type { Archive, DecisionRecord, DeliveryQuery } from '../core/store.ts';
import { possibleActs } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import { jsonSize } from '../kit/data/json.ts';
import type { PauseStanding } from '../telemetry/gateway-state.ts';
import { cut } from './decision-documents.ts';
import type {
  AttemptDocument,
  DeliverySummary,
  HeldDocument,
  PauseDocument,
  WholeDelivery,
} from './delivery-schemas.ts';
import { timeOf } from './time.ts';

/** A page of deliveries. */
interface ItemPage<Item> {
  readonly items: readonly Item[];
  /** `after` of the next page; null on the last one. */
  readonly next: string | null;
}

// Limit of a page of complete deliveries: with large Events a page has fewer deliveries.
const PAGE_WEIGHT = 8 * 1024 * 1024;
// The first step is small: it fits into memory even with the largest Events of an API server.
const FIRST_STEP = 16;
const LONGEST_STEP = 512;
const LIGHT = 1024 * 1024;

/** Facts that only a running gateway knows; an absent one is unknown. */
export interface GatewayFacts {
  /** Names of the configured triggers. */
  readonly triggers?: ReadonlySet<string>;
  /** Forecast of the start of a held delivery. */
  readonly forecast?: (id: string) => HeldForecast | null;
  /** Why a trigger makes no attempts now; null if it is not paused. */
  readonly pause?: (trigger: string) => PauseStanding | null;
}

/** States in which `dueAt` is meaningful. */
const DUE: ReadonlySet<DeliveryState> = new Set(['waiting', 'held', 'open']);

/** Lists the summaries of matching deliveries. */
export function listDeliveries(
  archive: Pick<Archive, 'list'>,
  query: DeliveryQuery,
  facts: GatewayFacts,
): Promise<ItemPage<DeliverySummary>> {
  return listed(archive, query, async (delivery) => {
    return { item: toSummary(delivery, facts), weight: 0 };
  });
}

/** Lists complete deliveries; a page may have fewer than the limit. */
export function listWholeDeliveries(
  archive: Pick<Archive, 'list' | 'decision'>,
  query: DeliveryQuery,
  facts: GatewayFacts,
): Promise<ItemPage<WholeDelivery>> {
  return listed(archive, query, async (delivery) => {
    const item = toWhole(delivery, await archive.decision(delivery.id), facts);
    return { item, weight: jsonSize(item) };
  });
}

/** Finds a complete delivery by its id; null if there is none. */
export async function findDelivery(
  archive: Pick<Archive, 'get' | 'decision'>,
  id: string,
  facts: GatewayFacts,
): Promise<WholeDelivery | null> {
  const delivery = await archive.get(id);
  return delivery === null ? null : toWhole(delivery, await archive.decision(id), facts);
}

/** Counts all matching deliveries; null if that would mean to read each of them. */
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

/** Makes the summary of a delivery. */
export function toSummary(delivery: Delivery, facts: GatewayFacts): DeliverySummary {
  const { attempts, occurrences, rule } = delivery;
  const [{ event, count }] = occurrences;
  const lastFailure = attempts.findLast(
    ({ outcome }) => outcome !== null && outcome.outcome !== 'delivered',
  );
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

/** Makes the document of a pause; null if the trigger is not paused, or no gateway runs. */
export function toPause(pause: PauseStanding | null | undefined): PauseDocument | null {
  return pause ? { ...pause, until: timeOf(pause.until) } : null;
}

function toAttempt(attempt: Attempt | undefined): AttemptDocument | null {
  return attempt === undefined ? null : { ...attempt, at: timeOf(attempt.at) };
}

async function listed<Item extends DeliverySummary>(
  archive: Pick<Archive, 'list'>,
  query: DeliveryQuery,
  make: (delivery: Delivery) => Promise<{ readonly item: Item; readonly weight: number }>,
): Promise<ItemPage<Item>> {
  const items: Item[] = [];
  let weight = 0;
  let rest = query;
  for (let step = FIRST_STEP; ; ) {
    // One more than the limit shows whether there is a next page.
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

/** Reads more at once if deliveries are small, fewer if they are large. */
function nextStep(step: number, found: readonly Delivery[]): number {
  const weight = found.reduce((sum, { occurrences }) => sum + jsonSize(occurrences), 0);
  if (weight > PAGE_WEIGHT) return Math.max(1, Math.floor(step / 2));
  return weight < LIGHT ? Math.min(LONGEST_STEP, step * 2) : step;
}
