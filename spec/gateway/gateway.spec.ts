// The gateway's life: start, work, stop, and what it does when something can never work.
import { expect } from 'chai';
import { loadPlan } from '../../lib/assembly/load.ts';
import type { Observe } from '../../lib/core/observation.ts';
import type { Plan, PlannedTrigger } from '../../lib/assembly/plan.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Batch, PathPart, Source } from '../../lib/core/source.ts';
import type { Store } from '../../lib/core/store.ts';
import type { Trigger } from '../../lib/core/trigger.ts';
import { Gateway, type GatewayParts } from '../../lib/gateway/gateway.ts';
import type { ApiClient } from '../../lib/kubernetes/api.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aBatch } from '../intake/harness.ts';
import { aCommit, anEntry } from '../conformance/store-builders.ts';
import { aDelivery, anEvent, anOccurrence } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { recordingObserve } from '../support/recording-observe.ts';

const CONFIG = `
sources: { shop: { events: { namespaces: [shop] } } }
filters: [{ name: all, action: accept }]
triggers: { build: { exec: { command: [never] } } }
`;

/** A source whose batches the spec hands in. */
class HandSource implements Source {
  readonly name = 'shop';
  readonly #batches: Batch[] = [];
  #wake: () => void = () => undefined;
  #broken: Error | undefined;
  ended = false;

  hand(batch: Batch): void {
    this.#batches.push(batch);
    this.#wake();
  }

  heirsOf(path: string): readonly PathPart[] {
    return [{ path, namespace: null }];
  }

  break(error: Error): void {
    this.#broken = error;
    this.#wake();
  }

