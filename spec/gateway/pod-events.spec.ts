// Kubernetes Events about the gateway's own pod: which states, how often, and what a failure does.

import { expect } from 'chai';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import type { BreakerState, Observation } from '../../lib/core/observation.ts';
import { PodEvents, podOf } from '../../lib/gateway/pod-events.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { aFailure, aStatus, FakeApi } from '../triggers/support/fake-api.ts';

const pod = { name: 'sluice-0', namespace: 'gateway', uid: 'f00d' };

function breaker(to: BreakerState, trigger = 'hook'): Observation {
  const why = '503 of https://u:secret@hook.test: token=secret';
  return { kind: 'breaker', trigger, from: 'closed', to, why, retryMs: 5_000 };
}

const kept: Observation = {
  kind: 'configuration-kept',
  file: '/etc/sluice/config.yaml',
  kept: '/etc/sluice/config.yaml',
  since: Date.UTC(2026, 0, 30),
  problems: 2,
};

/** Pod Events over a fake API server. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly api = new FakeApi();
  readonly observed = recordingObserve();
  readonly events = new PodEvents({
    ...{ pod, clock: this.clock, random: () => 1, observe: this.observed.observe },
  });
  #sending: AsyncDisposable | null = null;

  connect(): void {
    this.#sending = this.events.start(this.api);
  }

  /** Notes states one after the other, each written before the next. */
  async see(...observations: readonly Observation[]): Promise<void> {
    for (const observation of observations) {
      this.events.observe(observation);
      await this.clock.advance(0);
    }
  }

  /** Reasons of all requests so far. */
  get reasons(): readonly string[] {
    return this.api.created.map((event) => stringAt(event, 'reason'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = this.#sending?.[Symbol.asyncDispose]();
    await this.clock.advance(0);
    await over;
  }
}

function connected(): Bench {
  const bench = new Bench();
  bench.connect();
  return bench;
}

describe('an Event about the gateway’s own pod', () => {
  it('is one of core/v1, about the pod, from our reporter', async () => {
    await using bench = connected();
    await bench.see(breaker('open'));
    expect(bench.api.calls[0]).to.include({
      method: 'POST',
      path: '/api/v1/namespaces/gateway/events',
    });
    const [event] = bench.api.created;
    const { metadata, ...rest } = event ?? {};
    expect(metadata).to.deep.include({ namespace: 'gateway' });
    expect(rest).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', ...pod },
      reason: 'BreakerOpen',
      message: 'trigger hook: breaker open, deliveries wait; the log says why',
      type: 'Warning',
      source: { component: 'sluice' },
      reportingComponent: 'sluice.dev/gateway',
      reportingInstance: 'sluice-0',
      firstTimestamp: '2026-01-31T12:00:00Z',
      lastTimestamp: '2026-01-31T12:00:00Z',
      count: 1,
    } satisfies JsonObject);
    expect(JSON.stringify(event)).not.to.contain('secret');
  });

  const store = { kind: 'store-trouble', why: 'no space' } as const;
  const rows: readonly [string, readonly Observation[], readonly string[]][] = [
    ['a refused configuration', [kept], ['ConfigurationRefused']],
    ['a breaker', [breaker('open'), breaker('closed')], ['BreakerOpen', 'BreakerClosed']],
    [
      'a breaker that is tried again and again once',
      [breaker('open'), breaker('half-open'), breaker('open'), breaker('half-open')],
      ['BreakerOpen'],
    ],
    [
      'the breakers of two triggers',
      [breaker('open'), breaker('open', 'chat')],
      ['BreakerOpen', 'BreakerOpen'],
    ],
    [
      'a store',
      [
        { ...store, state: 'unavailable' },
        { ...store, state: 'available' },
      ],
      ['StoreUnavailable', 'StoreAvailable'],
    ],
    ['no end without a beginning', [breaker('closed'), { ...store, state: 'available' }], []],
    ['nothing else', [{ kind: 'credentials-reread', why: '401' }], []],
  ];
  for (const [what, observations, expected] of rows) {
    it(`reports ${what}`, async () => {
      await using bench = connected();
      await bench.see(...observations);
      expect(bench.reasons).to.deep.equal(expected);
    });
  }

  it('waits for the connection, and a state that is over by then is not written', async () => {
    await using bench = new Bench();
    await bench.see(kept, breaker('open'), breaker('closed'));
    bench.connect();
    await bench.clock.advance(0);
    expect(bench.reasons).to.deep.equal(['ConfigurationRefused']);
  });

  it('is written at most ten times a minute, and the last state in the end', async () => {
    await using bench = connected();
    const flaps = 50;
    for (let flap = 0; flap < flaps; flap += 1) {
      await bench.see(breaker('open'), breaker('closed'));
    }
    await bench.see(breaker('open'));
    expect(bench.reasons).to.have.length(10);
    expect(bench.reasons.at(-1)).to.equal('BreakerClosed');
    await bench.clock.advance(60_000);
    expect(bench.reasons.slice(10)).to.deep.equal(['BreakerOpen']);
  });

  it('is not written if its state is over when its turn comes', async () => {
    await using bench = connected();
    for (let flap = 0; flap < 5; flap += 1) await bench.see(breaker('open'), breaker('closed'));
    await bench.see(breaker('open'));
    await bench.clock.advance(30_000);
    await bench.see(breaker('closed'));
    await bench.clock.advance(120_000);
    expect(bench.reasons).to.have.length(10);
    expect(bench.reasons.at(-1)).to.equal('BreakerClosed');
  });

  it('is tried again under the same name while the API server is away', async () => {
    await using bench = connected();
    bench.api.script = () => aFailure('perhaps', 'ECONNRESET');
    await bench.see(breaker('open'));
    bench.api.script = () => undefined;
    await bench.clock.advance(5_000);
    const names = bench.api.created.map((event) => stringAt(event, 'metadata', 'name'));
    expect(names).to.have.length(2);
    expect(new Set(names).size).to.equal(1);
    await bench.clock.advance(120_000);
    expect(bench.reasons).to.have.length(2);
    expect(bench.observed.of('pod-event').map(({ failure }) => failure)).to.deep.equal([
      'create an Event in gateway: ECONNRESET',
      null,
    ]);
  });

  for (const [status, reason] of [
    [401, 'Unauthorized'],
    [408, 'Timeout'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
  ] as const) {
    it(`is tried again after the status ${status}`, async () => {
      await using bench = connected();
      bench.api.script = () => aStatus(status, reason);
      await bench.see(breaker('open'));
      bench.api.script = () => undefined;
      await bench.clock.advance(5_000);
      expect(bench.observed.of('pod-event').map(({ failure }) => failure)).to.deep.equal([
        `create an Event in gateway: HTTP ${status}`,
        null,
      ]);
    });
  }

  it('is given up if it is forbidden, and the next state is tried', async () => {
    await using bench = connected();
    bench.api.script = () => aStatus(403, 'Forbidden');
    await bench.see(breaker('open'));
    await bench.clock.advance(600_000);
    expect(bench.reasons).to.have.length(1);
    expect(bench.observed.of('pod-event')[0]?.failure).to.match(
      /needs create on events in gateway/,
    );
    bench.api.script = () => undefined;
    await bench.see(breaker('closed'), breaker('open', 'chat'));
    expect(bench.reasons).to.deep.equal(['BreakerOpen', 'BreakerOpen']);
  });

  it('never blocks: a server that does not answer is left at the stop', async () => {
    const bench = connected();
    bench.api.silent = true;
    await bench.see(breaker('open'), breaker('closed'));
    await bench[Symbol.asyncDispose]();
    expect(bench.observed.seen).to.deep.equal([]);
  });

  it('needs name, namespace and uid of the pod', () => {
    const environment = { POD_NAME: 'sluice-0', POD_NAMESPACE: 'gateway', POD_UID: 'f00d' };
    expect(podOf(environment)).to.deep.equal(pod);
    for (const name of Object.keys(environment)) {
      expect(podOf({ ...environment, [name]: undefined }), name).to.equal(null);
    }
  });
});
