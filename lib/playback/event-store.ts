// What a recording has made of the cluster so far: the Events that exist, and the history of changes
// back to the last compaction. It behaves as etcd behind an API server does: one growing version
// over all, changes in its order, objects listed by key. It knows nothing of HTTP and time.

import { type EventObject, isJsonObject, type JsonObject, stringAt } from '../core/event.ts';
import type { ChangeType } from './recording.ts';

/** One Event as it is stored. */
export interface StoredEvent {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly object: EventObject;
}

/** One change, in the order of versions. */
interface StoredChange {
  readonly version: bigint;
  readonly namespace: string;
  /** The line of a watch that tells it, with its line feed. */
  readonly frame: string;
}

/** Events and their history. */
export class EventStore {
  readonly #events = new Map<string, StoredEvent>();
  readonly #waiting = new Set<() => void>();
  #changes: StoredChange[] = [];
  /** The version of the first change in the history. */
  #first: bigint;

  /** Begins after `version`, with no Events. */
  constructor(version: bigint) {
    this.#first = version + 1n;
  }

  /** The version of the last change. */
  get version(): bigint {
    return this.#first + BigInt(this.#changes.length) - 1n;
  }

  /** The oldest version from which the history is whole. */
  get oldest(): bigint {
    return this.#first - 1n;
  }

  /**
   * Applies a recorded change; false where it is none: an object without a name, or the deletion
   * of what does not exist.
   *
   * A recording may begin in the middle of a life and may have seen an object twice, so whether
   * something is added or modified is told by what exists, as a server tells it.
   */
  apply(type: ChangeType, recorded: EventObject): boolean {
    const namespace = stringAt(recorded, 'metadata', 'namespace');
    const name = stringAt(recorded, 'metadata', 'name');
    const key = `${namespace}/${name}`;
    const exists = this.#events.has(key);
    if (name === '' || namespace === '' || (type === 'DELETED' && !exists)) return false;
    const version = this.version + 1n;
    const object = versioned(recorded, version);
    if (type === 'DELETED') this.#events.delete(key);
    else this.#events.set(key, { key, namespace, object });
    const told = type === 'DELETED' ? type : exists ? 'MODIFIED' : 'ADDED';
    this.#changes.push({ version, namespace, frame: frame(told, object) });
    this.#wake();
    return true;
  }

  /** What exists, in the order of keys; of one namespace, or of all where it is null. */
  list(namespace: string | null): readonly StoredEvent[] {
    return [...this.#events.values()]
      .filter((stored) => namespace === null || stored.namespace === namespace)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** One Event; undefined where there is none. */
  get(namespace: string, name: string): StoredEvent | undefined {
    return this.#events.get(`${namespace}/${name}`);
  }

  /** Whether the history after a version is gone, so that no watch can begin there. */
  isCompacted(version: bigint): boolean {
    return version < this.oldest;
  }

  /** At most `limit` changes after a version, oldest first; none for a version of the future. */
  changesAfter(version: bigint, limit: number): readonly StoredChange[] {
    const skip = Number(version + 1n - this.#first);
    return skip < 0 ? [] : this.#changes.slice(skip, skip + limit);
  }

  /** Forgets the history up to a version; what exists stays. */
  compact(version: bigint): void {
    const forget = Number(version + 1n - this.#first);
    if (forget <= 0) return;
    const kept = Math.min(forget, this.#changes.length);
    this.#changes = this.#changes.slice(kept);
    this.#first += BigInt(kept);
    // Who lags behind the compaction has to be told.
    this.#wake();
  }

  /** Resolves at the next change or compaction, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** The line of a watch about an Event. */
export function frame(type: ChangeType, object: EventObject): string {
  return `${goJson({ type, object: { kind: 'Event', apiVersion: 'v1', ...object } })}\n`;
}

/** JSON as Go's encoder writes it, which no reader of lines can break anywhere but at LF. */
export function goJson(value: JsonObject): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// Without kind and apiVersion, as in a list.
function versioned(recorded: EventObject, version: bigint): EventObject {
  const { metadata, ...rest } = recorded;
  const known = isJsonObject(metadata) ? metadata : {};
  const kept = Object.entries(rest).filter(([name]) => name !== 'kind' && name !== 'apiVersion');
  return {
    metadata: { ...known, resourceVersion: version.toString() },
    ...Object.fromEntries(kept),
  };
}
