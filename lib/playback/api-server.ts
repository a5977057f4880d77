// The paths of an API server that a gateway needs: discovery, namespaces, and core/v1 Events to
// GET, LIST and WATCH. Every other request is refused as an API server refuses it. Every namespace
// exists, and its uid is the same each time, so that the same recording always gives the same
// cluster id.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Random } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json-object.ts';
import { openDeadline } from '../kit/async/abort.ts';
import { goJson } from '../kit/data/go-json.ts';
import { type HostTrouble, hostTrouble } from '../kit/host-header.ts';
import { parseFieldSelector } from '../kubernetes/client/field-selector.ts';
import { isSelectable, meetsTerms } from '../sources/event-selection.ts';
import type { EventLists } from './event-list.ts';
import type { EventStore, Selection } from './event-store.ts';
import type { EventWatches } from './event-watch.ts';
import { JSON_HEADERS, notServed, type Status, status } from './status.ts';

/** Dependencies of the server. */
interface ApiServerParts {
  readonly store: EventStore;
  readonly lists: EventLists;
  readonly watches: EventWatches;
  /** Seed of the namespaces' uids. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The host of --listen. */
  readonly listenHost: string;
  /** Aborts when the server stops; open watches then end cleanly. */
  readonly stopping: AbortSignal;
}

const EVENTS = /^\/api\/v1\/(?:namespaces\/([^/]+)\/)?events$/;
const EVENT = /^\/api\/v1\/namespaces\/([^/]+)\/events\/([^/]+)$/;
const NAMESPACES = '/api/v1/namespaces';
const NAMESPACE = /^\/api\/v1\/namespaces\/([^/]+)$/;

// Timeout of a watch without `timeoutSeconds`, as an API server chooses it: 30 to 60 minutes, at
// random.
const WATCH_MS = 30 * 60_000;

/** Answers one request. Resolves after the response or a disconnect; never throws. */
export async function handle(
  parts: ApiServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(parts, request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else answer(response, status(500, messageOf(error)));
  }
  if (response.writableFinished || response.destroyed) return;
  await new Promise<void>((resolve) => response.once('finish', resolve).once('close', resolve));
}

async function route(
  parts: ApiServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Refuses web pages that point a host name of their own at this machine (DNS rebinding).
  const { headersDistinct, socket } = request;
  const rules = { listenHost: parts.listenHost, hosts: new Set<string>() };
  const trouble = hostTrouble(headersDistinct['host'] ?? [], socket.localAddress ?? '', rules);
  if (trouble !== null) {
    answer(response, HOST_REFUSALS[trouble]);
    return;
  }
  const url = URL.parse(request.url ?? '/', 'http://playback');
  const path = url === null ? undefined : decoded(url.pathname);
  if (url === null || path === undefined) {
    answer(response, status(400, 'malformed path'));
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer(response, methodRefusal(path));
    return;
  }
  if (HEALTH_PATHS.includes(path)) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok');
    return;
  }
  const events = EVENTS.exec(path);
  if (events === null) {
    answer(response, documentAt(parts, path));
    return;
  }
  await eventsAt(parts, { namespace: events[1] ?? null, query: url.searchParams }, response);
}

const HOST_REFUSALS = {
  'not one': status(400, 'expected exactly one Host header'),
  malformed: status(400, 'found a Host header that is no host[:port]'),
  misdirected: status(
    421,
    'a playback answers under a loopback name, its address and the host of --listen alone',
  ),
} as const satisfies Record<HostTrouble, Status>;

function methodRefusal(path: string): Status {
  const served = EVENTS.test(path) || EVENT.test(path) || path.startsWith(NAMESPACES);
  return served
    ? status(405, 'the server does not allow this method on the requested resource')
    : notServed();
}

function documentAt(parts: ApiServerParts, path: string): JsonObject {
  const document = Object.hasOwn(DOCUMENTS, path) ? DOCUMENTS[path] : undefined;
  if (document !== undefined) return document;
  if (path === NAMESPACES) return namespaceList(parts);
  const [, namespace] = NAMESPACE.exec(path) ?? [];
  if (namespace !== undefined) return toNamespace(namespace, parts.cluster);
  const [, of = '', name = ''] = EVENT.exec(path) ?? [];
  if (name === '') return notServed();
  const stored = parts.store.get(of, name);
  if (stored !== undefined) return { kind: 'Event', apiVersion: 'v1', ...stored.object };
  return status(404, `events "${name}" not found`, { name, kind: 'events' });
}

