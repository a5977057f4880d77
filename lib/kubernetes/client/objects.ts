// Requests for single objects: resources, paths, create and get. Callers interpret the answers; here
// is only whether a repetition may help.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris;
// k8s.io/apimachinery pkg/api/meta (UnsafeGuessKindToResource).

import { type JsonObject, stringAt } from '../../core/json-object.ts';
import type { ApiAnswer, ApiClient } from './kubernetes-api.ts';

/** Parts of the path of a resource or object. */
interface ResourceAddress {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Null: all namespaces, or a resource without a namespace. */
  readonly namespace: string | null;
  readonly plural: string;
  readonly name?: string;
}

/**
 * The resource of a manifest, without discovery: permissions are rendered without a cluster, and
 * the Role must name the resource of the POST. `plural` is for kinds with an irregular one.
 */
export function resourceOf(
  manifest: JsonObject,
  plural = pluralOf(stringAt(manifest, 'kind')),
): Pick<ResourceAddress, 'group' | 'version' | 'plural'> {
  const [first = '', second] = stringAt(manifest, 'apiVersion').split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  return { group, version, plural };
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}

/** Path of a resource or of one object, with every segment percent-encoded. */
export function resourcePath(address: ResourceAddress): string {
  const { group, version, namespace, plural, name } = address;
  const segments = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== null) segments.push('namespaces', namespace);
  segments.push(plural);
  if (name !== undefined) segments.push(name);
  return `/${segments.map(toSegment).join('/')}`;
}

/** Encodes dot segments too, which encodeURIComponent keeps and URL parsers resolve. */
function toSegment(text: string): string {
  return text === '.' || text === '..' ? text.replaceAll('.', '%2E') : encodeURIComponent(text);
}

/** Long enough for admission webhooks (at most 30 s each), short enough to notice a dead server. */
const OBJECT_TIMEOUT_MS = 30_000;

/** An object to create, and its path. */
interface ObjectRequest {
  readonly path: string;
  readonly object: JsonObject;
  readonly timeoutMs?: number;
  /** Set if the server does everything but store it. */
  readonly dryRun?: 'All';
  /** Treatment of unknown fields; absent: `Strict`, they are refused. */
  readonly fieldValidation?: 'Strict' | 'Ignore';
  /** Set if the server stores nothing, as for a review. */
  readonly isQuestion?: true;
}

/** Refusals that may end without a change of the request. 401: the token may be renewed. */
const TRANSIENT: readonly number[] = [401, 408, 429];

/** Whether the same request may have another answer later; every other refusal stays one. */
export function isTransient(answer: ApiAnswer): boolean {
  return !answer.ok || answer.status >= 500 || TRANSIENT.includes(answer.status);
}

/** Asks the server to create an object. */
export function create(
  api: ApiClient,
  creation: ObjectRequest,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { path, object, timeoutMs = OBJECT_TIMEOUT_MS, dryRun } = creation;
  const { fieldValidation = 'Strict', isQuestion = dryRun !== undefined } = creation;
  const query = {
    ...{ fieldManager: 'sluice', fieldValidation },
    ...(dryRun !== undefined && { dryRun }),
  };
  const call = { method: 'POST', path, query, body: object, timeoutMs } as const;
  const isRepeatable = isQuestion || stringAt(object, 'metadata', 'name') !== '';
  return api.request(isRepeatable ? { ...call, isRepeatable } : call, signal);
}

/** Asks for one object. */
export function get(api: ApiClient, path: string, signal: AbortSignal): Promise<ApiAnswer> {
  return api.request({ method: 'GET', path, timeoutMs: OBJECT_TIMEOUT_MS }, signal);
}
