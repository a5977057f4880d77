// Finds the Events in JSON values from a person: an Event of either API group, a list of Events,
// lines of a watch. Every other value is refused with a description. An Event of events.k8s.io is
// translated to core/v1. The caller parses the text and bounds the depth of a value, which is
// untrusted otherwise.
// Source: API concepts of Kubernetes (lists, watch events); k8s.io/kubernetes pkg/apis/events/v1
// and v1beta1 (conversion.go, zz_generated.conversion.go); k8s.io/api core/v1 Event (order of
// fields).

import { isJsonObject, type Json, type JsonObject, stringAt } from '../core/json-object.ts';
import type { EventObject } from '../core/occurrence.ts';
import { printable } from '../kit/text/printable.ts';
import { describeOther, GET_EVENTS } from './other-objects.ts';

/** Maximal depth of a value: objects of Kubernetes have about 15 levels, lists and watches 3 more. */
export const MOST_LEVELS = 100;

/** Types of watch lines without an Event to explain. */
const SKIPPED_TYPES = ['DELETED', 'BOOKMARK', 'ERROR'] as const;

/** Versions of the group that are translated. */
const EVENTS_GROUP_VERSIONS = ['events.k8s.io/v1', 'events.k8s.io/v1beta1'] as const;

/** Result for one value. */
export type GivenEvent =
  | { readonly kind: 'event'; readonly event: EventObject }
  | {
      readonly kind: 'skipped';
      readonly what: (typeof SKIPPED_TYPES)[number];
      readonly place: string;
      /** The message of an ERROR; else ''. */
      readonly detail: string;
    }
  | { readonly kind: 'refused'; readonly place: string; readonly why: string };

interface Within {
  /** For people: `line 3, item 5`. */
  readonly place: string;
  /** `apiVersion` of the EventList around it, for items without their own; else null. */
  readonly listVersion: string | null;
}

/** Yields each Event in a value, and a reason for each part that is no Event, in order. */
export function givenIn(value: unknown, place: string): Generator<GivenEvent, void> {
  return given(value, { place, listVersion: null });
}

function* given(value: unknown, within: Within): Generator<GivenEvent, void> {
  if (Array.isArray(value)) {
    yield* itemsOf(value, within);
    return;
  }
  if (!isJsonObject(value)) {
    const found = `found ${nameOfType(value)} (expected an Event)`;
    yield refused(within.place, `${found}; ${GET_EVENTS}`);
    return;
  }
  const list = toList(value);
  if (list !== null) yield* itemsOf(list.items, { ...within, listVersion: list.version });
  else if (isWatchLine(value)) yield* ofWatchLine(value, within);
  else yield ofObject(value, within);
}

function* itemsOf(items: readonly unknown[], within: Within): Generator<GivenEvent, void> {
  for (const [index, item] of items.entries()) {
    yield* given(item, { ...within, place: `${within.place}, item ${index + 1}` });
  }
}

/** The items of a list that may contain Events; null for every other object and list. */
function toList(
  value: JsonObject,
): { readonly items: readonly unknown[]; readonly version: string | null } | null {
  const { kind, apiVersion } = value;
  // Go writes null for a list without items.
  const items = value['items'] ?? (kind === undefined ? undefined : []);
  if (!Array.isArray(items)) return null;
  if (kind === undefined || kind === 'List') return { items, version: null };
  if (kind !== 'EventList') return null;
  const version = apiVersion ?? 'v1';
  return isEventVersion(version) ? { items, version } : null;
}

function isWatchLine({ kind, type, object }: JsonObject): boolean {
  return kind === undefined && typeof type === 'string' && object !== undefined;
}

function* ofWatchLine({ type, object }: JsonObject, within: Within): Generator<GivenEvent, void> {
  const { place } = within;
  const what = SKIPPED_TYPES.find((one) => one === type);
  if (type === 'ADDED' || type === 'MODIFIED') yield* given(object, within);
  else if (what !== undefined) {
    yield { kind: 'skipped', what, place, detail: what === 'ERROR' ? detailOfError(object) : '' };
  } else {
    const found = printable(JSON.stringify(type ?? null), 60);
    const expected = 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR';
    yield refused(place, `found a watch line of type ${found} (expected ${expected})`);
  }
}

/** `410 Expired: too old resource version`, from the Status of an ERROR. */
function detailOfError(status: Json | undefined): string {
  const code = isJsonObject(status) ? status['code'] : undefined;
  const head = [typeof code === 'number' ? String(code) : '', stringAt(status, 'reason')];
  const message = stringAt(status, 'message');
  const said = head.filter((part) => part !== '').join(' ');
  return printable([said, message].filter((part) => part !== '').join(': '), 300);
}

function ofObject(value: JsonObject, { place, listVersion }: Within): GivenEvent {
  const version = eventVersionOf(value, listVersion);
  if (version !== null) return { kind: 'event', event: toEvent(value, version) };
  const { found, hint } = describeOther(value);
  return refused(place, `found ${found} (expected an Event); ${hint}`);
}

/**
 * The Event of a recorded object; an object without `kind` counts as an Event.
 *
 * **Shape**: `why` describes an object that is no Event.
 */
export function toRecordedEvent(
  object: JsonObject,
):
  | { readonly ok: true; readonly event: EventObject }
  | { readonly ok: false; readonly why: string } {
  const version = eventVersionOf(object, 'v1');
  if (version !== null) return { ok: true, event: toEvent(object, version) };
  return { ok: false, why: `${describeOther(object).found} under "object"` };
}

function toEvent(value: JsonObject, version: string): EventObject {
  return version === 'v1' ? value : toCoreEvent(value);
}

function isEventVersion(version: Json): version is string {
  return version === 'v1' || EVENTS_GROUP_VERSIONS.some((known) => known === version);
}

/** The `apiVersion` of an Event; null if the object is no Event. */
function eventVersionOf(value: JsonObject, listVersion: string | null): string | null {
  const { kind, apiVersion, involvedObject, regarding } = value;
  if (kind !== undefined && kind !== 'Event') return null;
  const isByFields = isJsonObject(involvedObject) || isJsonObject(regarding);
  if (apiVersion !== undefined) {
    return isEventVersion(apiVersion) && (kind === 'Event' || isByFields) ? apiVersion : null;
  }
  if (isByFields) return isJsonObject(involvedObject) ? 'v1' : EVENTS_GROUP_VERSIONS[0];
  if (kind === undefined) return listVersion;
  // The audit log of an API server also has objects of the kind Event.
  return value['auditID'] === undefined ? 'v1' : null;
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function refused(place: string, why: string): GivenEvent {
  return { kind: 'refused', place, why };
}

/**
 * Translates an Event of `events.k8s.io` to core/v1, as an API server does: both are views of one
 * stored object.
 *
 * **Shape**: keys in the order of the Go struct. As on the wire, absent times are null, an absent
 * source is `{}`, absent reporters are '', and other fields without a value are left out.
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

/** The value; undefined if Go leaves it out (`omitempty`). */
function filled(value: Json | undefined): Json | undefined {
  return value === null || value === '' || value === 0 ? undefined : value;
}

/** Without `state`, which old versions of v1beta1 have and core/v1 has not. */
function seriesOf(series: Json | undefined): Json | undefined {
  if (!isJsonObject(series)) return filled(series);
  const { count, lastObservedTime = null } = series;
  return count === undefined ? { lastObservedTime } : { count, lastObservedTime };
}
