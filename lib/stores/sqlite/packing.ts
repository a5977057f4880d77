// A delivery as the worker stores it, and back. What never changes (its Events above all) is one
// JSON text; the main thread alone parses it, once for as long as somebody works on the delivery.

import { type Attempt, type Delivery, eventNamespaceOf } from '../../core/delivery.ts';
import type { Gone, Positions } from '../../core/source.ts';
import type { Commit, DecisionRecord } from '../../core/store.ts';
import type { Started } from '../../core/trigger.ts';
import type {
  CommitAsk,
  DecisionRow,
  DeliveryRow,
  NewRow,
  PositionRow,
  SeenKeys,
} from './messages.ts';

/** What of a delivery never changes. */
export type Body = Pick<
  Delivery,
  'key' | 'bucket' | 'cluster' | 'source' | 'rule' | 'match' | 'occurrences'
>;

/** A commit as it is handed over. */
export function packCommit(commit: Commit): CommitAsk {
  return {
    ...commit,
    deliveries: commit.deliveries.map(packDelivery),
    decisions: commit.decisions.map(packDecision),
    positions: [...commit.positions].flatMap(([source, moved]) =>
      [...moved].map(([path, { resourceVersion, at }]) => ({ source, path, resourceVersion, at })),
    ),
    seen: packSeen(commit.seen),
  };
}

function packSeen(seen: readonly Gone[]): readonly SeenKeys[] {
  const byPath = new Map<string, string[]>();
  for (const { path, key } of seen) {
    const keys = byPath.get(path);
    if (keys === undefined) byPath.set(path, [key]);
    else keys.push(key);
  }
  return [...byPath].map(([path, keys]) => ({ path, keys }));
}

function packDelivery(delivery: Delivery): NewRow {
  const { id, trigger, object, state, dead, createdAt, dueAt, deaths, retriedAt } = delivery;
  const { key, bucket, cluster, source, rule, match, occurrences, attempts, started } = delivery;
  const body: Body = { key, bucket, cluster, source, rule, match, occurrences };
  return {
    ...{ id, trigger, object, state, dead, createdAt, dueAt, deaths, retriedAt },
    namespace: eventNamespaceOf(delivery),
    rule: rule.name ?? '',
    attempts: attempts.map((attempt) => JSON.stringify(attempt)).join(),
    attemptCount: attempts.length,
    started: started === null ? null : JSON.stringify(started),
    body: JSON.stringify(body),
  };
}

function packDecision({ id, at, trail }: DecisionRecord): DecisionRow {
  return { id, at, trail: JSON.stringify(trail) };
}

/** The delivery of a row and its body. */
export function toDelivery(row: DeliveryRow, body: Body): Delivery {
  const { id, trigger, object, state, createdAt, dueAt, deaths, retriedAt, started } = row;
  return Object.freeze({
    id,
    ...body,
    ...{ trigger, object, state, dead: row.dead, createdAt, dueAt },
    attempts: attemptsOf(row),
    started: started === null ? null : (JSON.parse(started) as Started),
    ...{ deaths, retriedAt },
  });
}

/** The positions of these rows. */
export function toPositions(rows: readonly PositionRow[]): Positions {
  return new Map(rows.map(({ path, resourceVersion, at }) => [path, { resourceVersion, at }]));
}

/** What packDelivery wrote. */
export function parseBody(body: string): Body {
  return JSON.parse(body) as Body;
}

/** What packDecision wrote. */
export function toDecision({ id, at, trail }: DecisionRow): DecisionRecord {
  return { id, at, trail: JSON.parse(trail) as DecisionRecord['trail'] };
}

function attemptsOf({ attempts, attemptCount, openAt, claim }: DeliveryRow): readonly Attempt[] {
  const ended = attempts === '' ? [] : (JSON.parse(`[${attempts}]`) as Attempt[]);
  if (openAt === null) return ended;
  const incarnation = claim ?? '';
  const open = { number: attemptCount, at: openAt, incarnation, outcome: null, durationMs: null };
  return [...ended, open];
}
