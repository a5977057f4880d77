// An Event of the group events.k8s.io as the same Event of core/v1. Both are views of one stored
// object, so this is the translation that an API server makes when it is asked for the other view.
// Source: k8s.io/kubernetes pkg/apis/events/v1 and v1beta1, conversion.go and
// zz_generated.conversion.go; field order and what is left out: k8s.io/api core/v1 Event.

import { type EventObject, isJsonObject, type Json, type JsonObject } from './event.ts';

/** The versions of the group that are translated. */
export const EVENTS_GROUP_VERSIONS = ['events.k8s.io/v1', 'events.k8s.io/v1beta1'] as const;

/**
 * The core/v1 Event of an `events.k8s.io` one.
 *
 * **Shape**: keys stand in the order of the Go struct. As on the wire, absent times are null, an
 * absent source is `{}`, absent reporters are '', and other fields without a value are left out.
 */
export function toCoreEvent(event: JsonObject): EventObject {
  const fields: Readonly<Record<string, Json | undefined>> = {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: event['metadata'] ?? {},
    involvedObject: event['regarding'] ?? {},
    reason: filled(event['reason']),
    message: filled(event['note']),
    source: event['deprecatedSource'] ?? {},
    firstTimestamp: event['deprecatedFirstTimestamp'] ?? null,
    lastTimestamp: event['deprecatedLastTimestamp'] ?? null,
    count: filled(event['deprecatedCount']),
    type: filled(event['type']),
    eventTime: event['eventTime'] ?? null,
    series: seriesOf(event['series']),
    action: filled(event['action']),
    related: filled(event['related']),
    reportingComponent: event['reportingController'] ?? '',
    reportingInstance: event['reportingInstance'] ?? '',
  };
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept;
}

/** The value, unless it is one that Go leaves out (`omitempty`). */
function filled(value: Json | undefined): Json | undefined {
  return value === null || value === '' || value === 0 ? undefined : value;
}

/** v1beta1 once had a `state` here, which core/v1 has not. */
function seriesOf(series: Json | undefined): Json | undefined {
  if (!isJsonObject(series)) return filled(series);
  const { count, lastObservedTime = null } = series;
  return count === undefined ? { lastObservedTime } : { count, lastObservedTime };
}