  async *batches(_positions: unknown, signal: AbortSignal): AsyncGenerator<Batch, void> {
    signal.addEventListener('abort', () => this.#wake());
    try {
      while (!signal.aborted) {
        const batch = this.#batches.shift();
        if (this.#broken !== undefined) throw this.#broken;
        if (batch !== undefined) yield batch;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.ended = true;
    }
  }
}

/** A trigger whose attempts end when the spec says so, or when they are cut off. */
class HandTrigger implements Trigger {
  readonly keyLifeMs = 0;
  fired = 0;
  end: (outcome: Outcome) => void = () => undefined;

  async fire(_deliveries: unknown, signal: AbortSignal): Promise<readonly Outcome[]> {
    this.fired += 1;
    return [
      await new Promise<Outcome>((resolve) => {
        this.end = resolve;
        const cut: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'cut off' };
        signal.addEventListener('abort', () => resolve(cut));
      }),
    ];
  }
}

const API: ApiClient = {
  server: 'https://spec',
  request: () => Promise.reject(new Error('no request is expected')),
  open: () => Promise.reject(new Error('no stream is expected')),
  [Symbol.asyncDispose]: async () => undefined,
};

function setUp(overrides: Partial<GatewayParts> = {}) {
  const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'allowed' as const };
  const { plan } = loadPlan({ ...context, text: CONFIG });
  if (plan === null) throw new Error('the configuration of the spec is refused');
  const source = new HandSource();
  const trigger = new HandTrigger();
  const clock = new FakeClock();
  const store: Store = createMemoryStore();
  const recording = recordingObserve();
  const planned: Plan = {
    ...plan,
    sources: plan.sources.map((one) => ({ ...one, create: () => source })),
    triggers: plan.triggers.map((one): PlannedTrigger => ({ ...one, create: () => trigger })),
  };
  const gateway = new Gateway({
    plan: planned,
    api: API,
    store,
    findCluster: async () => ({ id: 'c1', from: 'kube-system' }),
    clock,
    random: () => 1,
    observe: recording.observe,
    environment: {},
    folder: '/',
    incarnation: 'one',
    drainMs: 5_000,
    ...overrides,
  });
  const stop = new AbortController();
  return { gateway, source, trigger, clock, store, recording, stop };
}

describe('the gateway', () => {
  it('takes a batch from its source to its trigger', async () => {
    const { gateway, source, trigger, clock, recording, stop } = setUp();
    const running = gateway.run(stop.signal);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    expect(trigger.fired).to.equal(1);
    trigger.end({ outcome: 'delivered' });
    await clock.advance(0);
    expect(recording.of('delivery-moved').map(({ to }) => to)).to.deep.equal(['delivered']);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(0);
    expect(await running).to.deep.equal({ waiting: 0, abandoned: 0 });
  });

  it('lets running attempts end after a stop, and leaves the rest waiting', async () => {
    const { gateway, source, trigger, clock, recording, stop } = setUp();
    const running = gateway.run(stop.signal);
    const series = (name: string) =>
      anOccurrence({ event: anEvent({ metadata: { name, namespace: 'shop' } }) });
    // One object, so that the second delivery waits for the first.
    source.hand(aBatch({ occurrences: [series('a'), series('b')] }));
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(4_000);
    expect(source.ended).to.equal(true);
    trigger.end({ outcome: 'delivered' });
    await clock.advance(0);
    expect(await running).to.deep.equal({ waiting: 1, abandoned: 0 });
    expect(trigger.fired).to.equal(1);
    const stopped = { kind: 'stopped', durable: false, waiting: 1, abandoned: 0 };
    expect(recording.seen.at(-1)).to.deep.equal(stopped);
    expect(recording.of('stopping')).to.deep.equal([
      { kind: 'stopping', why: 'SIGTERM', limitMs: 5_000 },
    ]);
  });

  it('cuts off what still runs at the limit, and says how many', async () => {
    const { gateway, source, clock, stop } = setUp();
    const running = gateway.run(stop.signal);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(5_000);
    expect(await running).to.deep.equal({ waiting: 0, abandoned: 1 });
  });

  it('stops everything and throws when a source can never work', async () => {
    const { gateway, source, clock, stop, recording } = setUp();
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    await clock.advance(0);
    source.break(new SluiceError('cluster-refused', 'watch x: not found'));
    await clock.advance(0);
    expect(await running)
      .to.be.instanceOf(SluiceError)
      .with.property('code', 'cluster-refused');
    expect(recording.of('stopped')).to.have.length(1);
  });

  it('stops everything and throws when the store fails', async () => {
    const store = createMemoryStore();
    const journal = { ...store.journal, commit: () => Promise.reject(new Error('disk full')) };
    const { outbox, archive, keep, upkeep } = store;
    const failing = { journal, outbox, archive, keep, upkeep, ...disposal };
    const { gateway, source, clock, stop } = setUp({ store: failing });
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    expect(await running)
      .to.be.an('error')
      .with.property('message', 'disk full');
  });

  it('ends quietly when it is stopped while it waits for the cluster', async () => {
    const findCluster = (_observe: Observe, signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const { gateway, stop, recording } = setUp({ findCluster });
    const running = gateway.run(stop.signal);
    expect(gateway.health().why).to.include('the cluster has not been reached yet');
    stop.abort(new Error('SIGTERM'));
    expect(await running).to.deep.equal({ waiting: 0, abandoned: 0 });
    expect(recording.seen.map(({ kind }) => kind)).to.include.members(['stopping', 'stopped']);
  });

  it('says what it waits for while the cluster is away', async () => {
    const findCluster = (observe: Observe, signal: AbortSignal): Promise<never> => {
      observe({ kind: 'cluster-waiting', server: 'https://x', why: 'ECONNREFUSED' });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    };
    const { gateway, clock, recording, stop } = setUp({ findCluster });
    const running = gateway.run(stop.signal);
    await clock.advance(0);
    expect(gateway.health().why).to.include('waiting for https://x: ECONNREFUSED');
    expect(recording.of('cluster-waiting')).to.have.length(1);
    stop.abort(new Error('SIGTERM'));
    await running;
  });

  it('counts what was started in the last hour against the limits', async () => {
    const { gateway, source, clock, store, recording, stop } = setUp();
    const made = Array.from({ length: 60 }, (_, number) => delivery(number, clock.now()));
    const ledger = made.map(({ id, object }) =>
      anEntry({ key: id, id, object, eventKey: id, firedAt: clock.now() }),
    );
    await store.journal.commit(aCommit({ deliveries: made, ledger, now: clock.now() }));
    const running = gateway.run(stop.signal);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    const [decision] = recording.of('decision');
    expect(decision?.disposed.map(({ disposition }) => disposition)).to.deep.equal(['held']);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(5_000);
    await running;
  });

  it('reports a gap at the first position of a path where the store keeps nothing', async () => {
    const { gateway, source, clock, recording, stop } = setUp();
    const running = gateway.run(stop.signal);
    const at = (resourceVersion: string) => new Map([['/a', { resourceVersion, at: 1 }]]);
    source.hand(aBatch({ positions: at('7') }));
    source.hand(aBatch({ positions: at('8') }));
    await clock.advance(0);
    expect(recording.of('gap').map(({ gap }) => [gap.loss, gap.from, gap.to])).to.deep.equal([
      ['possible-loss', null, { resourceVersion: '7', at: 1 }],
    ]);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(0);
    await running;
  });

  it('measures how many deliveries stand where, also where there are none', async () => {
    const { gateway, recording } = setUp();
    await gateway.measure();
    const depths = recording.of('queue-depth');
    expect(depths.map(({ state }) => state)).to.deep.equal(['waiting', 'held', 'open', 'running']);
    expect(depths.every(({ count, trigger }) => count === 0 && trigger === 'build')).to.equal(true);
  });
});

const disposal = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };

/** A delivery about the object of `anOccurrence` that was made at a moment. */
function delivery(number: number, createdAt: number): Delivery {
  const id = number.toString().padStart(26, '0');
  return aDelivery({ id, state: 'delivered', createdAt, dueAt: createdAt });
}
