// The reflector when the API server refuses or asks to wait: which errors are retried, and when.

import { expect } from 'chai';
import { SluiceError } from '../../../lib/core/errors.ts';
import { readerSuite, SHOP, shopAt } from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

export const refused = readerSuite('the reflector, refused', (open) => {
  describe('errors', () => {
    for (const code of [400, 422]) {
      it(`end it after ${code}, and the error names the path`, async () => {
        await using bench = await open();
        (await bench.list()).refuse(code, { message: 'field label not supported' });
        await bench.reading.ended();
        expect(bench.reading.error).to.be.instanceOf(SluiceError);
        expect(bench.reading.error).to.have.property('code', 'cluster-refused');
        expect(String(bench.reading.error)).to.include(SHOP);
      });
    }

    for (const [code, reason] of [
      [403, 'forbidden'],
      [404, 'not-found'],
    ] as const) {
      it(`are retried slowly after ${code}, and it reports that it waits`, async () => {
        await using bench = await open();
        (await bench.list()).refuse(code);
        await bench.observedKind('list-failed');
        const [failed] = bench.observed.of('list-failed');
        expect(failed?.reason).to.equal(reason);
        expect(failed?.retryMs).to.be.within(1_000, 2_000);
        const waiting = bench.observed.of('reading').at(-1);
        expect(waiting).to.include({ state: 'waiting', reason });
        expect(waiting?.why).to.include(reason);
        await bench.begin('10');
        await bench.observedKind('watch-opened');
        await until(() => bench.observed.of('reading').at(-1)?.state === 'watching', 'watching');
      });
    }
  });

  describe('waiting', () => {
    for (const [header, atLeastMs, atMostMs] of [
      ['1', 1_000, 1_250],
      ['5', 5_000, 6_250],
      [null, 400, 800],
      ['Sat, 31 Jan 2026 12:00:20 GMT', 20_000, 25_000],
    ] as const) {
      it(`lasts as long as Retry-After ${header ?? 'absent'} of a 429 says, and the position is kept`, async () => {
        await using bench = await open({ positions: shopAt('10') });
        const date = { date: 'Sat, 31 Jan 2026 12:00:00 GMT' };
        const asked = header === null ? {} : { 'retry-after': header };
        (await bench.watch()).refuse(429, {}, { ...date, ...asked });
        await bench.observedKind('watch-ended');
        const [ended] = bench.observed.of('watch-ended');
        expect(ended?.reason).to.equal('throttled');
        expect(ended?.retryMs).to.be.within(atLeastMs, atMostMs);
        expect((await bench.watch()).query.get('resourceVersion')).to.equal('10');
        expect(bench.server.count('list')).to.equal(0);
      });
    }

    it('ends with a relist after five answers that the version is too large', async () => {
      await using bench = await open({ positions: shopAt('10') });
      const details = { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 };
      for (let tries = 1; tries <= 5; tries += 1) (await bench.watch()).refuse(504, { details });
      (await bench.list()).list({ resourceVersion: '10' });
      await bench.watch();
      expect(bench.observed.of('watch-ended')).to.have.length(5);
    });
  });
});
