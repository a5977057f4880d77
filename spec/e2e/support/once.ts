// Exactly once, end to end: Events written through the admin, builds (ConfigMaps) that a gateway
// created from them, and what each of the two has that the other lacks. Events and builds are
// compared by identity, the states of an Event by what the log says was judged.

import type { AdminClient, KubeObject } from '../../controlplane/admin-client.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitFor } from '../../controlplane/waiting.ts';
import type { GatewayProcess } from './gateway-process.ts';

/** The namespaces of one gateway. */
export interface Places {
  /** What it watches. */
  readonly watched: readonly string[];
  /** Where its builds are. */
  readonly builds: string;
}

const ANNOTATION = 'example.com/event';
// Longer than any API server is away in a spec.
const AWAY_MS = 60_000;

/** New namespaces: so many to watch, one for builds. */
export async function createPlaces(plane: ControlPlane, count: number): Promise<Places> {
  const watched: string[] = [];
  while (watched.length < count) watched.push(await plane.createNamespace('shop'));
  return { watched, builds: await plane.createNamespace('builds') };
}

/** A configuration that makes one ConfigMap a series, without limits. */
export function configMapPerSeries(places: Places): Record<string, unknown> {
  return {
    sources: { spec: { events: { namespaces: places.watched } } },
    filters: [{ name: 'spec', reasons: ['Spec'], action: 'accept' }],
    triggers: configMapTrigger(places),
    limits: { perObject: 'off', total: 'off' },
    delivery: { concurrency: 8, timeout: '10s', retry: { first: '200ms', max: '2s', for: '1h' } },
  };
}

/** The trigger `build` of it: a ConfigMap that says which Event it was made of. */
export function configMapTrigger(
  { builds }: Places,
  labels: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  const annotations = { [ANNOTATION]: '${event.metadata.namespace}/${event.metadata.name}' };
  const metadata = { namespace: builds, annotations, labels };
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  return { build: { kubernetes: { manifest } } };
}

/** The rights that this configuration needs, and no more. */
export function rulesFor({ watched, builds }: Places): {
  readonly namespace: string;
  readonly name: string;
  readonly rules: {
    namespace: string;
    rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  }[];
} {
  const reading = { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] };
  const building = { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get'] };
  const reporting = { apiGroups: [''], resources: ['events'], verbs: ['create'] };
  const knowing = { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] };
  return {
    namespace: builds,
    name: 'gateway',
    rules: [
      ...watched.map((namespace) => ({ namespace, rules: [reading] })),
      { namespace: builds, rules: [building, knowing, reporting] },
    ],
  };
}

/** Writes Events, each of a series of its own, and remembers which. */
export class EventWriter {
  /** `namespace/name` of every Event written. */
  readonly written: string[] = [];
  /** How many states were written, repetitions included. */
  states = 0;
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  /** Writes a new Event; while the API server is away, again and again. Answers its name. */
  async write(namespace: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = `event-${this.written.length}`;
    const path = `/api/v1/namespaces/${namespace}/events`;
    await this.#insist({ method: 'POST', path, body: anEvent({ namespace, name }, more) });
    this.written.push(`${namespace}/${name}`);
    return name;
  }

  /** Writes so many new Events, one after the other. Answers their names. */
  async writeMany(namespace: string, count: number): Promise<readonly string[]> {
    const names: string[] = [];
    while (names.length < count) names.push(await this.write(namespace));
    return names;
  }

  /** Counts an Event up, as its reporter would. */
  async repeat(namespace: string, name: string, count: number): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/events/${name}`;
    await this.#insist({ method: 'PATCH', path, body: { count } });
  }

  async #insist(asked: { method: string; path: string; body: unknown }): Promise<void> {
    const isWritten = async (): Promise<boolean> => {
      const { status, body } = await this.#admin.send(asked);
      // 409: it was written although the answer was lost.
      if (status < 300 || status === 409) return true;
      throw new Error(`${asked.path}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
    };
    await waitFor(isWritten, AWAY_MS, `${asked.method} ${asked.path}`);
    this.states += 1;
  }
}

/** An Event of the reason that the rule accepts. */
export function anEvent(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  more: Readonly<Record<string, unknown>> = {},
): KubeObject {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace },
    reason: 'Spec',
    type: 'Warning',
    message: `what happened to ${name}`,
    source: { component: 'kubelet' },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    ...more,
  };
}

/** The Events that builds were made of, one entry a build. */
export async function buildsIn(admin: AdminClient, namespace: string): Promise<readonly string[]> {
  const found = await admin.list(`/api/v1/namespaces/${namespace}/configmaps`);
  return found.map(eventOf).filter((event) => event !== '');
}

/** The Event that a build was made of; '' for any other object. */
export function eventOf({ metadata }: KubeObject): string {
  return metadata?.annotations?.[ANNOTATION] ?? '';
}

/** What is missing and what is there twice. */
export interface Difference {
  readonly lost: readonly string[];
  readonly repeated: readonly string[];
  readonly foreign: readonly string[];
}

/** Compares what was written with what was built. */
export function compare(written: readonly string[], built: readonly string[]): Difference {
  const wanted = new Set(written);
  return {
    lost: [...wanted].filter((key) => !built.includes(key)),
    repeated: twice(built),
    foreign: built.filter((key) => !wanted.has(key)),
  };
}

/** Nothing lost, nothing repeated. */
export const none: Difference = { lost: [], repeated: [], foreign: [] };

/** Waits until every Event written has its build; at the deadline answers what is missing. */
export async function settled(
  plane: ControlPlane,
  { places, writer }: { readonly places: Places; readonly writer: EventWriter },
  deadlineMs = 30_000,
): Promise<Difference> {
  const now = async (): Promise<Difference> =>
    compare(writer.written, await buildsIn(plane.admin, places.builds));
  const isWhole = async (): Promise<boolean> => (await now()).lost.length === 0;
  await waitFor(isWhole, deadlineMs, 'every build').catch(() => undefined);
  return now();
}

/** Each state that was judged, as `namespace/name×count`, in the order of the log. */
export function judged(gateway: GatewayProcess): readonly string[] {
  return gateway.of('decision').map((line) => `${String(line['event'])}×${String(line['count'])}`);
}

/** How often a watch ended, by reason, as the metrics count it: the log tells the same but once. */
export async function restarts(gateway: GatewayProcess): Promise<ReadonlyMap<string, number>> {
  const { text } = await gateway.probe('/metrics');
  const lines = text.matchAll(/^sluice_watch_restarts_total\{.*reason="([^"]+)".*\} ([1-9]\d*)$/gm);
  return new Map([...lines].map(([, reason = '', count = '']) => [reason, Number(count)]));
}

/**
 * Gaps in which something was missed, but for the one that a start without a position on a store of
 * no memory is. A relist that missed nothing is a gap of the kind `none`.
 */
export function gapsWhileRunning(gateway: GatewayProcess): readonly unknown[] {
  return gateway.of('gap').filter((line) => line['from'] !== null && line['loss'] !== 'none');
}

/** Entries that occur more than once. */
export function twice(entries: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return entries.filter((entry) => seen.size === seen.add(entry).size);
}