function namespaceList({ store, cluster }: ApiServerParts): JsonObject {
  const seen = store.list(null).map(({ namespace }) => namespace);
  const names = [...new Set(['default', 'kube-system', ...seen])].sort();
  const items = names.map((name) => {
    const { kind, apiVersion, ...item } = toNamespace(name, cluster);
    return item;
  });
  const metadata = { resourceVersion: store.version.toString() };
  return { kind: 'NamespaceList', apiVersion: 'v1', metadata, items };
}

async function eventsAt(
  parts: ApiServerParts,
  { namespace, query }: { readonly namespace: string | null; readonly query: URLSearchParams },
  response: ServerResponse,
): Promise<void> {
  const get = (name: string): string => query.get(name) ?? '';
  if (get('labelSelector') !== '') {
    answer(response, status(400, 'playback serves no labelSelector'));
    return;
  }
  const selection = selectionOf(get('fieldSelector'));
  if (selection !== null && 'code' in selection) {
    answer(response, selection);
    return;
  }
  if (!['1', 'true'].includes(get('watch'))) {
    const page = parts.lists.list({
      namespace,
      selection,
      limit: get('limit'),
      continue: get('continue'),
      resourceVersion: get('resourceVersion'),
      resourceVersionMatch: get('resourceVersionMatch'),
    });
    answer(response, page);
    return;
  }
  const refusal = watchRefusal(get);
  if (refusal !== null) {
    answer(response, refusal);
    return;
  }
  const version = get('resourceVersion');
  const from = version === '' || version === '0' ? null : BigInt(version);
  const seconds = Number(get('timeoutSeconds'));
  const timeoutMs = seconds > 0 ? seconds * 1000 : WATCH_MS * (1 + parts.random());
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  const until = AbortSignal.any([disconnected.signal, parts.stopping]);
  using deadline = openDeadline(parts.clock, timeoutMs, until);
  await parts.watches.serve(response, { namespace, selection, from }, deadline.signal);
}

/** The selection of a selector; null if it is empty, or the Status that refuses it. */
function selectionOf(selector: string): Selection | Status | null {
  const parsed = parseFieldSelector(selector);
  if (!parsed.ok) return status(400, `invalid field selector: ${parsed.why}`);
  const { terms } = parsed;
  const unknown = terms.find(({ field }) => !isSelectable(field));
  if (unknown !== undefined) return status(400, `field label not supported: ${unknown.field}`);
  return terms.length === 0 ? null : { selector, selects: (event) => meetsTerms(terms, event) };
}

function watchRefusal(get: (name: string) => string): Status | null {
  if (!/^\d{0,20}$/.test(get('resourceVersion'))) return status(400, 'invalid resource version');
  if (!/^\d{0,9}$/.test(get('timeoutSeconds'))) return status(400, 'invalid timeoutSeconds');
  if (get('sendInitialEvents') === '') return null;
  return status(
    422,
    'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
  );
}

function answer(response: ServerResponse, body: JsonObject): void {
  const { kind, code } = body;
  const refusal = kind === 'Status' && typeof code === 'number' ? code : 200;
  response.writeHead(refusal, {
    ...JSON_HEADERS,
    ...(refusal === 504 ? { 'Retry-After': '1' } : {}),
  });
  response.end(`${goJson(body)}\n`);
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

// The API server that it behaves like. Clients check the minor version before they use newer
// features.
const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+sluice-playback' };

const DOCUMENTS: Readonly<Record<string, JsonObject>> = {
  '/version': { ...VERSION, platform: 'linux/amd64' },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'events',
        singularName: 'event',
        namespaced: true,
        kind: 'Event',
        verbs: ['get', 'list', 'watch'],
        shortNames: ['ev'],
      },
      {
        name: 'namespaces',
        singularName: 'namespace',
        namespaced: false,
        kind: 'Namespace',
        verbs: ['get', 'list'],
        shortNames: ['ns'],
      },
    ],
  },
};

const HEALTH_PATHS: readonly string[] = ['/healthz', '/livez', '/readyz'];

function toNamespace(name: string, cluster: string): JsonObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: uidOf(cluster, name),
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

// A UUID of version 8 (RFC 9562: custom) from a hash of both names.
function uidOf(cluster: string, name: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([cluster, name]), 'utf8')
    .digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
