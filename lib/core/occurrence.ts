// An occurrence: one state of a series as it was read, normalised once and frozen. Both writers'
// Events (legacy and events.k8s.io) give one shape here. It never throws: an Event is untrusted, and
// whatever is missing is the empty string.
// Source: kubernetes/api core/v1 Event; the order of times is documented at `happenedAt`.

import { type EventObject, isJsonObject, type Json, jsonAt, textAt, toMicroTime } from './event.ts';

/** The fields a rule may look at, each the empty string where the Event has none. */
interface EventFields {
  readonly namespace: string;
  readonly kind: string;
  readonly objectName: string;
  readonly apiVersion: string;
  readonly fieldPath: string;
  readonly eventNamespace: string;
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly component: string;
  readonly host: string;
}

/** One Event's life with all its repetitions; the cluster id completes it where ids are made. */
interface Series {
  /** `metadata.namespace`, which RBAC protects, not the involved object's. */
  readonly namespace: string;
  readonly name: string;
  /** Six digits and `Z` (see micro-time.ts); '' where the Event tells no time at all. */
  readonly firstTime: string;
}

/** Where, how and when a state was read. */
export interface ReadFrom {
  /** The name of the source in the configuration. */
  readonly source: string;
  /** The watch path, for instance `/api/v1/namespaces/shop/events`. */
  readonly path: string;
  readonly from: 'watch' | 'list';
  /** The server's wall clock when it was read, in milliseconds since 1970. */
  readonly readAt: number;
  /** The object's `namespace/name` where the reader has it at hand: the same text need not be made twice. */
  readonly key?: string;
}

/** One state of a series as it was read. */
export interface Occurrence extends ReadFrom {
  readonly series: Series;
  /** `namespace/name` of the Event: what a watch calls the object's key. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** `metadata.creationTimestamp` as written: one life of the object; changes on re-creation. */
  readonly life: string;
  /** When the state happened, by its reporter's clock; six digits and `Z`, '' where unknown. */
  readonly happenedAt: string;
  /** `count`, else `series.count`, else 1. */
  readonly count: number;
  readonly fields: EventFields;
  /** The Event itself, without `metadata.managedFields`. */
  readonly event: EventObject;
}

/**
 * Normalises an Event as it was read.
 *
 * **Shape**: `happenedAt` is `series.lastObservedTime`, else `lastTimestamp`, `eventTime`,
 * `firstTimestamp`, `creationTimestamp`; the first time is `eventTime`, else `firstTimestamp`,
 * else `creationTimestamp`; a time that does not parse counts as missing.
 */
export function toOccurrence(object: EventObject, read: ReadFrom): Occurrence {
  const event = withoutManagedFields(object);
  const namespace = textAt(event, 'metadata', 'namespace');
  const name = textAt(event, 'metadata', 'name');
  return Object.freeze({
    ...read,
    series: Object.freeze({ namespace, name, firstTime: firstTimeOf(event) }),
    key: read.key ?? `${namespace}/${name}`,
    uid: textAt(event, 'metadata', 'uid'),
    resourceVersion: textAt(event, 'metadata', 'resourceVersion'),
    life: textAt(event, 'metadata', 'creationTimestamp'),
    happenedAt: happenedAtOf(event),
    count: countOf(event),
    fields: fieldsOf(event, namespace),
    event,
  });
}

function fieldsOf(event: EventObject, eventNamespace: string): EventFields {
  const involved = jsonAt(event, 'involvedObject');
  return Object.freeze({
    namespace: textAt(involved, 'namespace'),
    kind: textAt(involved, 'kind'),
    objectName: textAt(involved, 'name'),
    apiVersion: textAt(involved, 'apiVersion'),
    fieldPath: textAt(involved, 'fieldPath'),
    eventNamespace,
    reason: textAt(event, 'reason'),
    type: textAt(event, 'type'),
    message: textAt(event, 'message'),
    component: textAt(event, 'source', 'component') || textAt(event, 'reportingComponent'),
    host: textAt(event, 'source', 'host') || textAt(event, 'reportingInstance'),
  });
}

function firstTimeOf(event: EventObject): string {
  return (
    toMicroTime(textAt(event, 'eventTime')) ||
    toMicroTime(textAt(event, 'firstTimestamp')) ||
    toMicroTime(textAt(event, 'metadata', 'creationTimestamp'))
  );
}

function happenedAtOf(event: EventObject): string {
  return (
    toMicroTime(textAt(event, 'series', 'lastObservedTime')) ||
    toMicroTime(textAt(event, 'lastTimestamp')) ||
    firstTimeOf(event)
  );
}

/** How often the series has happened, as its reporter counts: `count`, else `series.count`, else 1. */
export function countOf(event: EventObject): number {
  return positive(jsonAt(event, 'count')) ?? positive(jsonAt(event, 'series', 'count')) ?? 1;
}

function positive(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function withoutManagedFields(object: EventObject): EventObject {
  const metadata = object['metadata'];
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return object;
  const { managedFields, ...kept } = metadata;
  return { ...object, metadata: kept };
}
