// State of the played cluster: the Events that exist, and the history of changes back to the last
// compaction. It behaves as etcd behind an API server does: one growing version for all objects,
// changes in its order, objects listed by key. HTTP and time are not here.

import { isJsonObject, stringAt } from '../core/json-object.ts';
import type { EventObject } from '../core/occurrence.ts';
import { goJson } from '../kit/data/go-json.ts';
import type { ChangeType } from './recording.ts';

/** One stored Event. */
export interface StoredEvent {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly object: EventObject;
}

/** One change of the history. */
interface StoredChange {
  readonly version: bigint;
  readonly namespace: string;
  /** Its line in a watch of everything, with the line feed. */
  readonly frame: string;
  /** The state after it; null if it deletes the Event. */
  readonly after: EventObject | null;
  /** The state before it, under its version; null if it adds the Event. */
  readonly before: EventObject | null;
}

/** Events that a client asks for by a field selector. */
export interface Selection {
  /** As it is written. */
  readonly selector: string;
  readonly selects: (event: EventObject) => boolean;
}

/** Events and their history. */
export class EventStore {
  readonly #events = new Map<string, StoredEvent>();
  readonly #changed = new Waiters();
  #changes: StoredChange[] = [];
  /** The version of the first change in the history. */
  #first: bigint;

  /** Starts empty; the first change gets the version after `version`. */
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
   * Applies a recorded change. Returns false if it changes nothing: the object has no name, or a
   * deleted object does not exist.
   *
   * A recording may begin after an object was added, or contain its ADDED twice. So an existing
   * object is modified and any other is added, whatever the recording says.
   */
  apply(type: ChangeType, recorded: EventObject): boolean {
    const namespace = stringAt(recorded, 'metadata', 'namespace');
    const name = stringAt(recorded, 'metadata', 'name');
    const key = `${namespace}/${name}`;
    const previous = this.#events.get(key);
    const exists = previous !== undefined;
    if (name === '' || namespace === '' || (type === 'DELETED' && !exists)) return false;
    const version = this.version + 1n;
    const object = versioned(recorded, version);
    if (type === 'DELETED') this.#events.delete(key);
    else this.#events.set(key, { key, namespace, object });
    const applied = type === 'DELETED' ? type : exists ? 'MODIFIED' : 'ADDED';
    this.#changes.push({
      ...{ version, namespace, frame: frame(applied, object) },
      after: type === 'DELETED' ? null : object,
      before: previous === undefined ? null : versioned(previous.object, version),
    });
    this.#changed.wake();
    return true;
  }

  /** The existing Events in the order of keys, of one namespace or, if it is null, of all. */
  list(namespace: string | null): readonly StoredEvent[] {
    return [...this.#events.values()]
      .filter((stored) => namespace === null || stored.namespace === namespace)
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** One Event; undefined if it does not exist. */
  get(namespace: string, name: string): StoredEvent | undefined {
    return this.#events.get(`${namespace}/${name}`);
  }

  /** Whether compaction removed changes after a version, so that no watch can begin there. */
  isCompacted(version: bigint): boolean {
    return version < this.oldest;
  }

  /** At most `limit` changes after a version, oldest first; none for a future version. */
  changesAfter(version: bigint, limit: number): readonly StoredChange[] {
    const skip = Number(version + 1n - this.#first);
    return skip < 0 ? [] : this.#changes.slice(skip, skip + limit);
  }

  /** Removes the history up to a version; the Events stay. */
  compact(version: bigint): void {
    const forget = Number(version + 1n - this.#first);
    if (forget <= 0) return;
    const kept = Math.min(forget, this.#changes.length);
    this.#changes = this.#changes.slice(kept);
    this.#first += BigInt(kept);
    // A watch that is behind the compaction must end with an error.
    this.#changed.wake();
  }

  /** Resolves at the next change or compaction, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    const { version, oldest } = this;
    return this.#changed.until(() => this.version > version || this.oldest > oldest, signal);
  }
}

/** Callers that wait for conditions, which are checked again at each `wake`. */
export class Waiters {
  readonly #checks = new Set<() => void>();

  /** Checks every condition. */
  wake(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Resolves when the condition holds or the signal aborts. */
  until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition() && !signal.aborted) return;
        this.#checks.delete(check);
        signal.removeEventListener('abort', check);
        resolve();
      };
      this.#checks.add(check);
      signal.addEventListener('abort', check);
      check();
    });
  }
}

/** Renders the line of a watch about an Event. */
export function frame(type: ChangeType, object: EventObject): string {
  return `${goJson({ type, object: { kind: 'Event', apiVersion: 'v1', ...object } })}\n`;
}

/**
 * The line of a change in a watch of a selection; '' if the change is outside of it. An Event that enters
 * the selection is added, and one that leaves it is deleted, with the state before.
 */
export function selectedFrame({ after, before }: StoredChange, { selects }: Selection): string {
  const isAfter = after !== null && selects(after);
  const isBefore = before !== null && selects(before);
  if (isAfter) return frame(isBefore ? 'MODIFIED' : 'ADDED', after);
  return isBefore ? frame('DELETED', before) : '';
}

/** The Event with its version, without kind and apiVersion, as in a list. */
function versioned(recorded: EventObject, version: bigint): EventObject {
  const { kind, apiVersion, metadata, ...rest } = recorded;
  const known = isJsonObject(metadata) ? metadata : {};
  return { metadata: { ...known, resourceVersion: version.toString() }, ...rest };
}
