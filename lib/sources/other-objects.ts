// Descriptions of objects that people pass by mistake instead of Events, with how to get Events. A
// table; the first row that fits applies.
// Source: k8s.io/apiserver pkg/apis/audit/v1 (Event, EventList); metav1.Status, metav1.Table;
// CloudEvents 1.0.2 §3.1 (specversion).

import { isJsonObject, type Json, type JsonObject, stringAt } from '../core/json-object.ts';
import { printable } from '../kit/text/printable.ts';

/** Description of an object, and how to get Events instead. */
interface Other {
  /** Text after `found`: `a Pod (v1)`. */
  readonly found: string;
  readonly hint: string;
}

interface OtherRow {
  readonly fits: (object: JsonObject) => boolean;
  readonly found: (object: JsonObject) => string;
  /** Absent: how to get Events. */
  readonly hint?: (object: JsonObject) => string;
}

/** How to get Events. */
export const GET_EVENTS = 'kubectl get events -A -o json prints Events';
const SHOWN_CHARACTERS = 60;
const SHOWN_KEYS = 4;

const ROWS: readonly OtherRow[] = [
  {
    fits: (object) => isAudit(object) && Array.isArray(object['items']),
    found: () => "a list of audit events, which are an API server's log of requests",
  },
  {
    fits: isAudit,
    found: () => "an audit event, which is an API server's log of a request",
  },
  {
    fits: ({ kind }) => kind === 'Status',
    found: (status) => `a Status of an API server${statusText(status)}`,
    hint: () => 'the request for Events failed',
  },
  {
    fits: (object) => kindIs(object, 'Table', 'meta.k8s.io/'),
    found: () => 'a Table, which an API server makes for people to read',
    hint: () => `ask without as=Table: ${GET_EVENTS}`,
  },
  {
    fits: ({ kind }) => kind === 'Event',
    found: ({ apiVersion }) => `an Event of ${shown(apiVersion)}`,
    hint: () => 'Events have apiVersion v1 or events.k8s.io/v1',
  },
  {
    fits: (object) => kindIs(object, 'Config', 'v1') && object['contexts'] !== undefined,
    found: () => 'a kubeconfig',
  },
  {
    fits: ({ kind }) => typeof kind === 'string' && /^[A-Z][A-Za-z0-9]{0,60}$/.test(kind),
    found: named,
    hint: eventsAbout,
  },
  { fits: ({ kind }) => kind !== undefined, found: ({ kind }) => `kind ${shown(kind)}` },
  {
    fits: ({ occurrences, trigger }) => Array.isArray(occurrences) && typeof trigger === 'string',
    found: () => 'the document of a delivery',
    hint: () => "take its Events: jq '.occurrences[].event'",
  },
  {
    fits: ({ specversion }) => typeof specversion === 'string',
    found: () => 'a CloudEvent',
    hint: () => `take the Event out of its data, or get it again: ${GET_EVENTS}`,
  },
  {
    fits: ({ filters, triggers, sources }) =>
      Array.isArray(filters) || isJsonObject(triggers) || isJsonObject(sources),
    found: () => 'a configuration',
    hint: () => 'name it with --config, and the Events with --events',
  },
];

/** Describes an object that is no Event. */
export function describeOther(object: JsonObject): Other {
  const row = ROWS.find(({ fits }) => fits(object));
  if (row !== undefined) {
    return { found: row.found(object), hint: row.hint?.(object) ?? GET_EVENTS };
  }
  return {
    found: `an object without kind${keysText(object)}`,
    hint: `an Event has kind: Event, or an involvedObject; ${GET_EVENTS}`,
  };
}

function isAudit(object: JsonObject): boolean {
  const version = stringAt(object, 'apiVersion');
  return version.startsWith('audit.k8s.io/') || typeof object['auditID'] === 'string';
}

function kindIs({ kind, apiVersion }: JsonObject, wanted: string, group: string): boolean {
  return kind === wanted && typeof apiVersion === 'string' && apiVersion.startsWith(group);
}

function statusText(status: JsonObject): string {
  const { code } = status;
  const parts = [typeof code === 'number' ? String(code) : '', stringAt(status, 'message')];
  const said = parts.filter((part) => part !== '').join(' ');
  return said === '' ? '' : `: ${printable(said, 200)}`;
}

/** `a Pod (v1)`, `an Ingress (networking.k8s.io/v1)`. */
function named(object: JsonObject): string {
  const kind = stringAt(object, 'kind');
  const version = stringAt(object, 'apiVersion');
  const article = /^[AEIOU]/.test(kind) ? 'an' : 'a';
  return `${article} ${kind}${version === '' ? '' : ` (${printable(version, SHOWN_CHARACTERS)})`}`;
}

// Names that need no quoting in a command that a person copies.
const PLAIN_NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** How to get the Events about an object; its names must be safe on a command line. */
function eventsAbout(object: JsonObject): string {
  const name = stringAt(object, 'metadata', 'name');
  const namespace = stringAt(object, 'metadata', 'namespace');
  if (!PLAIN_NAME.test(name) || !PLAIN_NAME.test(namespace)) return GET_EVENTS;
  const kind = stringAt(object, 'kind');
  return `kubectl events -n ${namespace} --for ${kind}/${name} -o json prints the Events about it`;
}

function keysText(object: JsonObject): string {
  const keys = Object.keys(object);
  if (keys.length === 0) return ' and without any key';
  const some = keys.slice(0, SHOWN_KEYS).map((key) => printable(key, SHOWN_CHARACTERS));
  return ` (its keys: ${some.join(', ')}${keys.length > SHOWN_KEYS ? ', …' : ''})`;
}

function shown(value: Json | undefined): string {
  return printable(JSON.stringify(value ?? null), SHOWN_CHARACTERS);
}
