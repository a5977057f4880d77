// A recording served as a Kubernetes API server, over HTTP or HTTPS, so that the real watch path
// runs with no cluster. It answers; it never judges what it plays.

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import { handle } from './api-server.ts';
import { EventLists } from './event-list.ts';
import { EventStore } from './event-store.ts';
import { EventWatches } from './event-watch.ts';
import type { RecordingEntry } from './recording.ts';

/** A key and its certificate, both PEM. */
export interface TlsPair {
  readonly key: string;
  readonly cert: string;
}

/** What to play, and how. */
export interface PlaybackOptions {
  readonly recording: Recording;
  readonly speed: Speed;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** HTTPS with this pair; absent: HTTP. */
  readonly tls?: TlsPair;
  /** Playing begins once so many watches are open; 1 where absent, 0: at once. */
  readonly afterWatches?: number;
  /** The history older than this is compacted, in ms; absent: all of it is kept. */
  readonly compactEveryMs?: number;
  /** How far the time that its answers tell is ahead of the machine's, in ms: for playing an absence. */
  readonly aheadMs?: number;
  /** The resourceVersion before the first change; 1000 where absent. */
  readonly firstVersion?: bigint;
  /** What the uids of namespaces, and so the cluster id, are made from. */
  readonly cluster?: string;
}

/** What playing needs of the machine. */
interface PlaybackParts {
  readonly clock: Clock;
  readonly random: Random;
}

// How long a client gets to read the end of its watch.
const LINGER_MS = 1000;

/** A running playback. Disposing ends its watches cleanly; it may be disposed of twice. */
export interface Playback extends AsyncDisposable {
  /** Without a path, for instance `http://127.0.0.1:8001`. */
  readonly url: string;
  readonly port: number;
  /**
   * Resolves once everything was played and every watch then open has been sent all of it, or once
   * it is disposed of; rejects where the recording cannot be read to its end.
   */
  readonly done: Promise<void>;
  progress(): PlayProgress;
  /** Forgets the history up to now, as compaction does. */
  compact(): void;
}

/**
 * Serves a recording; it is up when this resolves.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
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
  const progressed = (now: PlayProgress): void => void (progress = now);
  const done = perform(options, { ...parts, store, watches, progressed }, stop.signal);
  // Who does not wait for the end still must not be ended by a recording that breaks.
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

interface PlayStage extends PlaybackParts {
  readonly store: EventStore;
  readonly watches: EventWatches;
  readonly progressed: (progress: PlayProgress) => void;
}

async function perform(
  options: PlaybackOptions,
  stage: PlayStage,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, watches, progressed } = stage;
  const { recording, speed } = options;
  try {
    await watches.opened(options.afterWatches ?? 1, signal);
    signal.throwIfAborted();
    await play(recording, { store, clock, speed, progressed }, signal);
    await watches.caughtUp(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// As an API server compacts: at each turn up to the version noted at the turn before.
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
    // Only the abort ends a sleep early: the playback is over.
  }
}

function openServer(tls: TlsPair | undefined, listener: RequestListener): Server {
  const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener);
  // A watch may be quiet for longer than any time that a request may take otherwise.
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
      resolve((server.address() as AddressInfo).port);
    });
  });
}

interface Closing {
  readonly stop: AbortController;
  readonly answering: ReadonlySet<Promise<void>>;
  readonly clock: Clock;
}

// The open watches end by themselves once told; who does not read their end is cut off.
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

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// The kubeconfig with which any client of Kubernetes reaches a playback.

/** Where a playback is reached. */
interface Reach {
  readonly url: string;
  /** The certificate that a client has to trust, PEM; absent over HTTP. */
  readonly cert?: string;
  /** The namespace that a client takes where it names none. */
  readonly namespace?: string;
}

/** A kubeconfig, as JSON, which is YAML too. */
export function renderKubeconfig({ url, cert, namespace }: Reach): string {
  const name = 'playback';
  // Over plain HTTP there is no TLS to skip; client-node refuses plain HTTP unless this says so.
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

// Plays a recording into a store: at the pace at which it was recorded, some times that, or as fast
// as it can be read. What was recorded as simultaneous is applied without a pause between.

/** How many times faster than recorded, or as fast as can be. */
export type Speed = number | 'full';

/** A recording as a file gives it, or as a spec writes it down. */
type Recording = AsyncIterable<RecordingEntry> | Iterable<RecordingEntry>;

/** How far a recording has been played. */
interface PlayProgress {
  readonly applied: number;
  /** Entries that changed nothing: without a name, or the end of what had not begun. */
  readonly skipped: number;
}

/** What playing needs. */
interface PlayerParts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly speed: Speed;
  readonly progressed: (progress: PlayProgress) => void;
}

/** Plays to the end; rejects with the signal's reason, or with what the recording throws. */
async function play(recording: Recording, parts: PlayerParts, signal: AbortSignal): Promise<void> {
  const { store, clock, speed, progressed } = parts;
  const startedAt = clock.monotonic();
  let firstAt: number | undefined;
  let progress: PlayProgress = { applied: 0, skipped: 0 };
  for await (const { at, type, object } of recording) {
    firstAt ??= at;
    if (speed !== 'full') {
      const waitMs = startedAt + (at - firstAt) / speed - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    }
    signal.throwIfAborted();
    const counted = store.apply(type, object) ? 'applied' : 'skipped';
    progress = { ...progress, [counted]: progress[counted] + 1 };
    progressed(progress);
  }
}
