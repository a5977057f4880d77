// A recording served as a Kubernetes API server, over HTTP or HTTPS, and the kubeconfig for it. The
// real watch path runs without a cluster. Changes are applied at the recorded pace, at a multiple
// of it, or as fast as the file can be read. Simultaneous changes follow each other without a
// pause.

import type { RequestListener } from 'node:http';
import type { Clock, Random } from '../core/clock.ts';
import { goJson } from '../kit/data/go-json.ts';
import type { InputRefusal, RenderedRefusal } from '../kit/http/client-connections.ts';
import { listen, type TlsPair } from '../kit/http/listen.ts';
import { handle } from './api-server.ts';
import { EventLists } from './event-list.ts';
import { EventStore } from './event-store.ts';
import { EventWatches } from './event-watch.ts';
import type { RecordingEntry } from './recording.ts';
import { JSON_HEADERS, status } from './status.ts';

/** Options of a playback. */
export interface PlaybackOptions {
  /** From a file, or from a spec. */
  readonly recording: AsyncIterable<RecordingEntry> | Iterable<RecordingEntry>;
  readonly speed: Speed;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Key and certificate for HTTPS; absent: HTTP. */
  readonly tls?: TlsPair;
  /** Number of open watches at which playing begins; absent: 1, 0: at once. */
  readonly afterWatches?: number;
  /** History older than this is compacted, in ms; absent: never. */
  readonly compactEveryMs?: number;
  /** How far the Date header is ahead of the clock, in ms; for playing an absence. */
  readonly aheadMs?: number;
  /** The resourceVersion before the first change; absent: 1000. */
  readonly firstVersion?: bigint;
  /** Seed of the namespaces' uids, and so of the cluster id. */
  readonly cluster?: string;
}

// Time for a client to read the end of its watch.
const LINGER_MS = 1000;

// Each watch of a gateway has its own connection: up to some 200 in all. No request has a body that is read.
const LIMITS = { requestMs: 10_000, connections: 256, isKeptAlive: true };

/** A running playback. Disposing ends its watches cleanly and is idempotent. */
export interface Playback extends AsyncDisposable {
  /** Base URL, for instance `http://127.0.0.1:8001`. */
  readonly url: string;
  readonly port: number;
  /**
   * Resolves when all was played and every watch then open has received all of it, or when the
   * playback is disposed of. Rejects if the recording cannot be read to its end.
   */
  readonly done: Promise<void>;
  progress(): Readonly<PlayProgress>;
  /** Compacts the history up to now. */
  compact(): void;
}

/**
 * Serves a recording; the server listens when this resolves.
 *
 * **Errors**: throws `address-unusable`, with the address, if it cannot listen.
 */
export async function startPlayback(
  options: PlaybackOptions,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<Playback> {
  const store = new EventStore(options.firstVersion ?? 1000n);
  const lists = new EventLists(store);
  const watches = new EventWatches(store);
  const cluster = options.cluster ?? 'playback';
  const stop = new AbortController();
  const answered = { store, lists, watches, cluster, listenHost: options.host };
  const served = { ...parts, ...answered, stopping: stop.signal };
  const answering = new Set<Promise<void>>();
  const { aheadMs, tls } = options;
  const answerOne: RequestListener = (request, response) => {
    if (aheadMs !== undefined) {
      response.setHeader('Date', new Date(parts.clock.now() + aheadMs).toUTCString());
    }
    const answer = handle(served, request, response);
    answering.add(answer);
    void answer.finally(() => answering.delete(answer));
  };
  const limited = { limits: LIMITS, clock: parts.clock, render: renderRefusal };
  const listener = await listen(answerOne, options, { ...limited, ...(tls && { tls }) });
  const progress = { applied: 0, skipped: 0 };
  const done = play(options, { clock: parts.clock, store, watches, progress }, stop.signal);
  // A broken recording must not end the process of a caller that does not wait for `done`.
  done.catch(() => undefined);
  const { compactEveryMs } = options;
  if (compactEveryMs !== undefined) {
    void compacting(store, { clock: parts.clock, everyMs: compactEveryMs }, stop.signal);
  }
  // Open watches end themselves at the abort. A client that does not read the end is disconnected.
  const close = async (): Promise<void> => {
    const over = new AbortController();
    stop.abort();
    const lingered = parts.clock.sleep(LINGER_MS, over.signal).catch(() => undefined);
    await Promise.race([Promise.all(answering), lingered]);
    over.abort();
    await listener[Symbol.asyncDispose]();
  };
  let closing: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${listener.address}`,
    port: listener.port,
    done,
    progress: () => ({ ...progress }),
    compact: () => store.compact(store.version),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

// As an API server compacts: each time up to the version noted the time before.
async function compacting(
  store: EventStore,
  { clock, everyMs }: { readonly clock: Clock; readonly everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  let noted = store.version;
  try {
    for (;;) {
      await clock.sleep(everyMs, signal);
      store.compact(noted);
      noted = store.version;
    }
  } catch {
    // Only the abort ends a sleep early: the playback has ended.
  }
}

function renderRefusal({ status: code, detail }: InputRefusal): RenderedRefusal {
  return { headers: JSON_HEADERS, body: `${goJson(status(code, detail))}\n` };
}

interface KubeconfigOptions {
  readonly url: string;
  /** The certificate that a client must trust, PEM; absent over HTTP. */
  readonly cert?: string;
  /** Default namespace of the client. */
  readonly namespace?: string;
}

/** Renders the kubeconfig of a playback as JSON, which is also YAML. */
export function renderKubeconfig({ url, cert, namespace }: KubeconfigOptions): string {
  const name = 'playback';
  // Plain HTTP has no TLS to verify, but client-node refuses plain HTTP without this.
  const trust =
    cert === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(cert, 'utf8').toString('base64') };
  const context = { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, ...trust } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context }],
    'current-context': name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Multiple of the recorded pace, or as fast as the recording can be read. */
export type Speed = number | 'full';

interface PlayProgress {
  applied: number;
  /** Entries that changed nothing: no name, or the deletion of an object that does not exist. */
  skipped: number;
}

interface PlayParts {
  readonly clock: Clock;
  readonly store: EventStore;
  readonly watches: EventWatches;
  /** Counted here. */
  readonly progress: PlayProgress;
}

/** Waits for watches, then plays to the end. Rejects only with the recording's error. */
async function play(
  { recording, speed, afterWatches = 1 }: PlaybackOptions,
  { clock, store, watches, progress }: PlayParts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await watches.opened(afterWatches, signal);
    signal.throwIfAborted();
    const startedAt = clock.monotonic();
    let firstAt: number | undefined;
    for await (const { at, type, object } of recording) {
      firstAt ??= at;
      const waitMs = speed === 'full' ? 0 : startedAt + (at - firstAt) / speed - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      signal.throwIfAborted();
      progress[store.apply(type, object) ? 'applied' : 'skipped'] += 1;
    }
    await watches.caughtUp(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
