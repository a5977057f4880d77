// A recording served as a Kubernetes API server, over HTTP or HTTPS, and the kubeconfig for it. The
// real watch path runs without a cluster. Changes are applied at the recorded pace, at a multiple
// of it, or as fast as the file can be read. Simultaneous changes follow each other without a
// pause.

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Clock, Random } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import { hostPort } from '../kit/host-header.ts';
import { handle } from './api-server.ts';
import { EventLists } from './event-list.ts';
import { EventStore } from './event-store.ts';
import { EventWatches } from './event-watch.ts';
import type { RecordingEntry } from './recording.ts';

/** A private key and its certificate, both PEM. */
export interface TlsPair {
  readonly key: string;
  readonly cert: string;
}

/** Options of a playback. */
export interface PlaybackOptions {
  readonly recording: Recording;
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

/** Dependencies of a playback. */
interface PlaybackParts {
  readonly clock: Clock;
  readonly random: Random;
}

// Time for a client to read the end of its watch.
const LINGER_MS = 1000;

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
  progress(): PlayProgress;
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
  parts: PlaybackParts,
): Promise<Playback> {
  const store = new EventStore(options.firstVersion ?? 1000n);
  const lists = new EventLists(store);
  const watches = new EventWatches(store);
  const cluster = options.cluster ?? 'playback';
  const stop = new AbortController();
  const answered = { store, lists, watches, cluster, listenHost: options.host };
  const served = { ...parts, ...answered, stopping: stop.signal };
  const answering = new Set<Promise<void>>();
  const { aheadMs } = options;
  const server = openServer(options.tls, (request, response) => {
    if (aheadMs !== undefined) {
      response.setHeader('Date', new Date(parts.clock.now() + aheadMs).toUTCString());
    }
    const answer = handle(served, request, response);
    answering.add(answer);
    void answer.finally(() => answering.delete(answer));
  });
  const port = await listening(server, options);
  let progress: PlayProgress = { applied: 0, skipped: 0 };
  const onProgress = (now: PlayProgress): void => void (progress = now);
  const done = play(options, { clock: parts.clock, store, watches, onProgress }, stop.signal);
  // A broken recording must not end the process of a caller that does not wait for `done`.
  done.catch(() => undefined);
  const { compactEveryMs } = options;
  if (compactEveryMs !== undefined) {
    void compacting(store, { clock: parts.clock, everyMs: compactEveryMs }, stop.signal);
  }
  let closing: Promise<void> | undefined;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${hostPort(options.host, port)}`,
    port,
    done,
    progress: () => progress,
    compact: () => store.compact(store.version),
    [Symbol.asyncDispose]: () => {
      closing ??= closed(server, { stop, answering, clock: parts.clock });
      return closing;
    },
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

function openServer(tls: TlsPair | undefined, listener: RequestListener): Server {
  const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener);
  // A watch may be quiet for any time, so no request has a timeout.
  server.requestTimeout = 0;
  server.timeout = 0;
  return server;
}

function listening(server: Server, { host, port }: PlaybackOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const address = hostPort(host, port);
      const message = `serving a playback on ${address}: ${messageOf(cause)}`;
      reject(new SluiceError('address-unusable', message, { cause, details: { address } }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

interface Closing {
  readonly stop: AbortController;
  readonly answering: ReadonlySet<Promise<void>>;
  readonly clock: Clock;
}

// Open watches end themselves at the abort. A client that does not read the end is disconnected.
async function closed(server: Server, { stop, answering, clock }: Closing): Promise<void> {
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  stop.abort();
  const lingered = clock.sleep(LINGER_MS, over.signal).catch(() => undefined);
  await Promise.race([Promise.all(answering), lingered]);
  over.abort();
  server.closeAllConnections();
  await ended;
}

/** Contents of a kubeconfig for a playback. */
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

/** A recording from a file, or from a spec. */
type Recording = AsyncIterable<RecordingEntry> | Iterable<RecordingEntry>;

/** Progress of playing. */
interface PlayProgress {
  readonly applied: number;
  /** Entries that changed nothing: no name, or the deletion of an object that does not exist. */
  readonly skipped: number;
}

/** Dependencies of playing. */
interface PlayParts {
  readonly clock: Clock;
  readonly store: EventStore;
  readonly watches: EventWatches;
  readonly onProgress: (progress: PlayProgress) => void;
}

/** Waits for watches, then plays to the end. Rejects only with the recording's error. */
async function play(
  { recording, speed, afterWatches = 1 }: PlaybackOptions,
  { clock, store, watches, onProgress }: PlayParts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await watches.opened(afterWatches, signal);
    signal.throwIfAborted();
    const startedAt = clock.monotonic();
    let firstAt: number | undefined;
    let progress: PlayProgress = { applied: 0, skipped: 0 };
    for await (const { at, type, object } of recording) {
      firstAt ??= at;
      const waitMs = speed === 'full' ? 0 : startedAt + (at - firstAt) / speed - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      signal.throwIfAborted();
      const counted = store.apply(type, object) ? 'applied' : 'skipped';
      progress = { ...progress, [counted]: progress[counted] + 1 };
      onProgress(progress);
    }
    await watches.caughtUp(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
