// An occurrence: one state of a series as it was read, normalised once and frozen. Events of both
// APIs (core/v1 and events.k8s.io) get one shape. Nothing throws here: an Event is untrusted, and a
// missing field becomes the empty string.
// Source: kubernetes/api core/v1 Event; `toOccurrence` documents the order of times.

import { isJsonObject, type Json, type JsonObject, jsonAt, textAt } from './json-object.ts';
import { toMicroTime } from './micro-time.ts';
import type { ObjectReference } from './object-reference.ts';

/** Texts of an Event; one that it lacks is the empty string. */
interface EventFields {
  readonly fieldPath: string;
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly component: string;
  readonly host: string;
}

/** The source, path, manner and time of a read. */
export interface ReadFrom {
  /** The name of the source in the configuration. */
  readonly source: string;
  /** The watch path, for instance `/api/v1/namespaces/shop/events`. */
  readonly path: string;
  readonly from: 'watch' | 'list';
  /** The wall clock of the API server at the read, in milliseconds since 1970. */
  readonly readAt: number;
  /** The object's `namespace/name`, if the reader already has it; it saves making the text twice. */
  readonly key?: string;
}

/** One state of a series as it was read. */
export interface Occurrence extends ReadFrom {
  /** `metadata.namespace` of the Event, which RBAC protects; not the involved object's namespace. */
  readonly namespace: string;
  /** `metadata.name` of the Event. */
  readonly name: string;
  /** `namespace/name` of the Event: the object's key in a watch. */
  readonly key: string;
  /**
   * The series: namespace, name and first time. It is one Event with all its repetitions. Delivery ids
   * add the cluster id.
   */
  readonly identity: readonly string[];
  /** Distinguishes deliveries of one identity: `metadata.creationTimestamp`, which re-creation changes. */
  readonly bucket: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The first time of the series: six digits and `Z`; '' if the Event has no time. */
  readonly firstTime: string;
  /** When the state happened, by its reporter's clock: six digits and `Z`; '' if unknown. */
  readonly happenedAt: string;
  /** `count`, else `series.count`, else 1. */
  readonly count: number;
  /** The involved object. Text from the Event's writer: only `namespace` is protected. */
  readonly object: ObjectReference;
  readonly fields: EventFields;
  /** The Event itself, without `metadata.managedFields`. */
  readonly event: EventObject;
}

/**
 * Normalises an Event as it was read.
 *
 * **Shape**: `happenedAt` is the first that parses of `series.lastObservedTime`, `lastTimestamp`,
 * `eventTime`, `firstTimestamp` and `creationTimestamp`. The first time is the first that parses of
 * `eventTime`, `firstTimestamp` and `creationTimestamp`.
 */
export function toOccurrence(object: EventObject, read: ReadFrom): Occurrence {
  const event = withoutManagedFields(object);
  const namespace = textAt(event, 'metadata', 'namespace');
  const name = textAt(event, 'metadata', 'name');
  const firstTime = firstTimeOf(event);
  const involved = jsonAt(event, 'involvedObject');
  return Object.freeze({
    ...read,
    namespace,
    name,
    key: read.key ?? `${namespace}/${name}`,
    identity: Object.freeze([namespace, name, firstTime]),
    bucket: textAt(event, 'metadata', 'creationTimestamp'),
    uid: textAt(event, 'metadata', 'uid'),
    resourceVersion: textAt(event, 'metadata', 'resourceVersion'),
    firstTime,
    happenedAt: happenedAtOf(event),
    count: countOf(event),
    object: referenceOf(involved),
    fields: fieldsOf(event, involved),
    event,
  });
}

function referenceOf(involved: Json | undefined): ObjectReference {
  return Object.freeze({
    apiVersion: textAt(involved, 'apiVersion'),
    kind: textAt(involved, 'kind'),
    namespace: textAt(involved, 'namespace'),
    name: textAt(involved, 'name'),
    uid: textAt(involved, 'uid'),
  });
}

function fieldsOf(event: EventObject, involved: Json | undefined): EventFields {
  return Object.freeze({
    fieldPath: textAt(involved, 'fieldPath'),
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

/** The number of repetitions that the reporter counted: `count`, else `series.count`, else 1. */
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

/** An Event as an API server sent it, without `metadata.managedFields`. Every field may be missing. */
export type EventObject = JsonObject;
