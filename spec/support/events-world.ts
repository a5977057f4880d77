// A small cluster's Events behind the scripted server: objects with a growing counter, lists in
// pages, watches with their history, cuts, and compaction. It answers by itself; what happens in it
// is the spec's.

import type { JsonObject } from '../../lib/core/json-object.ts';
import { compareVersions } from '../../lib/core/object-reference.ts';
import { type FieldTerm, parseFieldSelector } from '../../lib/kubernetes/client/field-selector.ts';
import { meetsTerms } from '../../lib/sources/event-selection.ts';
import { anEvent } from './builders.ts';
import type { ParkedRequest } from './parked-request.ts';
import { ScriptedApiServer } from './scripted-api-server.ts';

interface Write {
  readonly version: string;
  readonly key: string;
  /** The states before and after, both under its version; null: there is none. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** What a watch or a list asks for. */
interface Asked {
  readonly namespace: string | null;
  readonly terms: readonly FieldTerm[];
}

interface Watcher extends Asked {
  readonly request: ParkedRequest;
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
  write(name: string, namespace = 'shop', more: JsonObject = {}): string {
    const key = `${namespace}/${name}`;
    const version = this.#next();
    const metadata = { name, namespace, resourceVersion: version };
    const before = this.#objects.get(key);
    const after = anEvent({ ...more, metadata });
    this.#objects.set(key, after);
    this.#tell({
      version,
      key,
      before: before === undefined ? null : { ...before, metadata },
      after,
    });
    return `${key}@${version}`;
  }

  /** Deletes an Event, if it is there. */
  remove(name: string, namespace = 'shop'): void {
    const key = `${namespace}/${name}`;
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    const version = this.#next();
    const metadata = { name, namespace, resourceVersion: version };
    this.#tell({ version, key, before: { ...before, metadata }, after: null });
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
      const frame = frameOf(write, watcher);
      if (frame === null) continue;
      if (watcher.held === null) watcher.request.send(frame);
      else watcher.held.push(frame);
    }
  }

  #answer(request: ParkedRequest): boolean {
    const namespace = /\/namespaces\/([^/]+)\/events$/.exec(request.path)?.[1] ?? null;
    const parsed = parseFieldSelector(request.query.get('fieldSelector') ?? '');
    const asked = { namespace, terms: parsed.ok ? parsed.terms : [] };
    if (request.kind === 'list') this.#list(request, asked);
    else if (request.kind === 'watch') this.#watch(request, asked);
    else return false;
    return true;
  }

  /** The token holds where to go on and at which version; compaction makes it expire. */
  #list(request: ParkedRequest, { namespace, terms }: Asked): void {
    const [after = '', at = String(this.#counter)] = (request.query.get('continue') ?? '').split(
      '@',
    );
    if (after !== '' && BigInt(at) < this.#compactedTo) {
      request.refuse(410, { reason: 'Expired' });
      return;
    }
    const rest = [...this.#objects.entries()]
      .filter(([key, object]) => isIn(namespace, key) && isSelected(terms, object) && key > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    // A page shows the world at the list's version; what was written since is left out here.
    const old = rest.filter(([, object]) => versionOf(object) <= BigInt(at));
    const page = request.query.has('limit') ? old.slice(0, this.pageSize) : old;
    const last = page.at(-1)?.[0];
    const token =
      last !== undefined && page.length < old.length ? { continue: `${last}@${at}` } : {};
    request.list({ resourceVersion: at, items: page.map(([, object]) => object), ...token });
  }

  #watch(request: ParkedRequest, asked: Asked): void {
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
    for (const write of this.#history) {
      const frame = compareVersions(write.version, after) > 0 ? frameOf(write, asked) : null;
      if (frame !== null) request.send(frame);
    }
    this.#watchers.push({ request, ...asked, held: null });
  }
}

/** The frame of a change in a watch; null if it is outside of what was asked for. */
function frameOf({ key, before, after }: Write, { namespace, terms }: Asked): JsonObject | null {
  if (!isIn(namespace, key)) return null;
  const was = before !== null && isSelected(terms, before);
  if (after !== null && isSelected(terms, after)) {
    return { type: was ? 'MODIFIED' : 'ADDED', object: after };
  }
  return was ? { type: 'DELETED', object: before } : null;
}

/** Without terms nothing of lib runs: the data path counts what does. */
function isSelected(terms: readonly FieldTerm[], object: JsonObject): boolean {
  return terms.length === 0 || meetsTerms(terms, object);
}

function isIn(namespace: string | null, key: string): boolean {
  return namespace === null || key.startsWith(`${namespace}/`);
}

function versionOf(object: JsonObject): bigint {
  return BigInt((object['metadata'] as { resourceVersion: string }).resourceVersion);
}
