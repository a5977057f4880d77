// A gateway whose comparison of the plan with the cluster fails.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import { gatewayBench } from './gateway-bench.ts';

describe('a gateway that may read no source', () => {
  it('stops, and throws what the review found', async () => {
    const refused = new SluiceError('cluster-refused', 'read Events in shop: forbidden');
    const { gateway, clock, stop, recording, source } = gatewayBench({
      followAccess: async (_observe, signal) => {
        await clock.sleep(3_000, signal);
        throw refused;
      },
    });
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    await clock.advance(2_999);
    expect(source.isIdle).to.equal(true);
    await clock.advance(1);
    expect(await running).to.equal(refused);
    expect(recording.of('stopped')).to.have.length(1);
  });

  it('stops also before the cluster was reached', async () => {
    const refused = new SluiceError('cluster-refused', 'read Events in shop: forbidden');
    const { gateway, clock, stop } = gatewayBench({
      followAccess: () => Promise.reject(refused),
      findCluster: async (_asking, signal) => {
        await clock.sleep(3_600_000, signal);
        throw new Error('never');
      },
    });
    const running = gateway.run(stop.signal).catch((error: unknown) => error);
    await clock.advance(0);
    expect(await running).to.equal(refused);
  });
});

describe('a gateway whose review fails by a bug', () => {
  it('observes the bug, and runs on', async () => {
    const bug = new Error('no such property');
    const { gateway, clock, stop, recording, source } = gatewayBench({
      followAccess: () => Promise.reject(bug),
    });
    const running = gateway.run(stop.signal);
    await clock.advance(60_000);
    expect(recording.of('bug').map(({ error }) => error)).to.deep.equal([bug]);
    expect(source.isIdle).to.equal(true);
    stop.abort();
    await running;
  });
});
