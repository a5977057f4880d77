// Builders of the core models, one dialect for all specs: `anEvent()` is a complete default, and a
// record replaces what the spec is about. The defaults belong together: the Event of a crashing
// Pod in `shop`, its decision, its delivery to `build`, and the records that a store keeps of it.

import type { Decision, Disposition, TriggerDisposition } from '../../lib/core/decision.ts';
import type { Attempt, DeliveredOccurrence, Delivery } from '../../lib/core/delivery.ts';
import { deliveryId, ledgerKey } from '../../lib/core/delivery-id.ts';
import type { DecisionObserved } from '../../lib/core/observation.ts';
import {
  type EventObject,
  type Occurrence,
  type ReadFrom,
  toOccurrence,
} from '../../lib/core/occurrence.ts';
import type { Batch, Gap, Position, Positions } from '../../lib/core/ports/source.ts';
import type { Commit, LedgerEntry } from '../../lib/core/ports/store.ts';
import type { Problem } from '../../lib/core/problem.ts';

/** The time of all records, 2026-01-31T12:00:00Z. */
export const NOW = Date.UTC(2026, 0, 31, 12);
/** The watch path of all records. */
export const PATH = '/api/v1/namespaces/shop/events';

/** When the default Event was created: its life. */
const CREATED = '2026-01-31T11:58:00Z';

/**
 * A legacy writer's Event of a crashing Pod in `shop`; overrides replace whole top-level fields.
 */
export function anEvent(overrides: EventObject = {}): EventObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: 'web-1.17f1e2d3c4b5a697',
      namespace: 'shop',
      uid: '6f3c1a52-0d4e-4c1b-9b55-3a1f0e9d8c7b',
      resourceVersion: '1201',
      creationTimestamp: CREATED,
    },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web-1',
      uid: '0b7c2f9e-5d3a-4e64-8f21-7c9d1e2f3a4b',
      fieldPath: 'spec.containers{web}',
    },
    reason: 'BackOff',
    message: 'Back-off restarting failed container web in pod web-1',
    source: { component: 'kubelet', host: 'node-1' },
    firstTimestamp: CREATED,
    lastTimestamp: '2026-01-31T11:59:30Z',
    count: 3,
    type: 'Warning',
    ...overrides,
  };
}

/** Parts of an occurrence: the Event, and where it was read. */
export interface OccurrenceOverrides extends Partial<ReadFrom> {
  readonly event?: EventObject;
}

/** An occurrence of `anEvent`, read by a watch of the namespace `shop`. */
export function anOccurrence(overrides: OccurrenceOverrides = {}): Occurrence {
  const { event = anEvent(), ...read } = overrides;
  return toOccurrence(event, { source: 'shop', path: PATH, from: 'watch', readAt: NOW, ...read });
}

/** Parts of an occurrence of a named Event. */
export interface SeriesOverrides extends OccurrenceOverrides {
  readonly namespace?: string;
  /** The Pod that the Event is about; by default one of the Event's name. */
  readonly object?: string;
}

/**
 * An occurrence of a series of its own, by the Event's name, about a Pod in the Event's namespace.
 * `event` replaces further fields of `anEvent`.
 */
export function aSeries(name: string, overrides: SeriesOverrides = {}): Occurrence {
  const { namespace = 'shop', object = name, event, ...read } = overrides;
  const metadata = { name, namespace, creationTimestamp: CREATED };
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', namespace, name: object };
  return anOccurrence({ ...read, event: anEvent({ metadata, involvedObject, ...event }) });
}

/** An accepting decision of the rule `crash-loop` for the trigger `build`. */
export function aDecision(overrides: Partial<Decision> = {}): Decision {
  return {
    action: 'accept',
    rule: { index: 0, name: 'crash-loop', identity: 'crash-loop' },
    triggers: ['build'],
    quietMs: 3_600_000,
    ...overrides,
  };
}

/** A disposition of `anOccurrence` at the trigger `build`. */
export function disposedAs(disposition: Disposition, why = ''): TriggerDisposition {
  const made = disposition !== 'foreign' && disposition !== 'loop' && disposition !== 'shed';
  return { trigger: 'build', disposition, id: made ? aDelivery().id : null, why };
}

/** The observation that `anOccurrence` was accepted and started. */
export function anAcceptance(overrides: Partial<DecisionObserved> = {}): DecisionObserved {
  return {
    kind: 'decision',
    occurrence: anOccurrence(),
    decision: aDecision(),
    disposed: [disposedAs('queued')],
    explain: () => [],
    ...overrides,
  };
}

/** The observation that no rule matched `anOccurrence`. */
export function aRejection(overrides: Partial<DecisionObserved> = {}): DecisionObserved {
  const decision = aDecision({ action: 'reject', rule: null, triggers: [], quietMs: 0 });
  return anAcceptance({ decision, disposed: [], ...overrides });
}

/** Parts of a delivery; `event` is the Event of its only occurrence. */
export interface DeliveryOverrides extends Partial<Delivery> {
  readonly event?: EventObject;
}

/**
 * A waiting delivery of `anOccurrence` for the trigger `build`, without an attempt so far. The
 * occurrence's times and count follow from `event`; the ids, the bucket and the object do not.
 */
