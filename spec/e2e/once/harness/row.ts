// One row of the table of faults: Events written by hand, several gateways in turn with one store,
// and a comparison by identity at the end. Its only rule starts one HTTP trigger, `hook`, whose
// receiver drops requests with a known key. The row also finds needless repetitions.

import { expect } from 'chai';
import type { Attempt, Delivery } from '../../../../lib/core/delivery.ts';
import type { ControlPlane } from '../../../controlplane/control-plane.ts';
import { until } from '../../../support/until.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { anEvent } from '../../support/once.ts';
import { eventOf } from './accounting.ts';
import { FaultBench, type Life } from './fault-bench.ts';
import { type Stored, storedIn } from './stored.ts';

/** Fields of an Event beyond the usual. */
export type Fields = Readonly<Record<string, unknown>>;

const PATIENCE_MS = 30_000;

/** A running row. */
export class Row implements AsyncDisposable {
  readonly bench: FaultBench;
  readonly plane: ControlPlane;
  /** The namespaces that are watched, and the first of them. */
  readonly watched: readonly string[];
  readonly shop: string;
  /** `namespace/name` of the Event of every expected build, once for each. */
  readonly expected: string[] = [];
  #written = 0;

  private constructor(bench: FaultBench) {
    this.bench = bench;
    this.plane = bench.plane;
    this.watched = bench.watched;
    this.shop = bench.watched[0] ?? '';
    bench.configuration = this.configuration({});
  }

  /** Starts a row with this number of watched namespaces. */
  static async start(plane: ControlPlane, namespaces = 1): Promise<Row> {
    return new Row(await FaultBench.start(plane, namespaces));
  }

  /** The usual configuration with changes of source, rule and trigger. */
  configuration(changed: {
    readonly events?: Fields;
    readonly rule?: Fields;
    readonly http?: Fields;
    readonly shared?: Fields;
    readonly delivery?: Fields;
  }): Record<string, unknown> {
    const { events, rule, http, shared, delivery } = changed;
    const retry = { first: '100ms', max: '500ms', for: '1h' };
    const url = this.bench.receiver.urlOf('hook');
    return {
      sources: { spec: { events: { namespaces: this.watched, ...events } } },
      filters: [{ name: 'spec', reasons: ['Spec'], action: 'accept', triggers: ['hook'], ...rule }],
      triggers: { hook: { http: { url, receiver: 'deduplicates', ...http }, ...shared } },
      limits: { perObject: 'off', total: 'off' },
      delivery: { concurrency: 8, timeout: '10s', retry, ...delivery },
    };
  }

  /** Starts a gateway with the store as it is, and waits until it is ready. */
  async gateway(life: Life = {}): Promise<GatewayProcess> {
    return this.bench.ready(life);
  }

  /** Writes a new Event that should start one build; answers its name. */
  async write(more: Fields = {}, namespace = this.shop): Promise<string> {
    const name = await this.writeUnexpected(more, namespace);
    this.expected.push(`${namespace}/${name}`);
    return name;
  }

  /** Writes a new Event that should start nothing; answers its name. */
  async writeUnexpected(more: Fields = {}, namespace = this.shop): Promise<string> {
    const name = `event-${(this.#written += 1)}`;
    await this.create(name, more, namespace);
    return name;
  }

  /** Writes this number of Events that should start one build each. */
  async writeMany(count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) await this.write();
  }

  /** Writes an Event of this name, as its reporter would. */
  async create(name: string, more: Fields = {}, namespace = this.shop): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/events`;
    await this.plane.request('POST', path, anEvent({ namespace, name }, more));
  }

  /** Counts an Event up, as its reporter would. */
  async repeat(name: string, more: Fields, namespace = this.shop): Promise<void> {
    await this.plane.request('PATCH', `/api/v1/namespaces/${namespace}/events/${name}`, more);
  }

  /** Deletes an Event, as its expiry would. */
  async expire(name: string, namespace = this.shop): Promise<void> {
    await this.plane.request('DELETE', `/api/v1/namespaces/${namespace}/events/${name}`);
  }

  /** The Event of every build that the receiver started. */
  get built(): readonly string[] {
    return this.bench.receiver.builds('hook', 'what it has seen').map(({ event }) => event);
  }

  /** The Event of every request that the receiver read. */
  get requested(): readonly string[] {
    return this.bench.receiver.of('hook').map(({ event }) => event);
  }

  /** Waits until every expected build was started. */
  async started(deadlineMs = PATIENCE_MS): Promise<void> {
    const hasAll = (): boolean => {
      const built = this.built;
      const counts = Map.groupBy(this.expected, (event) => event);
      return [...counts].every(
        ([event, list]) => built.filter((one) => one === event).length >= list.length,
      );
    };
    await until(hasAll, 'every build', deadlineMs).catch((error: unknown) => {
      expect([...this.built].sort()).to.deep.equal([...this.expected].sort());
      throw error;
    });
  }

  /** Kills a gateway as kill -9 does, and waits for the end. */
  async kill(gateway: GatewayProcess): Promise<void> {
    gateway.kill('SIGKILL');
    await gateway.ended();
  }

  /**
   * Ends the row: waits until everything before another Event in each namespace is handled, stops
   * the gateway, and expects exactly the expected builds and stored deliveries.
   */
  async end(gateway: GatewayProcess): Promise<Stored> {
    const stored = await this.stop(gateway);
    expect([...this.built].sort(), 'builds').to.deep.equal([...this.expected].sort());
    expect(stored.deliveries.map(eventOf).sort()).to.deep.equal([...this.expected].sort());
    expect(stored.deliveries.map(stateOf).filter((one) => one !== 'delivered')).to.deep.equal([]);
    const most = new Map(
      stored.deliveries.map(({ id, attempts }) => [id, 1 + attempts.filter(hasFailed).length]),
    );
    const needless = this.bench.receiver.requests.filter(
      ({ id, before }) => before + 1 > (most.get(id) ?? 0),
    );
    expect(needless, 'requests repeated without need').to.deep.equal([]);
    return stored;
  }

  /** Stops the gateway without the comparison. */
  async stop(gateway: GatewayProcess): Promise<Stored> {
    for (const namespace of this.watched) await this.write({}, namespace);
    await this.started();
    await this.bench.idle(gateway);
    expect(await gateway.stop()).to.deep.equal({ code: 0, signal: null });
    expect(gateway.of('bug')).to.deep.equal([]);
    return storedIn(this.bench.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

function stateOf({ state }: Delivery): string {
  return state;
}

/** Whether another attempt has to follow. */
function hasFailed({ outcome }: Attempt): boolean {
  return outcome?.outcome === 'unknown' || outcome?.outcome === 'retry';
}
