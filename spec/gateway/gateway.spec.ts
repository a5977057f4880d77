// The gateway: start, work, stop, and errors that no retry cures.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Observe } from '../../lib/core/observation.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import {
  aBatch,
  aCommit,
  aDelivery,
  anEntry,
  anEvent,
  anOccurrence,
  aSeries,
  numbered,
} from '../support/builders.ts';
import { failingStore } from '../support/doubles/store.ts';
import { gatewayBench } from './gateway-bench.ts';

describe('the gateway', () => {
  it('takes a batch from its source to its trigger', async () => {
    const { gateway, source, trigger, clock, recording, stop } = gatewayBench();
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

  it('lets running attempts end after a stop and leaves the rest waiting', async () => {
    const { gateway, source, trigger, clock, recording, stop } = gatewayBench();
    const running = gateway.run(stop.signal);
    // One object, so that the second delivery waits for the first.
    const occurrences = ['a', 'b'].map((name) => aSeries(name, { object: 'web-1' }));
    source.hand(aBatch({ occurrences }));
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

  it('aborts attempts that still run at the limit and says how many', async () => {
    const { gateway, source, clock, stop } = gatewayBench();
    const running = gateway.run(stop.signal);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(5_000);
    expect(await running).to.deep.equal({ waiting: 0, abandoned: 1 });
  });

  it('stops everything and throws when a source can never work', async () => {
    const { gateway, source, clock, stop, recording } = gatewayBench();
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
    const { store } = failingStore(new Error('disk full'), 'commit');
    const { gateway, source, clock, stop } = gatewayBench({ store });
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    source.hand(aBatch({ occurrences: [anOccurrence()] }));
    await clock.advance(0);
    expect(await running)
      .to.be.an('error')
      .with.property('message', 'disk full');
  });

  it('ends without an error when it is stopped while it waits for the cluster', async () => {
    const findCluster = (_asking: unknown, signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const { gateway, stop, recording } = gatewayBench({ findCluster });
    const running = gateway.run(stop.signal);
    expect(gateway.health().why).to.include('the cluster has not been reached yet');
    stop.abort(new Error('SIGTERM'));
    expect(await running).to.deep.equal({ waiting: 0, abandoned: 0 });
    expect(recording.seen.map(({ kind }) => kind)).to.include.members(['stopping', 'stopped']);
  });

  it('says what it waits for while the cluster is unavailable', async () => {
    const findCluster = (
      { observe }: { observe: Observe },
      signal: AbortSignal,
    ): Promise<never> => {
      observe({ kind: 'cluster-waiting', server: 'https://x', why: 'ECONNREFUSED' });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    };
    const { gateway, clock, recording, stop } = gatewayBench({ findCluster });
    const running = gateway.run(stop.signal);
    await clock.advance(0);
    expect(gateway.health().why).to.include('waiting for https://x: ECONNREFUSED');
    expect(recording.of('cluster-waiting')).to.have.length(1);
    stop.abort(new Error('SIGTERM'));
    await running;
  });

  it('counts deliveries started in the last hour against the limits', async () => {
    const { gateway, source, clock, store, recording, stop } = gatewayBench();
    const made = Array.from({ length: 60 }, (_, number) =>
      numbered(number, { state: 'delivered' }),
    );
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

  it('reports a gap at the first position of a path if the store is not durable', async () => {
    const { gateway, source, clock, recording, stop } = gatewayBench();
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

  it('reports no gap if the cluster is as new as the gateway', async () => {
    const { gateway, source, clock, recording, stop } = gatewayBench({ before: 'none' });
    const running = gateway.run(stop.signal);
    source.hand(aBatch({ positions: new Map([['/a', { resourceVersion: '7', at: 1 }]]) }));
    await clock.advance(0);
    expect(recording.of('gap')).to.deep.equal([]);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(0);
    await running;
  });

  describe('with an action of a user', () => {
    it('retries a delivery at once and observes it', async () => {
      const { gateway, source, trigger, clock, recording, stop } = gatewayBench();
      const running = gateway.run(stop.signal);
      source.hand(aBatch({ occurrences: [anOccurrence()] }));
      await clock.advance(0);
      trigger.end({ outcome: 'refused', reason: 'invalid', detail: 'no such project' });
      await clock.advance(0);
      const id = trigger.delivered[0]?.id ?? '';
      expect(await gateway.act('retry', id)).to.deep.include({ done: true, from: 'refused' });
      await clock.advance(0);
      expect(trigger.delivered.map((one) => one.id)).to.deep.equal([id, id]);
      const why = 'retry, requested by a user';
      const moved = recording.of('delivery-moved').find((one) => one.why === why);
      expect(moved).to.deep.include({ from: 'refused', to: 'waiting', dead: null });
      stop.abort(new Error('SIGTERM'));
      await clock.advance(10_000);
      await running;
    });

    it('reruns a delivery at once under another id', async () => {
      const { gateway, source, trigger, clock, stop } = gatewayBench();
      const running = gateway.run(stop.signal);
      source.hand(aBatch({ occurrences: [anOccurrence()] }));
      await clock.advance(0);
      trigger.end({ outcome: 'delivered' });
      await clock.advance(0);
      const id = trigger.delivered[0]?.id ?? '';
      const acted = await gateway.act('rerun', id);
      await clock.advance(0);
      expect(trigger.fired).to.equal(2);
      expect(acted.done ? acted.delivery.id : id)
        .to.equal(trigger.delivered[1]?.id)
        .and.not.equal(id);
      stop.abort(new Error('SIGTERM'));
      await clock.advance(10_000);
      await running;
    });

    it('makes room for others when a held delivery is released or discarded', async () => {
      const { gateway, source, trigger, clock, recording, stop } = gatewayBench({
        planned: (plan) => ({
          ...plan,
          limits: { ...plan.limits, perObject: null, total: { count: 1, perMs: 3_600_000 } },
        }),
      });
      const running = gateway.run(stop.signal);
      source.hand(aBatch({ occurrences: ['a', 'b', 'c', 'd'].map((name) => aSeries(name)) }));
      await clock.advance(0);
      const ids = recording.of('decision').map(({ disposed }) => disposed[0]?.id ?? '');
      const nextOf = (id: string) => gateway.forecasts()(id)?.releaseAt;
      const noon = clock.now();
      expect(ids.map(nextOf)).to.deep.equal([
        undefined,
        ...[1, 2, 3].map((hours) => noon + hours * 3_600_000),
      ]);
      await gateway.act('discard', ids[1] ?? '');
      await gateway.act('release', ids[2] ?? '');
      expect(ids.map(nextOf)).to.deep.equal([
        ...[undefined, undefined, undefined],
        noon + 3_600_000,
      ]);
      await clock.advance(0);
      expect(trigger.fired).to.equal(2);
      stop.abort(new Error('SIGTERM'));
      await clock.advance(10_000);
      await running;
    });

    it('observes nothing if nothing changes', async () => {
      const { gateway, recording } = gatewayBench();
      const answer = { done: false, why: 'not-found', state: null };
      expect(await gateway.act('discard', 'x')).to.deep.equal(answer);
      expect(recording.seen).to.deep.equal([]);
    });
  });

  it('measures the deliveries in each state, also if there are none', async () => {
    const { gateway, recording } = gatewayBench();
    await gateway.measure();
    const depths = recording.of('queue-depth');
    expect(depths.map(({ state }) => state)).to.deep.equal(['waiting', 'held', 'open', 'running']);
    expect(depths.every(({ count, trigger }) => count === 0 && trigger === 'build')).to.equal(true);
  });

  it('measures the age of each read position, since its start until the first proof', async () => {
    const { gateway, recording, clock, source, stop } = gatewayBench();
    const ages = async (): Promise<readonly number[]> => {
      await gateway.measure();
      return recording.of('position-age').map(({ ageMs }) => ageMs);
    };
    await clock.advance(3_000);
    const running = gateway.run(stop.signal);
    await clock.advance(4_000);
    expect(await ages()).to.deep.equal([7_000]);
    source.provedAt = clock.monotonic();
    await clock.advance(2_000);
    expect(await ages()).to.deep.equal([7_000, 2_000]);
    stop.abort(new Error('SIGTERM'));
    await clock.advance(10_000);
    await running;
  });

  it('measures the usage of an earlier store before any commit', async () => {
    const store = createMemoryStore({ maxBytes: 1_000 });
    const message = 'x'.repeat(2_000);
    const occurrences = [{ ...aDelivery().occurrences[0], event: anEvent({ message }) }] as const;
    await store.journal.commit(aCommit({ deliveries: [aDelivery({ occurrences })] }));
    const { bytes } = await store.archive.usage();
    const { gateway, recording } = gatewayBench({ store });
    await gateway.measure();
    const usage = { kind: 'store-usage', level: 'near', overflow: 'block', bytes, maxBytes: 1_000 };
    expect(recording.of('store-usage')).to.deep.equal([
      usage,
      { ...usage, scrape: true, commits: 0 },
    ]);
  });
});
