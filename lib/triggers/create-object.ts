// Creates one object with a name made from the delivery id. If the name is taken, it compares the
// delivery id of the existing object. One POST, and after a 409 one GET: no retry, no sleep, no
// log.
// Source: docs/architecture.md (409), Kubernetes API conventions (names); RFC 1123 (namespace
// names).

import type { Delivery, Outcome, RefusedReason, Started } from '../core/delivery.ts';
import { type JsonObject, jsonAt, stringAt } from '../core/json-object.ts';
import type { Trigger } from '../core/ports/trigger.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import type { ApiAnswered, ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { create, get } from '../kubernetes/client/objects.ts';
import { type CreateAttempt, outcomeOf } from './api-answer-table.ts';
import { pausing } from './asked-wait.ts';
import type { TriggerParts } from './trigger-kind.ts';

/** Annotation with the whole delivery id on every object that Sluice creates. */
export const DELIVERY_KEY = 'sluice.dev/delivery';

interface ObjectCreation {
  /** The path of its collection, for instance `/apis/batch/v1/namespaces/ci/jobs`. */
  readonly collection: string;
  /** The plural, as a Role names it. */
  readonly resource: string;
  /** With `kind`, name, namespace and the annotation `sluice.dev/delivery`. */
  readonly object: JsonObject;
  /** The wall clock, ms since 1970. */
  readonly now: number;
}

/** Renders the request that creates an object, for people. */
export function renderCreation({ collection, object }: Omit<ObjectCreation, 'now'>): string {
  return `POST ${collection}\n\n${JSON.stringify(object, null, 2)}`;
}

// Only a safeguard: the signal of the attempt aborts earlier.
const REQUEST_LIMIT_MS = 300_000;

/** The object of a delivery, or why it has none. */
export type MadeObject =
  | { readonly ok: true; readonly creation: Omit<ObjectCreation, 'now'> }
  | { readonly ok: false; readonly reason: RefusedReason; readonly detail: string };

/** A trigger that creates one object for each delivery. */
export function createEach(
  keyLifeMs: number,
  make: (delivery: Delivery) => MadeObject,
  { api, clock }: Pick<TriggerParts, 'api' | 'clock'>,
): Trigger {
  const fireOne = async (delivery: Delivery, signal: AbortSignal): Promise<Outcome> => {
    const made = make(delivery);
    if (!made.ok) return { outcome: 'refused', reason: made.reason, detail: made.detail };
    return createObject(api, { ...made.creation, now: clock.now() }, signal);
  };
  return {
    keyLifeMs,
    fire: (deliveries, signal) => Array.fromAsync(deliveries, (one) => fireOne(one, signal)),
  };
}

/** Creates the object and classifies the answer. */
export async function createObject(
  api: ApiClient,
  creation: ObjectCreation,
  signal: AbortSignal,
): Promise<Outcome> {
  const { collection: path, object } = creation;
  const answer = await create(api, { path, object, timeoutMs: REQUEST_LIMIT_MS }, signal);
  const outcome = outcomeOf(answer, attemptTo(creation, 'create'));
  if (outcome.outcome === 'exists') return compareExisting(api, creation, signal);
  if (outcome.outcome === 'created') return { outcome: 'delivered', started: startedBy(object) };
  return outcome;
}

async function compareExisting(
  api: ApiClient,
  creation: ObjectCreation,
  signal: AbortSignal,
): Promise<Outcome> {
  const started = startedBy(creation.object);
  const path = `${creation.collection}/${encodeURIComponent(started.name)}`;
  const answer = await get(api, path, signal);
  if (answer.ok && answer.status === 200) return compareIds(answer, creation);
  // 404: it existed a moment ago and was deleted since, which counts as delivered. Not 401: the
  // token expired, and the next attempt may read the object with a new one.
  if (answer.ok && [403, 404].includes(answer.status)) {
    return { outcome: 'delivered', started, note: 'existed, not verified' };
  }
  const outcome = outcomeOf(answer, attemptTo(creation, 'compare the existing'));
  // An object of that name exists, so it is never certain that nothing was started.
  const reason = outcome.outcome === 'unknown' ? outcome.reason : 'server-error';
  const detail = 'detail' in outcome ? outcome.detail : '';
  const pauseMs = 'pauseMs' in outcome ? outcome.pauseMs : undefined;
  return { outcome: 'unknown', reason, detail, ...pausing(pauseMs) };
}

function compareIds(answer: ApiAnswered, creation: ObjectCreation): Outcome {
  const ours = stringAt(creation.object, 'metadata', 'annotations', DELIVERY_KEY);
  const theirs = jsonAt(answer.body, 'metadata', 'annotations', DELIVERY_KEY);
  const started = startedBy(creation.object);
  if (theirs === ours) return { outcome: 'delivered', started, note: 'existed' };
  if (theirs === undefined && stringAt(answer.body, 'metadata', 'deletionTimestamp') !== '') {
    return { outcome: 'delivered', started, note: 'existed, not verified' };
  }
  const { doing } = attemptTo(creation, 'create');
  const found = theirs === undefined ? `no annotation ${DELIVERY_KEY}` : 'another delivery';
  const detail = `${doing}: the name is taken by an object with ${found} (expected ${ours})`;
  return { outcome: 'refused', reason: 'name-taken', detail };
}

function attemptTo(creation: ObjectCreation, verb: string): CreateAttempt {
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
    name: stringAt(object, 'metadata', 'name'),
  };
}

/** The findings for the namespace of created objects; `path` is its place in the section. */
export function namespaceFindings(namespace: string, path: string): readonly Finding[] {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) return [];
  if (namespace === '') {
    const message =
      'found no namespace to create objects in (expected one here or a build namespace)';
    const hint = `write ${path.slice(1).replaceAll('/', '.')}, or pass --build-namespace`;
    return [errorAt('missing-key', '', { message, hint })];
  }
  const message = `found the namespace ${JSON.stringify(namespace)} (expected at most 63 small letters, digits and -)`;
  return [errorAt('wrong-value', path, { message, hint: 'write the name of one namespace' })];
}
