// A small cluster's Events behind the scripted server: objects with a growing counter, lists in
// pages, watches with their history, cuts, and compaction. It answers by itself; what happens in it
// is the spec's.

import type { JsonObject } from '../../lib/core/json-object.ts';
import { compareVersions } from '../../lib/core/object-reference.ts';
import { anEvent } from './builders.ts';
import type { ParkedRequest } from './parked-request.ts';
import { ScriptedApiServer } from './scripted-api-server.ts';

interface Write {
  readonly version: string;
  readonly key: string;
  readonly frame: JsonObject;
}

interface Watcher {
  readonly request: ParkedRequest;
  readonly namespace: string | null;
  /** Frames held back; null where they flow. */
  held: JsonObject[] | null;
}

/** Events that come, change and go. */
export class EventsWorld {
  readonly server: ScriptedApiServer;
  /** Largest number of items a page, even if more are requested. */
  pageSize = 3;
  #counter = 1000n;
  #compactedTo = 0n;
  readonly #objects = new Map<string, JsonObject>();
  readonly #history: Write[] = [];
  #watchers: Watcher[] = [];

  private constructor(server: ScriptedApiServer) {
    this.server = server;
    server.answerBy((request) => this.#answer(request));
  }

  /** Starts an empty cluster. */
  static async start(): Promise<EventsWorld> {
    return new EventsWorld(await ScriptedApiServer.start());
  }

  /** Creates an Event, or changes it; answers its `key@version`. */
  write(name: string, namespace = 'shop'): string {
    const key = `${namespace}/${name}`;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const resourceVersion = this.#next();
    const object = anEvent({ metadata: { name, namespace, resourceVersion } });
    this.#objects.set(key, object);
    this.#tell({ version: resourceVersion, key, frame: { type, object } });
    return `${key}@${resourceVersion}`;
  }

  /** Deletes an Event, if it is there. */
  remove(name: string, namespace = 'shop'): void {
    const key = `${namespace}/${name}`;
    if (!this.#objects.delete(key)) return;
    const version = this.#next();
    const object = anEvent({ metadata: { name, namespace, resourceVersion: version } });
    this.#tell({ version, key, frame: { type: 'DELETED', object } });
  }

  /** Breaks every open watch. */
  cut(): void {
    for (const { request } of this.#watchers) request.cut();
    this.#watchers = [];
  }

  /** Ends every open watch cleanly. */
  close(): void {
    for (const { request } of this.#watchers) request.end();
    this.#watchers = [];
  }

  /** Holds back what the watches open now would bring: lists overtake them. */
  stall(): void {
    for (const watcher of this.#watchers) watcher.held ??= [];
  }

  /** Brings what was held back. */
  flow(): void {
    for (const watcher of this.#watchers) {
      watcher.request.send(...(watcher.held ?? []));
      watcher.held = null;
    }
  }

  /** Forgets the history so far: watches from before answer 410. */
  compact(): void {
    this.#compactedTo = this.#counter;
  }

  /** `key@version` of everything that is there. */
  get states(): readonly string[] {
    return [...this.#objects.entries()].map(([key, object]) => {
      const { resourceVersion } = object['metadata'] as { resourceVersion: string };
      return `${key}@${resourceVersion}`;
    });
  }

  /** Watches that the client holds open. */
  get openWatches(): number {
    return this.#watchers.filter(({ request }) => !request.isOver).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  #next(): string {
    this.#counter += 1n;
    return String(this.#counter);
  }

  #tell(write: Write): void {
    this.#history.push(write);
    for (const watcher of this.#watchers) {
      if (!isIn(watcher.namespace, write.key)) continue;
      if (watcher.held === null) watcher.request.send(write.frame);
      else watcher.held.push(write.frame);
    }
  }

  #answer(request: ParkedRequest): boolean {
    const namespace = /\/namespaces\/([^/]+)\/events$/.exec(request.path)?.[1] ?? null;
    if (request.kind === 'list') this.#list(request, namespace);
    else if (request.kind === 'watch') this.#watch(request, namespace);
    else return false;
    return true;
  }

  /** The token holds where to go on and at which version; compaction makes it expire. */
  #list(request: ParkedRequest, namespace: string | null): void {
    const [after = '', at = String(this.#counter)] = (request.query.get('continue') ?? '').split(
      '@',
    );
    if (after !== '' && BigInt(at) < this.#compactedTo) {
      request.refuse(410, { reason: 'Expired' });
      return;
    }
    const rest = [...this.#objects.entries()]
      .filter(([key]) => isIn(namespace, key) && key > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    // A page shows the world at the list's version; what was written since is left out here.
    const old = rest.filter(([, object]) => versionOf(object) <= BigInt(at));
    const page = request.query.has('limit') ? old.slice(0, this.pageSize) : old;
    const last = page.at(-1)?.[0];
    const token =
      last !== undefined && page.length < old.length ? { continue: `${last}@${at}` } : {};
    request.list({ resourceVersion: at, items: page.map(([, object]) => object), ...token });
  }

  #watch(request: ParkedRequest, namespace: string | null): void {
    const after = request.query.get('resourceVersion') ?? '';
    if (BigInt(after) < this.#compactedTo) {
      // As 1.36 does: the stream opens, and the error is in it.
      request
        .open()
        .send({ type: 'ERROR', object: { kind: 'Status', code: 410 } })
        .end();
      return;
    }
    request.open();
    for (const { version, key, frame } of this.#history) {
      if (compareVersions(version, after) > 0 && isIn(namespace, key)) request.send(frame);
    }
    this.#watchers.push({ request, namespace, held: null });
  }
}

function isIn(namespace: string | null, key: string): boolean {
  return namespace === null || key.startsWith(`${namespace}/`);
}

function versionOf(object: JsonObject): bigint {
  return BigInt((object['metadata'] as { resourceVersion: string }).resourceVersion);
}
