// Creates one object under a name made from the delivery id, and finds out whose it is where that
// name is taken. One POST, and after a 409 one GET: no retry, no sleep, no log.
// Source: docs/architecture.md (409), facts on deterministic names in the Kubernetes API conventions.

import type { Outcome, Started } from '../core/delivery.ts';
import { type JsonObject, jsonAt, stringAt } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import type { ApiAnswered, ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { create, get } from '../kubernetes/client/objects.ts';
import { type CreateAttempt, outcomeOf } from './api-outcome.ts';
import { pausing } from './outcomes.ts';

/** Holds the whole delivery id on every object that Sluice creates. */
export const DELIVERY_KEY = 'sluice.dev/delivery';

/** One object to create. */
export interface ObjectCreation {
  /** The path of its collection, for instance `/apis/batch/v1/namespaces/ci/jobs`. */
  readonly collection: string;
  /** The plural, for people: what a Role must name. */
  readonly resource: string;
  /** With `kind`, `metadata.namespace`, `metadata.name` and the annotation `sluice.dev/delivery`. */
  readonly object: JsonObject;
  /** The wall clock, ms since 1970. */
  readonly now: number;
}

/** The request that creates an object, for people. */
export function renderCreation({ collection, object }: Omit<ObjectCreation, 'now'>): string {
  return `POST ${collection}\n\n${JSON.stringify(object, null, 2)}`;
}

// A fuse only: the dispatch's signal is the deadline of an attempt and comes first.
const REQUEST_LIMIT_MS = 300_000;

/** Creates the object, or says what came of trying. */
export async function createObject(
  api: ApiClient,
  creation: ObjectCreation,
  signal: AbortSignal,
): Promise<Outcome> {
  const { collection: path, object } = creation;
  const answer = await create(api, { path, object, timeoutMs: REQUEST_LIMIT_MS }, signal);
  const outcome = outcomeOf(answer, tried(creation, 'create'));
  if (outcome.outcome === 'exists') return whose(api, creation, signal);
  if (outcome.outcome === 'created') return { outcome: 'delivered', started: startedBy(object) };
  return outcome;
}

async function whose(
  api: ApiClient,
  creation: ObjectCreation,
  signal: AbortSignal,
): Promise<Outcome> {
  const path = `${creation.collection}/${encodeURIComponent(nameOf(creation.object))}`;
  const answer = await get(api, path, signal);
  const started = startedBy(creation.object);
  if (answer.ok && answer.status === 200) return compared(answer, creation);
  // 404: it was there a moment ago and is gone since, which counts as done. Not 401: that is an
  // expired token, and with a new one the next attempt may look.
  if (answer.ok && [403, 404].includes(answer.status)) {
    return { outcome: 'delivered', started, note: 'existed, not verified' };
  }
  const outcome = outcomeOf(answer, tried(creation, 'compare the existing'));
  // Something of that name is there, so it is never certain that nothing was started.
  const reason = outcome.outcome === 'unknown' ? outcome.reason : 'server-error';
  const detail = 'detail' in outcome ? outcome.detail : '';
  const pauseMs = 'pauseMs' in outcome ? outcome.pauseMs : undefined;
  return { outcome: 'unknown', reason, detail, ...pausing(pauseMs) };
}

function compared(answer: ApiAnswered, creation: ObjectCreation): Outcome {
  const ours = stringAt(creation.object, 'metadata', 'annotations', DELIVERY_KEY);
  const theirs = jsonAt(answer.body, 'metadata', 'annotations', DELIVERY_KEY);
  const started = startedBy(creation.object);
  if (theirs === ours) return { outcome: 'delivered', started, note: 'existed' };
  if (theirs === undefined && stringAt(answer.body, 'metadata', 'deletionTimestamp') !== '') {
    return { outcome: 'delivered', started, note: 'existed, not verified' };
  }
  const { doing } = tried(creation, 'create');
  const found = theirs === undefined ? `no annotation ${DELIVERY_KEY}` : 'another delivery';
  return {
    outcome: 'refused',
    reason: 'name-taken',
    detail: `${doing}: the name is taken by an object with ${found} (expected ${ours})`,
  };
}

function tried(creation: ObjectCreation, verb: string): CreateAttempt {
  const { kind, namespace, name } = startedBy(creation.object);
  return {
    doing: `${verb} ${kind} ${namespace}/${name}`,
    name,
    needs: `create on ${creation.resource} in ${namespace}`,
    now: creation.now,
  };
}

function startedBy(object: JsonObject): Started {
  return {
    kind: stringAt(object, 'kind'),
    namespace: stringAt(object, 'metadata', 'namespace'),
    name: nameOf(object),
  };
}

function nameOf(object: JsonObject): string {
  return stringAt(object, 'metadata', 'name');
}

// The namespace in which objects are created, checked before anything is created there.
// Source: RFC 1123 labels, which namespace names are.

/** What is wrong with the name of a namespace; `path` is where it is written. */
export function namespaceFindings(namespace: string, path: string): readonly Finding[] {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) return [];
  const empty = namespace === '';
  return [
    {
      severity: 'error',
      code: empty ? 'missing-key' : 'wrong-value',
      path: empty ? '' : path,
      message: empty
        ? 'found no namespace to create objects in (expected one here or a build namespace)'
        : `found the namespace ${JSON.stringify(namespace)} (expected at most 63 small letters, digits and -)`,
      hint: empty
        ? `write ${path.slice(1).replaceAll('/', '.')}, or pass --build-namespace`
        : 'write the name of one namespace',
    },
  ];
}

/** `<prefix>-<id>`: the name of the object that a delivery starts. */
export function objectName(prefix: string, id: string): string {
  return `${prefix}-${id}`;
}
