// A reader of the Events of `shop` against a scripted API server, on a clock that the spec moves.

import { parseYaml } from '../../lib/config/parse-yaml.ts';
import type { JsonObject } from '../../lib/core/event.ts';
import type { Position } from '../../lib/core/source.ts';
import { type Connection, connect } from '../../lib/kubernetes/client/connection.ts';
import type { ReaderBatch } from '../../lib/kubernetes/watch/known-versions.ts';
import { type ReaderOptions, readChanges } from '../../lib/kubernetes/watch/reflector.ts';
import { anEvent } from './builders.ts';
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

/** A reader, its server and its clock. */
export class ReaderBench {
  readonly clock: FakeClock;
  readonly server: ScriptedApiServer;
  readonly observed: RecordingObserve;
  readonly reading: Reading<ReaderBatch>;
  readonly #api: Connection;

  private constructor(
    parts: Pick<ReaderBench, 'clock' | 'server' | 'observed' | 'reading'>,
    api: Connection,
  ) {
    this.clock = parts.clock;
    this.server = parts.server;
    this.observed = parts.observed;
    this.reading = parts.reading;
    this.#api = api;
  }

  /**
   * Starts reading; every chance drawn is 0, so a quiet stream is refreshed after 120 s. Unless a
   * spec is about it, a silent stream is left alone.
   */
  static async open(
    overrides: Partial<ReaderOptions> = {},
    clock: FakeClock = new FakeClock(),
  ): Promise<ReaderBench> {
    const server = await ScriptedApiServer.start();
    server.now = () => clock.now();
    const observed = recordingObserve();
    const { observe } = observed;
    const api = await connect(
      { master: server.url },
      { clock, observe, environment: {}, parseYaml },
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
    return new ReaderBench({ clock, server, observed, reading }, api);
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

  /** Keys reported gone so far. */
  get gone(): readonly string[] {
    return this.reading.items.flatMap(({ gone }) => gone);
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