export function aDelivery({ event, ...overrides }: DeliveryOverrides = {}): Delivery {
  const { identity, bucket } = anOccurrence();
  const key = {
    clusterId: 'c1',
    ruleIdentity: 'crash-loop',
    triggerIdentity: 'build',
    identity,
  };
  return {
    id: deliveryId(key, bucket),
    key: ledgerKey(key),
    bucket,
    cluster: { id: 'c1', name: 'dev' },
    source: 'shop',
    rule: { index: 0, name: 'crash-loop', identity: 'crash-loop' },
    trigger: 'build',
    match: {},
    occurrences: [deliveredOf(anOccurrence(event === undefined ? {} : { event }))],
    object: 'v1/Pod/shop/web-1',
    state: 'waiting',
    dead: null,
    createdAt: NOW,
    dueAt: NOW,
    attempts: [],
    started: null,
    deaths: 0,
    retriedAt: null,
    ...overrides,
  };
}

function deliveredOf({ event, firstTime, happenedAt, count }: Occurrence): DeliveredOccurrence {
  return { event, firstTime, happenedAt, count };
}

/** The first attempt, made by the incarnation `one`, which still runs. */
export function anAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return { number: 1, at: NOW, incarnation: 'one', outcome: null, durationMs: null, ...overrides };
}

/** The id of the delivery with a number. */
export function idOf(number: number): string {
  return `01kgf5${String(number).padStart(20, '0')}`;
}

/** The delivery with a number, about the same object as all others. */
export function numbered(number: number, overrides: DeliveryOverrides = {}): Delivery {
  return aDelivery({ id: idOf(number), bucket: String(number), ...overrides });
}

/** Deliveries with the numbers from 0, by default each of its own object. */
export function deliveries(count: number, overrides: DeliveryOverrides = {}): readonly Delivery[] {
  return Array.from({ length: count }, (_, place) =>
    numbered(place, { object: `v1/Pod/shop/web-${place}`, ...overrides }),
  );
}

/** Deliveries with the numbers from `from`, of Events of a namespace, each of its own object. */
export function deliveriesOf(
  namespace: string,
  { from, count, ...overrides }: { from: number; count: number } & DeliveryOverrides,
): readonly Delivery[] {
  const event = anEvent({ metadata: { name: 'web-1.17f1e2d3c4b5a697', namespace } });
  return Array.from({ length: count }, (_, place) => {
    const object = `v1/Pod/${namespace}/web-${from + place}`;
    return numbered(from + place, { object, event, ...overrides });
  });
}

/** The positions of a source that has read one path, by default `PATH`, up to a version. */
export function positionsAt(
  resourceVersion: string,
  { path = PATH, at = NOW }: { readonly path?: string; readonly at?: number } = {},
): ReadonlyMap<string, Position> {
  return new Map([[path, { resourceVersion, at }]]);
}

/** A gap of `PATH` that lost nothing, with an unknown begin. */
export function aGap(overrides: Partial<Gap> = {}): Gap {
  const to = { resourceVersion: '9', at: NOW };
  return { source: 'shop', path: PATH, loss: 'none', why: '', from: null, to, ...overrides };
}

/** An empty batch of the source `shop`. */
export function aBatch(overrides: Partial<Batch> = {}): Batch {
  return {
    source: 'shop',
    occurrences: [],
    gone: [],
    listed: [],
    positions: new Map(),
    gaps: [],
    ...overrides,
  };
}

/** Parts of a commit; the positions are those of one source. */
export interface CommitOverrides extends Omit<Partial<Commit>, 'positions'> {
  readonly source?: string;
  readonly positions?: Positions;
}

/** An empty commit; the source is `shop`, and `readMs` follows `now`. */
export function aCommit({
  source = 'shop',
  positions,
  ...overrides
}: CommitOverrides = {}): Commit {
  return {
    positions: new Map(positions === undefined ? [] : [[source, positions]]),
    ledger: [],
    deliveries: [],
    seen: [],
    gone: [],
    listed: [],
    decisions: [],
    readMs: overrides.now ?? NOW,
    gaps: [],
    now: NOW,
    ...overrides,
  };
}

/** The ledger's entry of `aDelivery`, with a key of its own. */
export function anEntry(overrides: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    key: 'k1',
    path: PATH,
    eventKey: 'shop/web-1.17f1',
    object: 'v1/Pod/shop/web-1',
    id: aDelivery().id,
    life: CREATED,
    firedAt: NOW,
    firedHappenedAt: '2026-01-31T11:59:30.000000Z',
    firedCount: 3,
    lastHappenedAt: '2026-01-31T11:59:30.000000Z',
    lastCount: 3,
    ...overrides,
  };
}

/** An unknown key of the first rule, as an error with a hint. */
export function aProblem(overrides: Partial<Problem> = {}): Problem {
  return {
    severity: 'error',
    code: 'unknown-key',
    path: '/filters/0/knd',
    line: 3,
    column: 5,
    message: 'unknown key knd',
    hint: 'did you mean kind?',
    ...overrides,
  };
}
