// A reader of the Events of `shop` against a scripted API server, on a clock that the spec moves.
// The watch suite runs over each protocol: `readerSuite` registers a part of it over plain HTTP, and
// returns what registers it over another (kubernetes/watch/protocols.spec.ts).

import { parseYaml } from '../../lib/config/parse-yaml.ts';
import type { JsonObject } from '../../lib/core/json-object.ts';
import type { Position } from '../../lib/core/ports/source.ts';
import { type Connection, connect } from '../../lib/kubernetes/client/connection.ts';
import type { ReaderBatch } from '../../lib/kubernetes/watch/known-versions.ts';
import { type ReaderOptions, readChanges } from '../../lib/kubernetes/watch/reflector.ts';
import { anEvent } from './builders.ts';
import { ConnectionBench } from './connection-bench.ts';
import { type RecordingObserve, recordingObserve } from './doubles/observe.ts';
import { FakeClock } from './fake-clock.ts';
import type { ParkedRequest } from './parked-request.ts';
import { Reading } from './reading.ts';
import { ScriptedApiServer } from './scripted-api-server.ts';
import { until } from './until.ts';

/** The watch path of the bench. */
export const SHOP = '/api/v1/namespaces/shop/events';

/** An Event of `shop` in one state. */
export function eventAt(name: string, resourceVersion: string, more: JsonObject = {}): JsonObject {
  return anEvent({ metadata: { name, namespace: 'shop', resourceVersion }, ...more });
}

/** A frame of a watch. */
export function frame(type: string, name: string, resourceVersion: string): JsonObject {
  return { type, object: eventAt(name, resourceVersion) };
}

