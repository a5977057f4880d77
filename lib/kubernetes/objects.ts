// Single objects and where they live: paths, create, get, and the discovery that turns a manifest's
// apiVersion and kind into a path. What an answer means is for the caller.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
import type { Json, JsonObject } from '../core/event.ts';
import { isJsonObject, jsonAt, stringAt } from '../core/event.ts';
import type { ApiAnswer, ApiClient } from './api.ts';

/** What a path leads to. */
export interface ResourceAddress {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** Null: every namespace, or a resource that has none. */
  readonly namespace: string | null;
  readonly plural: string;
  readonly name?: string;
}

/** The path of a resource or of one object, every segment percent-encoded. */
export function resourcePath(address: ResourceAddress): string {
  const { group, version, namespace, plural, name } = address;
  const segments = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== null) segments.push('namespaces', namespace);
  segments.push(plural);
  if (name !== undefined) segments.push(name);
  return `/${segments.map(toSegment).join('/')}`;
}

/** A dot segment would be resolved away on its path; encodeURIComponent leaves dots alone. */
function toSegment(text: string): string {
  return text === '.' || text === '..' ? text.replaceAll('.', '%2E') : encodeURIComponent(text);
}

/** Long enough for admission webhooks (30 s at most each), short enough to notice a dead server. */
const OBJECT_TIMEOUT_MS = 30_000;

/** An object to create, and where. */
export interface Creation {
  readonly path: string;
  readonly object: JsonObject;
  readonly timeoutMs?: number;
}

/** Asks the server to create an object; fields it does not know are refused, not dropped. */
export function create(
  api: ApiClient,
  creation: Creation,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { path, object, timeoutMs = OBJECT_TIMEOUT_MS } = creation;
  const query = { fieldManager: 'sluice', fieldValidation: 'Strict' };
  return api.request({ method: 'POST', path, query, body: object, timeoutMs }, signal);
}

/** Asks for one object. */
export function get(api: ApiClient, path: string, signal: AbortSignal): Promise<ApiAnswer> {
  return api.request({ method: 'GET', path, timeoutMs: OBJECT_TIMEOUT_MS }, signal);
}

/** What a manifest calls itself. */
export interface ManifestType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Where objects of a kind live, or why that is not known. */
export type Discovered =
  | {
      readonly found: true;
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      readonly namespaced: boolean;
    }
  /** The server answered 200 and serves no such kind; or it answered something else. */
  | { readonly found: false; readonly answer: ApiAnswer };

/** Discovery of one server; what was found is remembered, what was not is asked again. */
const remembered = new WeakMap<ApiClient, Map<string, Discovered>>();

/** Where objects of this kind live, from the server's discovery; asked once for each kind. */
export async function discoverResource(
  api: ApiClient,
  { apiVersion, kind }: ManifestType,
  signal: AbortSignal,
): Promise<Discovered> {
  const known = remembered.get(api) ?? new Map<string, Discovered>();
  remembered.set(api, known);
  const key = `${apiVersion} ${kind}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const discovered = await discover(api, { apiVersion, kind }, signal);
  if (discovered.found) known.set(key, discovered);
  return discovered;
}

async function discover(
  api: ApiClient,
  { apiVersion, kind }: ManifestType,
  signal: AbortSignal,
): Promise<Discovered> {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const root = group === '' ? ['api', version] : ['apis', group, version];
  const answer = await get(api, `/${root.map(toSegment).join('/')}`, signal);
  if (!answer.ok || answer.status !== 200) return { found: false, answer };
  const resource = resourcesOf(answer.body).find((entry) => isOfKind(entry, kind));
  if (resource === undefined) return { found: false, answer };
  const namespaced = jsonAt(resource, 'namespaced') === true;
  return { found: true, group, version, plural: stringAt(resource, 'name'), namespaced };
}

function resourcesOf(body: Json): readonly JsonObject[] {
  const resources = jsonAt(body, 'resources');
  return Array.isArray(resources) ? resources.filter((entry: Json) => isJsonObject(entry)) : [];
}

/** Subresources (`jobs/status`) carry the same kind as their resource. */
function isOfKind(resource: JsonObject, kind: string): boolean {
  return stringAt(resource, 'kind') === kind && !stringAt(resource, 'name').includes('/');
}
