// A watch whose peer vanished without a FIN, as behind a NAT that forgot the connection: both ends
// believe that it is open.

import { expect } from 'chai';
import { CuttingProxy } from '../../e2e/support/cutting-proxy.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { frame, readerSuite, shopAt } from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

const SILENCE_MS = 25_000;

export const halfOpen = readerSuite('a half-open watch', (open) => {
  it('is found by its silence, and read again from its position on another connection', async () => {
    await using opened = new AsyncDisposableStack();
    const networks: CuttingProxy[] = [];
    const through = async (url: string): Promise<number> => {
      const network = opened.use(await CuttingProxy.start(url));
      networks.push(network);
      return network.port;
    };
    const options = { maxSilenceMs: SILENCE_MS, positions: shopAt('10') };
    await using bench = await open(options, new FakeClock(), through);
    const [network] = networks;
    const first = (await bench.watch()).open();
    first.send(frame('ADDED', 'a', '11'));
    await bench.haveRead('a@11');
    expect(network?.stallAll()).to.equal(1);
    first.send(frame('ADDED', 'b', '12'));
    const began = bench.clock.monotonic();
    await until(async () => {
      await bench.clock.advance(1_000);
      return bench.server.parked.length > 0;
    }, 'another watch');
    expect(bench.clock.monotonic() - began).to.be.within(SILENCE_MS, SILENCE_MS + 2_000);
    const second = await bench.server.next('watch');
    expect(second.query.get('resourceVersion')).to.equal('11');
    second.open().send(frame('ADDED', 'b', '12'));
    await bench.haveRead('a@11', 'b@12');
    await until(() => network?.open === 1, 'the dead connection to be closed');
    expect(bench.server.count('list')).to.equal(0);
  });
});