/** The ERROR frame of an API server. */
export function errorFrame(code: number, status: JsonObject = {}): JsonObject {
  return { type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', code, ...status } };
}

/** A position of `shop`. */
export function shopAt(
  resourceVersion: string,
  at = Date.UTC(2026, 0, 31, 12),
): Map<string, Position> {
  return new Map([[SHOP, { resourceVersion, at }]]);
}

const A_DAY_MS = 86_400_000;

/** A handshake and an answer take fewer. */
const TLS_TURNS = 8;

/** How the API server is reached. */
export type Protocol = 'plain HTTP' | 'HTTP/1.1 over TLS' | 'HTTP/2';

/** The way to the API server. */
interface Way {
  readonly protocol?: Protocol;
  /** Opens something between both; returns its port. */
  readonly through?: (url: string) => Promise<number>;
}

/** Opens a reader over one protocol. */
export type OpenReader = (
  overrides?: Partial<ReaderOptions>,
  clock?: FakeClock,
  through?: Way['through'],
) => Promise<ReaderBench>;

/** Registers a part of the watch suite over plain HTTP; the result registers it over another. */
export function readerSuite(
  what: string,
  define: (open: OpenReader) => void,
): (protocol: Protocol) => void {
  const over = (protocol: Protocol): void =>
    define((overrides, clock, through) =>
      ReaderBench.open(overrides, clock, { protocol, ...(through !== undefined && { through }) }),
    );
  describe(what, () => over('plain HTTP'));
  return (protocol) => describe(what, () => over(protocol));
}

/** A reader, its server and its clock. */
export class ReaderBench {
  readonly clock: FakeClock;
  readonly server: ScriptedApiServer;
  readonly observed: RecordingObserve;
  readonly reading: Reading<ReaderBatch>;
  readonly #api: Connection;
  readonly #files: ConnectionBench;

  private constructor(
    parts: Pick<ReaderBench, 'clock' | 'server' | 'observed' | 'reading'>,
    { api, files }: { readonly api: Connection; readonly files: ConnectionBench },
  ) {
    this.clock = parts.clock;
    this.server = parts.server;
    this.observed = parts.observed;
    this.reading = parts.reading;
    this.#api = api;
    this.#files = files;
  }

  /**
   * Starts reading; every chance drawn is 0, so a quiet stream is refreshed after 120 s. Unless a
   * spec is about it, a silent stream is left alone.
   */
  static async open(
    overrides: Partial<ReaderOptions> = {},
    clock: FakeClock = new FakeClock(),
    { protocol = 'plain HTTP', through }: Way = {},
  ): Promise<ReaderBench> {
    const files = new ConnectionBench();
    const isPlain = protocol === 'plain HTTP';
    const server = await ScriptedApiServer.start(isPlain ? undefined : files.serverPair);
    server.now = () => clock.now();
    if (!isPlain) clock.turns = TLS_TURNS;
    const observed = recordingObserve();
    const { observe } = observed;
    const cluster = isPlain ? {} : files.trusting;
    const url = new URL(server.url);
    if (through !== undefined) url.port = String(await through(server.url));
    const kubeconfig = files.kubeconfig({ server: url.href, cluster });
    const http2 = protocol === 'HTTP/2' ? 'offered' : 'off';
    const api = await connect(
      { kubeconfig },
      { clock, observe, environment: {}, parseYaml, http2 },
    );
    const options: ReaderOptions = {
      source: 'shop',
      watched: { group: '', version: 'v1', resource: 'events', namespace: 'shop' },
      positions: new Map(),
      judgeFirst: () => false,
      keptForMs: 3_600_000,
      maxSilenceMs: A_DAY_MS,
      ...overrides,
    };
    const parts = { api, clock, random: () => 0, observe };
    const reading = new Reading((signal) => readChanges(options, parts, signal));
    return new ReaderBench({ clock, server, observed, reading }, { api, files });
  }

  /** The next list; time passes, half a second at a time, until it comes. */
  list(): Promise<ParkedRequest> {
    return this.#next('list');
  }

  /** The next watch; time passes, half a second at a time, until it comes. */
  watch(): Promise<ParkedRequest> {
    return this.#next('watch');
  }

  /** Reads a first list at this version and opens the watch after it. */
  async begin(resourceVersion: string, items: readonly JsonObject[] = []): Promise<ParkedRequest> {
    (await this.list()).list({ resourceVersion, items });
    return (await this.watch()).open();
  }

  /** Lets time pass until a quiet stream is refreshed, and takes the list. */
  async quiet(): Promise<ParkedRequest> {
    await this.clock.advance(120_000);
    return this.#next('list', 10_000);
  }

  /** Lets the five seconds pass in which a second stream must stay silent. */
  async silence(): Promise<void> {
    await this.clock.advance(5_000);
  }

  /** Yielded items so far: `name@version`, in order. */
  get read(): readonly string[] {
    return this.reading.items.flatMap(({ changes }) => changes.map(({ object }) => nameOf(object)));
  }

  /** Keys concluded to be deleted so far, by a store that keeps all: from frames, and by lists. */
  get gone(): readonly string[] {
    const known = new Set<string>();
    return this.reading.items.flatMap(({ changes, gone, listed }) => {
      for (const { key } of changes) known.add(key);
      const unlisted = [...known].filter((key) => listed !== null && !listed.has(key));
      for (const key of [...gone, ...unlisted]) known.delete(key);
      for (const key of listed ?? []) known.add(key);
      return [...gone, ...unlisted.filter((key) => !gone.includes(key))];
    });
  }

  /** The gaps reported so far. */
  get gaps(): readonly string[] {
    return this.reading.items.flatMap(({ gaps }) => gaps.map((gap) => `${gap.loss}: ${gap.why}`));
  }

  /** Their kinds alone, in order. */
  get losses(): readonly string[] {
    return this.reading.items.flatMap(({ gaps }) => gaps.map(({ loss }) => loss));
  }

  /** The last position yielded; '' before the first. */
  get position(): string {
    const moved = this.reading.items.flatMap(({ position }) =>
      position === null ? [] : [position],
    );
    return moved.at(-1)?.resourceVersion ?? '';
  }

  /** Waits until exactly so many states were yielded. */
  async haveRead(...expected: readonly string[]): Promise<void> {
    await this.reading.have(
      () => this.read.length >= expected.length,
      `${expected.join(' ')} read`,
    );
    if (this.read.join(' ') !== expected.join(' ')) {
      throw new Error(`read ${this.read.join(' ')}, expected ${expected.join(' ')}`);
    }
  }

  /** Waits until the position is this one. */
  async haveReached(resourceVersion: string): Promise<void> {
    await this.reading.have(() => this.position === resourceVersion, `position ${resourceVersion}`);
  }

  /** Waits until something was observed. */
  async observedKind(
    kind: 'watch-ended' | 'watch-opened' | 'list-ended' | 'list-failed',
    count = 1,
  ): Promise<void> {
    await until(() => this.observed.of(kind).length >= count, `${count} ${kind}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reading.stop();
    await this.#api[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }

  async #next(kind: 'list' | 'watch', stepMs = 500): Promise<ParkedRequest> {
    await until(async () => {
      if (this.reading.error !== null) return true;
      if (this.server.parked.some((parked) => parked.kind === kind)) return true;
      await this.clock.advance(stepMs);
      return false;
    }, `a ${kind}`);
    this.reading.throwError();
    return this.server.next(kind);
  }
}

function nameOf(object: JsonObject): string {
  const { metadata } = object;
  const { name, resourceVersion } = metadata as { name: string; resourceVersion: string };
  return `${name}@${resourceVersion}`;
}
