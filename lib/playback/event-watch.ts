// WATCH: every change after a version, exactly once, in the order of versions, one line each. A
// watch reads the history at its own pace, so a slow client costs no memory and slows no other
// client. A watch that falls behind a compaction gets an ERROR frame, as from an API server without
// a watch cache.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { goJson } from '../kit/data/go-json.ts';
import { type EventStore, frame, type Selection, selectedFrame, Waiters } from './event-store.ts';
import { JSON_HEADERS, status } from './status.ts';

/** Changes that a watch asks for. */
interface WatchRequest {
  /** Null: all namespaces. */
  readonly namespace: string | null;
  /** Null: every Event. */
  readonly selection: Selection | null;
  /** Version after which it begins. Null: existing Events as ADDED, then every change. */
  readonly from: bigint | null;
}

// Changes written between two checks that the client still reads.
const CHANGES_AT_ONCE = 100;

/** The open watches, and waits for their number and their progress. */
export class EventWatches {
  readonly #store: EventStore;
  /** The last version that each open watch has written. */
  readonly #open = new Map<symbol, bigint>();
  readonly #progress = new Waiters();

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** Number of open watches. */
  get open(): number {
    return this.#open.size;
  }

  /** Resolves when `count` watches are open or the signal aborts. */
  opened(count: number, signal: AbortSignal): Promise<void> {
    return this.#progress.until(() => this.open >= count, signal);
  }

  /** Resolves when every open watch has written every change, or when the signal aborts. */
  caughtUp(signal: AbortSignal): Promise<void> {
    const { version } = this.#store;
    return this.#progress.until(
      () => [...this.#open.values()].every((at) => at >= version),
      signal,
    );
  }

  /** Serves a watch until the signal aborts; then the response ends cleanly. */
  async serve(response: ServerResponse, request: WatchRequest, signal: AbortSignal): Promise<void> {
    const id = Symbol('watch');
    let at = request.from ?? this.#store.version;
    response.writeHead(200, JSON_HEADERS);
    response.flushHeaders();
    try {
      if (request.from === null) {
        const existing = this.#store
          .list(request.namespace)
          .filter(({ object }) => request.selection?.selects(object) ?? true);
        const frames = existing.map(({ object }) => frame('ADDED', object));
        await write(response, frames.join(''), signal);
      }
      this.#advance(id, at);
      while (!signal.aborted) {
        const changes = this.#store.changesAfter(at, CHANGES_AT_ONCE);
        if (this.#store.isCompacted(at)) {
          // The version is before the last compaction.
          const expired = status(410, 'The resourceVersion for the provided watch is too old.');
          const error = goJson({ type: 'ERROR', object: expired });
          await write(response, `${error}\n`, signal);
          return;
        }
        const { namespace, selection } = request;
        const wanted = changes.filter((one) => namespace === null || one.namespace === namespace);
        const frames = wanted.map((change) =>
          selection === null ? change.frame : selectedFrame(change, selection),
        );
        await write(response, frames.join(''), signal);
        at = changes.at(-1)?.version ?? at;
        this.#advance(id, at);
        if (changes.length === 0) await this.#store.next(signal);
      }
    } finally {
      this.#open.delete(id);
      this.#progress.wake();
      response.end();
    }
  }

  #advance(id: symbol, at: bigint): void {
    this.#open.set(id, at);
    this.#progress.wake();
  }
}

// Waits while the client does not read. The signal also aborts when the client disconnects.
async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (text === '' || signal.aborted || response.write(text)) return;
  await once(response, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
