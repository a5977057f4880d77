// The status over a real socket: what runs, what is read, what pauses which trigger.

import { expect } from 'chai';
import { type Answered, type ApiBench, benchPerSpec, itemsOf } from '../api/api-bench.ts';
import { aCommit, aDelivery, positionsAt } from '../support/builders.ts';
import type { FakeClock } from '../support/fake-clock.ts';

const OTHER = '01kg9ynja0ffffffffffffffff';

describe('the status', () => {
  let bench: ApiBench;
  let clock: FakeClock;
  benchPerSpec((...made) => void ([bench, clock] = made));

  const ask = (path: string): Promise<Answered> => bench.ask({ path: `/api/v1/${path}` });

  it('tells how everything stands', async () => {
    const path = '/api/v1/namespaces/shop/events';
    bench.observe({ kind: 'cluster-found', id: 'c1', from: 'namespace', server: 'https://c' });
    bench.observe({ kind: 'reading', source: 'shop', path, state: 'watching', why: '' });
    bench.observe({
      kind: 'breaker',
      trigger: 'build',
      from: 'closed',
      to: 'open',
      why: 'w',
      retryMs: 1,
    });
    const delivery = aDelivery();
    const outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer in 30s' } as const;
    const ended = { kind: 'attempt-ended', delivery, durationMs: 1 } as const;
    bench.observe({ ...ended, outcome });
    bench.observe({ ...ended, outcome: { outcome: 'delivered' } });
    const store = { store: 'memory', durable: false, at: '/data/sluice.db', history: '' } as const;
    bench.observe({ kind: 'store-opened', ...store });
    const usage = { level: 'near', overflow: 'block', bytes: 80, maxBytes: 100 } as const;
    bench.observe({ kind: 'store-usage', ...usage });
    const positions = positionsAt('7', { path, at: clock.now() });
    await bench.store.journal.commit(aCommit({ positions, deliveries: [delivery] }));
    await clock.advance(90_500);
    expect((await ask('status')).json).to.deep.include({
      version: '1.2.3',
      started: '2026-01-31T12:00:00.000Z',
      uptimeSeconds: 90,
      cluster: { id: 'c1', name: 'dev', from: 'namespace', server: 'https://c' },
      configuration: { file: 'sluice.yaml', form: 'ours', problems: 1, keptSince: null },
      health: { live: true, ready: false, why: ['not begun'], notes: [] },
      sources: [
        {
          name: 'shop',
          kind: 'events',
          paths: [
            {
              path,
              state: 'watching',
              why: '',
              reason: null,
              position: { resourceVersion: '7', at: '2026-01-31T12:00:00.000Z', ageSeconds: 90 },
            },
          ],
        },
      ],
      triggers: [
        {
          ...{ name: 'build', kind: 'exec', breaker: 'open', deliveries: { waiting: 1 } },
          paused: { reason: 'breaker', until: '2026-01-31T12:00:00.001Z', why: 'w' },
          lastDeliveredAt: '2026-01-31T12:00:00.000Z',
          lastFailure: { at: '2026-01-31T12:00:00.000Z', id: delivery.id, outcome },
        },
      ],
      store: {
        ...{ kind: 'memory', durable: false, at: '/data/sluice.db', trouble: null },
        ...{ bytes: 80, maxBytes: 100, level: 'near', overflow: 'block' },
      },
      limits: { perObject: '60/h', total: '600/h', holdFor: '1h' },
    });
  });

  it('says until when and why a trigger is paused, with it and with each delivery that waits', async () => {
    const until = clock.now() + 60_000;
    const pause = { kind: 'pause', trigger: 'build', reason: 'throttled', until } as const;
    const paused = { reason: 'throttled', until: '2026-01-31T12:01:00.000Z', why: '429' };
    const breaker = { kind: 'breaker', trigger: 'build', from: 'closed' } as const;
    await bench.commit([aDelivery(), aDelivery({ id: OTHER, state: 'held' })]);
    const shown = async (): Promise<unknown> => {
      const { json } = await ask('status');
      const one = (await ask(`deliveries/${aDelivery().id}`)).json as { paused: unknown };
      const listed = itemsOf(await ask('deliveries?state=waiting')) as { paused: unknown }[];
      const held = (await ask(`deliveries/${OTHER}`)).json as { paused: unknown };
      expect(held.paused).to.equal(null);
      expect(listed.map((item) => item.paused)).to.deep.equal([one.paused]);
      const [trigger] = (json as { triggers: { paused: unknown }[] }).triggers;
      expect(trigger?.paused).to.deep.equal(one.paused);
      return one.paused;
    };
    expect(await shown()).to.equal(null);
    bench.observe({ ...pause, state: 'paused', why: '429', retryMs: 60_000 });
    expect(await shown()).to.deep.equal(paused);
    // A person asked for an attempt before the time was over.
    bench.observe({ ...pause, state: 'trying', why: 'to see', retryMs: 0, until: clock.now() });
    expect(await shown()).to.deep.equal({ ...paused, until: '2026-01-31T12:00:00.000Z' });
    bench.observe({ ...pause, state: 'over', why: 'came through', retryMs: 0 });
    expect(await shown()).to.equal(null);
    bench.observe({ ...breaker, to: 'open', why: 'unreachable', retryMs: 5_000 });
    const open = { reason: 'breaker', until: '2026-01-31T12:00:05.000Z', why: 'unreachable' };
    expect(await shown()).to.deep.equal(open);
    bench.observe({ ...breaker, to: 'half-open', why: 'to see', retryMs: 0 });
    expect(await shown()).to.deep.equal({ ...open, until: '2026-01-31T12:00:00.000Z' });
    bench.observe({ ...breaker, to: 'closed', why: 'came through', retryMs: 0 });
    expect(await shown()).to.equal(null);
  });

  it('is there before anything was reached', async () => {
    const { status, json } = await ask('status');
    expect(status).to.equal(200);
    expect(json).to.deep.include({
      cluster: { id: null, name: 'dev', from: null, server: null },
      sources: [{ name: 'shop', kind: 'events', paths: [] }],
    });
  });
});
