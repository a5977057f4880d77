// Discovery: the types that an API server serves, its own, those of CRDs and those of extension servers.
// Two requests if the server has the aggregated form, else one more for each version. A version that
// cannot be read is named with the reason, and hides no other.
// Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api; client-go
// discovery/discovery_client.go (order of the groups, 404 of /api).

import type { Clock } from '../../core/clock.ts';
import { stringAt } from '../../core/json-object.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { mapSomeAtOnce } from '../../kit/async/some-at-once.ts';
import { printable } from '../../kit/text/printable.ts';
import { foreignDetail, isForeign } from '../client/answer-origin.ts';
import type { ApiAnswer, ApiClient } from '../client/kubernetes-api.ts';
import {
  type FoundVersion,
  type ListedVersion,
  parseRoot,
  parseVersion,
  type ServedType,
  type VersionName,
} from './discovery-documents.ts';

/** A group with its types. */
export interface ServedGroup {
  /** '' for the core group. */
  readonly group: string;
  /** In order of preference, the preferred one first. */
  readonly versions: readonly {
    readonly version: string;
    /** Each resource once. */
    readonly types: readonly ServedType[];
  }[];
}

/** A version whose types are unknown at the moment. */
interface UnavailableVersion extends VersionName {
  /** For people. */
  readonly why: string;
}

/** The types of a cluster. */
export interface ServedTypes {
  /** In order of priority: the core group first. */
  readonly groups: readonly ServedGroup[];
  readonly unavailable: readonly UnavailableVersion[];
}

/** Result of discovery; `why` says for people why nothing is known. */
export type Discovery =
  | ({ readonly ok: true } & ServedTypes)
  | { readonly ok: false; readonly why: string };

// The server compares the parameters in this order.
const AGGREGATED = ['v2', 'v2beta1'].map(
  (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
);
const ACCEPT = [...AGGREGATED, 'application/json'].join(',');

/** 400 CRDs take about 1 MB, so this is far above any real cluster. */
const MAX_ROOT_BYTES = 32 * 1024 * 1024;
/** The types of one version. */
const MAX_VERSION_BYTES = 4 * 1024 * 1024;
/** The API server waits 5 s for the document of an extension server. */
const REQUEST_MS = 10_000;
/** For all requests together. A cluster with many extension servers has some hundred versions. */
const DISCOVERY_MS = 30_000;
/** Few enough that the older form does not use up a server's share for one account. */
const AT_ONCE = 6;

/**
 * Asks for all types that the server serves.
 *
 * **Order and time**: after 30 s, and after an abort, versions that were not read are unavailable. If
 * no group was read by then, the whole discovery has failed.
 */
export async function discover(
  api: ApiClient,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Discovery> {
  using deadline = openDeadline(clock, DISCOVERY_MS, signal);
  const [core, others] = await Promise.all([
    askRoot(api, '/api', deadline.signal),
    askRoot(api, '/apis', deadline.signal),
  ]);
  if (!core.ok) return core;
  if (!others.ok) return others;
  const listed = firstOfEach([...core.versions, ...others.versions], ({ group, version }) =>
    JSON.stringify([group, version]),
  );
  const found = await mapSomeAtOnce(listed, AT_ONCE, (one) =>
    one.found === 'name' ? askVersion(api, one, deadline.signal) : Promise.resolve(one),
  );
  return { ok: true, ...toServedTypes(found) };
}

type RootVersions =
  | { readonly ok: true; readonly versions: readonly (FoundVersion | ListedVersion)[] }
  | { readonly ok: false; readonly why: string };

async function askRoot(api: ApiClient, path: string, signal: AbortSignal): Promise<RootVersions> {
  const bounds = { timeoutMs: REQUEST_MS, maxBytes: MAX_ROOT_BYTES };
  const answer = await api.request({ method: 'GET', path, accept: ACCEPT, ...bounds }, signal);
  const versions = answer.ok && answer.status === 200 ? parseRoot(answer.body) : null;
  if (versions !== null) return { ok: true, versions };
  // A server that only extends another one has no core group.
  if (path === '/api' && answer.ok && answer.status === 404) return { ok: true, versions: [] };
  return { ok: false, why: `GET ${path}: ${whyOf(answer)}` };
}

async function askVersion(
  api: ApiClient,
  { group, version }: VersionName,
  signal: AbortSignal,
): Promise<FoundVersion> {
  const at = { group, version };
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const bounds = { timeoutMs: REQUEST_MS, maxBytes: MAX_VERSION_BYTES };
  const answer = await api.request({ method: 'GET', path, ...bounds }, signal);
  const types = answer.ok && answer.status === 200 ? parseVersion(answer.body, at) : null;
  if (types !== null) return { ...at, found: 'types', types };
  return { ...at, found: 'unavailable', why: whyOf(answer) };
}

/** The reason why an answer says nothing about types. */
function whyOf(answer: ApiAnswer): string {
  if (!answer.ok) return `${answer.code}: ${answer.detail}`;
  if (isForeign(answer)) return foreignDetail(answer);
  if (answer.status === 200) return 'found no document of discovery';
  const said = stringAt(answer.body, 'message');
  return `status ${answer.status}${said === '' ? '' : `: ${printable(said, 300)}`}`;
}

function toServedTypes(found: readonly FoundVersion[]): ServedTypes {
  const served = found.filter((one) => one.found === 'types');
  const groups = [...Map.groupBy(served, ({ group }) => group)].map(([group, versions]) => ({
    group,
    versions: versions.map(({ version, types }) => ({
      version,
      types: firstOfEach(types, ({ resource }) => resource),
    })),
  }));
  const unavailable = found.flatMap((one) => {
    const { group, version } = one;
    return one.found === 'unavailable' ? [{ group, version, why: one.why }] : [];
  });
  return { groups, unavailable };
}

/** No server lists anything twice; a second one would only contradict the first. */
function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...Map.groupBy(items, keyOf).values()].flatMap(([first]) => first ?? []);
}
