// Builders with defaults and one override: a spec says only what it is about.

import type { Decision } from '../../lib/core/decision.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import { deliveryId, ledgerKey } from '../../lib/core/delivery-id.ts';
import type { EventObject } from '../../lib/core/event.ts';
import { type Occurrence, type ReadFrom, toOccurrence } from '../../lib/core/occurrence.ts';

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
      creationTimestamp: '2026-01-31T11:58:00Z',
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
    firstTimestamp: '2026-01-31T11:58:00Z',
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
  return toOccurrence(event, {
    source: 'shop',
    path: '/api/v1/namespaces/shop/events',
    from: 'watch',
    readAt: Date.UTC(2026, 0, 31, 12),
    ...read,
  });
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

/** A waiting delivery of `anOccurrence` for the trigger `build`, without an attempt so far. */
export function aDelivery(overrides: Partial<Delivery> = {}): Delivery {
  const { series, life, happenedAt, count, event } = anOccurrence();
  const key = {
    clusterId: 'c1',
    ruleIdentity: 'crash-loop',
    triggerIdentity: 'build',
    eventNamespace: series.namespace,
    eventName: series.name,
    firstTime: series.firstTime,
  };
  return {
    id: deliveryId(key, life),
    key: ledgerKey(key),
    bucket: life,
    cluster: { id: 'c1', name: 'dev' },
    source: 'shop',
    rule: { index: 0, name: 'crash-loop', identity: 'crash-loop' },
    trigger: 'build',
    match: {},
    occurrences: [{ event, firstTime: series.firstTime, happenedAt, count }],
    object: 'v1/Pod/shop/web-1',
    state: 'waiting',
    dead: null,
    createdAt: Date.UTC(2026, 0, 31, 12),
    dueAt: Date.UTC(2026, 0, 31, 12),
    attempts: [],
    started: null,
    deaths: 0,
    retriedAt: null,
    ...overrides,
  };
}
