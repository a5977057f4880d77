// The gateway's own connection at work against a real API server: it lists and watches the Events of
// a namespace as the gateway does, creates objects, and remembers all that was read and observed.

import { parseYaml } from '../../../lib/config/parse-yaml.ts';
import type { Clock } from '../../../lib/core/clock.ts';
import { jsonAt, stringAt } from '../../../lib/core/json-object.ts';
import { systemClock, systemRandom } from '../../../lib/kit/system.ts';
import {
  type Connection,
  type ConnectOptions,
  connect,
} from '../../../lib/kubernetes/client/connection.ts';
import type { ApiAnswer, ApiAnswered } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { create, get } from '../../../lib/kubernetes/client/objects.ts';
import { readChanges } from '../../../lib/kubernetes/watch/reflector.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { until } from '../../support/until.ts';
import * as once from './once.ts';

/** How a connection is made. */
export interface Way {
  readonly options: ConnectOptions;
  readonly environment?: Readonly<Record<string, string>>;
  readonly serviceAccountFolder?: string;
}

/** A clock that a spec can put forward; waiting takes as long as ever. */
export class LeapingClock implements Clock {
  #leapt = 0;

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#leapt;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  after(ms: number, run: () => void): () => void {
    return systemClock.after(ms, run);
  }

  turn(): Promise<void> {
    return systemClock.turn();
  }

  /** Puts it forward. */
  leap(ms: number): void {
    this.#leapt += ms;
  }
}

/** Connects, asks once for what everybody may ask, and closes again. */
export async function requestOnce(way: Way): Promise<ApiAnswer> {
  const { observe } = recordingObserve();
  const { options, environment = {} } = way;
  await using api = await connect(options, { clock: systemClock, observe, environment, parseYaml });
  return await get(api, '/version', AbortSignal.timeout(10_000));
}

/** One connection with one reader on it. */
export class ProvedConnection implements AsyncDisposable {
  readonly api: Connection;
  readonly clock: LeapingClock;
  readonly observed: ReturnType<typeof recordingObserve>;
  /** `list name` or `watch name` of every state that was read, in its order. */
  readonly read: string[] = [];
  readonly #places: once.Places;
  readonly #writer: once.EventWriter;
  readonly #ending = new AbortController();
  #reading: Promise<unknown> = Promise.resolve();
  #trouble: unknown;
  #created = 0;

  private constructor(
    plane: ControlPlane,
    places: once.Places,
    opened: Pick<ProvedConnection, 'api' | 'clock' | 'observed'>,
  ) {
    this.#places = places;
    this.#writer = new once.EventWriter(plane.admin);
    this.api = opened.api;
    this.clock = opened.clock;
    this.observed = opened.observed;
  }

  /** Connects, with an Event to list already there, and waits until the watch is open. */
  static async open(plane: ControlPlane, places: once.Places, way: Way): Promise<ProvedConnection> {
    const observed = recordingObserve();
    const clock = new LeapingClock();
    const { options, environment = {}, serviceAccountFolder } = way;
    const around = serviceAccountFolder === undefined ? {} : { serviceAccountFolder };
    const { observe } = observed;
    const api = await connect(options, { clock, observe, environment, parseYaml, ...around });
    const proved = new ProvedConnection(plane, places, { api, clock, observed });
    try {
      await proved.#begin();
      return proved;
    } catch (error) {
      await proved[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** An Event that is written comes by the open watch, and an object is created: 201. */
  async prove(): Promise<void> {
    const name = await this.write();
    await until(() => this.#hasRead(`watch ${name}`), `Event ${name} by the watch`, 15_000);
    const answer = await this.create();
    if (!answer.ok || answer.status !== 201) throw new Error(`create: ${JSON.stringify(answer)}`);
  }

  /** Lists so many times, one right after the other, as a list of many pages does: 200 each. */
  async getMany(count: number): Promise<void> {
    const [shop = ''] = this.#places.watched;
    const path = `/api/v1/namespaces/${shop}/events`;
    for (let done = 0; done < count; done += 1) {
      const answer = await get(this.api, path, this.#ending.signal);
      if (!answer.ok || answer.status !== 200) throw new Error(`get: ${JSON.stringify(answer)}`);
    }
  }

  /** Creates one object, whatever comes of it. */
  async create(): Promise<ApiAnswer> {
    this.#created += 1;
    const { builds } = this.#places;
    const name = `proof-${this.#created}`;
    const path = `/api/v1/namespaces/${builds}/configmaps`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
    return create(this.api, { path, object }, this.#ending.signal);
  }

  /** Whom the API server takes this connection for, as it says itself. */
  async whoAmI(): Promise<{ readonly user: string; readonly credential: string }> {
    const group = 'authentication.k8s.io/v1';
    const object = { apiVersion: group, kind: 'SelfSubjectReview' };
    const path = `/apis/${group}/selfsubjectreviews`;
    const isAnswered = async (): Promise<ApiAnswered | false> => {
      const review = { path, object, isQuestion: true } as const;
      const answer = await create(this.api, review, this.#ending.signal);
      return answer.ok && answer;
    };
    const { status, body } = await until(isAnswered, 'who we are');
    if (status !== 201) throw new Error(`who: ${JSON.stringify(body)}`);
    const extra = 'authentication.kubernetes.io/credential-id';
    return {
      user: stringAt(body, 'status', 'userInfo', 'username'),
      credential: JSON.stringify(jsonAt(body, 'status', 'userInfo', 'extra', extra)),
    };
  }

  /** Writes one Event as the admin; answers its name. */
  async write(): Promise<string> {
    const [shop = ''] = this.#places.watched;
    return this.#writer.write(shop);
  }

  /** Every Event written that was not read, and every one that was read twice. */
  get lostOrTwice(): readonly string[] {
    const names = this.read.map((entry) => entry.replace(/^\w+ /, ''));
    const written = this.#writer.written.map((key) => key.replace(/^.*\//, ''));
    return [...written.filter((name) => !names.includes(name)), ...once.twice(names)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#reading;
    await this.api[Symbol.asyncDispose]();
  }

  async #begin(): Promise<void> {
    const first = await this.write();
    this.#reading = this.#readAll().catch((error: unknown) => (this.#trouble = error));
    await until(() => this.#hasRead(`list ${first}`), 'the list', 15_000);
    await until(() => this.observed.of('watch-opened').length > 0, 'the watch', 15_000);
  }

  #hasRead(entry: string): boolean {
    if (this.#trouble !== undefined) throw new Error('the reading ended', { cause: this.#trouble });
    return this.read.includes(entry);
  }

  async #readAll(): Promise<void> {
    const [namespace = ''] = this.#places.watched;
    const watched = { group: '', version: 'v1', resource: 'events', namespace };
    const judgeFirst = (): boolean => true;
    const options = { source: 'spec', watched, positions: new Map(), judgeFirst, keptForMs: null };
    const parts = {
      api: this.api,
      clock: this.clock,
      random: systemRandom,
      observe: this.observed.observe,
    };
    for await (const { changes } of readChanges(options, parts, this.#ending.signal)) {
      for (const { from, object } of changes) {
        this.read.push(`${from} ${stringAt(object, 'metadata', 'name')}`);
      }
    }
  }
}
