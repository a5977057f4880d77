// LIST: pages of one consistent state. Every page has the version and the Events of the first
// page's moment. A continue token expires by compaction, or when too many lists are open.
// Source:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import type { EventStore, Selection, StoredEvent } from './event-store.ts';
import { continueExpired, type Status, status, versionTooLarge } from './status.ts';

/** Parameters of a LIST, as the query has them. */
interface ListRequest {
  /** Null: all namespaces. */
  readonly namespace: string | null;
  /** Null: every Event. */
  readonly selection: Selection | null;
  readonly limit: string;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

interface Snapshot {
  readonly version: bigint;
  readonly namespace: string | null;
  /** '' if it has every Event. */
  readonly selector: string;
  readonly events: readonly StoredEvent[];
}

// Each open list keeps the Events of its beginning. A client that never asks for its next page must
// not hold them for ever.
const MOST_SNAPSHOTS = 64;

/** Answers LISTs from one store. */
export class EventLists {
  readonly #store: EventStore;
  readonly #snapshots = new Map<string, Snapshot>();
  #lastId = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** Makes one page, or the Status that refuses it. */
  list(request: ListRequest): JsonObject | Status {
    const limit = request.limit === '' ? 0 : Number(request.limit);
    if (!Number.isSafeInteger(limit) || limit < 0) return status(400, 'invalid limit');
    return request.continue === ''
      ? this.#firstPage(request, limit)
      : this.#nextPage(request, limit);
  }

  #firstPage(request: ListRequest, limit: number): JsonObject | Status {
    const refusal = this.#refusal(request);
    if (refusal !== null) return refusal;
    const { namespace, selection } = request;
    const { version } = this.#store;
    const all = this.#store.list(namespace);
    const events = selection === null ? all : all.filter(({ object }) => selection.selects(object));
    const snapshot = { version, namespace, selector: selection?.selector ?? '', events };
    return this.#page(snapshot, { id: '', from: 0, limit });
  }

  #nextPage(request: ListRequest, limit: number): JsonObject | Status {
    if (request.resourceVersion !== '') {
      return status(400, 'specifying resource version is not allowed when using continue');
    }
    const token = parseToken(request.continue);
    if (token === undefined) return status(400, 'continue key is not valid');
    const snapshot = this.#snapshots.get(token.id);
    if (snapshot === undefined || this.#store.isCompacted(snapshot.version)) {
      return continueExpired();
    }
    const isSame =
      snapshot.namespace === request.namespace &&
      snapshot.selector === (request.selection?.selector ?? '');
    if (!isSame) return status(400, 'continue key is not valid');
    return this.#page(snapshot, { ...token, limit });
  }

  // Only the newest state is kept: an exact version of the past counts as compacted.
  #refusal({ resourceVersion, resourceVersionMatch }: ListRequest): Status | null {
    if (resourceVersion === '') return null;
    if (!/^\d{1,20}$/.test(resourceVersion)) return status(400, 'invalid resource version');
    const asked = BigInt(resourceVersion);
    const { version } = this.#store;
    if (asked > version) return versionTooLarge(asked, version);
    if (resourceVersionMatch === 'Exact' && asked !== version) return continueExpired();
    return null;
  }

  #page(snapshot: Snapshot, { id, from, limit }: SnapshotPage): JsonObject {
    const to = limit === 0 ? snapshot.events.length : from + limit;
    const remaining = snapshot.events.length - to;
    const more = remaining > 0 && {
      continue: renderToken(id === '' ? this.#keep(snapshot) : id, to),
      // An API server does not know it if there is a selector.
      ...(snapshot.selector === '' && { remainingItemCount: remaining }),
    };
    return {
      kind: 'EventList',
      apiVersion: 'v1',
      metadata: { resourceVersion: snapshot.version.toString(), ...more },
      items: snapshot.events.slice(from, to).map(({ object }) => object),
    };
  }

  #keep(snapshot: Snapshot): string {
    this.#lastId += 1;
    const id = String(this.#lastId);
    this.#snapshots.set(id, snapshot);
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > MOST_SNAPSHOTS && oldest !== undefined)
      this.#snapshots.delete(oldest);
    return id;
  }
}

interface SnapshotPage {
  /** Id of the snapshot; '' for the first page. */
  readonly id: string;
  readonly from: number;
  readonly limit: number;
}

function renderToken(id: string, from: number): string {
  return Buffer.from(JSON.stringify({ id, from }), 'utf8').toString('base64url');
}

function parseToken(text: string): { readonly id: string; readonly from: number } | undefined {
  const token = jsonOrNothing(Buffer.from(text, 'base64url').toString('utf8'));
  if (!isJsonObject(token)) return undefined;
  const { id, from } = token;
  return typeof id === 'string' && typeof from === 'number' ? { id, from } : undefined;
}
