// When a recording is played and at which pace, and how a playback ends.

import { expect } from 'chai';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { anEntry, aPlayback, ask, EVENTS, keysOf, SHOP, servedPerSpec, watch } from './support.ts';

describe('playback', () => {
  const served = servedPerSpec();
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  describe('playing', () => {
    const entries = [
      anEntry('shop/a', 'ADDED', 5_000),
      anEntry('shop/b', 'ADDED', 6_000),
      anEntry('shop/c', 'ADDED', 15_000),
    ];
    const speeds: readonly [number | 'full', number, readonly number[]][] = [
      [1, 10_000, [1, 2, 2, 3]],
      [100, 100, [1, 2, 2, 3]],
    ];
    for (const [speed, spanMs, applied] of speeds) {
      it(`takes ${spanMs} ms for ten seconds at ${speed}x`, async () => {
        const one = await served(entries, { speed }, clock);
        const seen: number[] = [];
        for (const share of [0, 0.1, 0.89, 0.01]) {
          await clock.advance(spanMs * share);
          seen.push(one.progress().applied);
        }
        expect(seen).to.deep.equal(applied);
        await one.done;
      });
    }

    it('takes no time at full speed', async () => {
      const one = await served(entries, { speed: 'full' }, clock);
      await one.done;
      expect([one.progress().applied, clock.monotonic()]).to.deep.equal([3, 0]);
    });

    it('sends a Date as far ahead as configured', async () => {
      const one = await served(entries, { aheadMs: 4_200_000 }, clock);
      const { headers } = await ask(one, EVENTS);
      expect(Date.parse(headers.get('date') ?? '') - clock.now()).to.equal(4_200_000);
    });

    it('begins when the configured number of watches is open', async () => {
      const one = await served(entries, { afterWatches: 2 });
      const first = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await until(async () => (await ask(one, EVENTS)).status === 200, 'a list');
      expect(one.progress().applied).to.equal(0);
      const second = await watch(one, `${SHOP}?watch=1&resourceVersion=1000`);
      await Promise.all([first.has(3), second.has(3), one.done]);
      first.close();
      second.close();
    });

    it('is done when every open watch has received everything', async () => {
      const one = await served(entries, { afterWatches: 1 });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000&timeoutSeconds=30`);
      await one.done;
      await open.has(3);
      open.close();
    });

    it('rejects done with the error of the recording, and continues to serve', async () => {
      const broken = (function* () {
        yield anEntry('shop/a');
        throw new Error('line 2 is broken');
      })();
      const one = await served([], { recording: broken });
      const error: unknown = await one.done.catch((cause: unknown) => cause);
      expect(String(error)).to.contain('line 2 is broken');
      expect(keysOf((await ask(one, SHOP)).body)).to.deep.equal(['shop/a']);
    });

    it('fails with the address if it is in use', async () => {
      const one = await served([]);
      const error: unknown = await aPlayback([], { port: one.port }).catch(
        (cause: unknown) => cause,
      );
      expect(error).to.include({ code: 'address-unusable' });
      expect(String(error)).to.contain(`127.0.0.1:${one.port}`);
    });

    it('ends open watches cleanly when disposed of, even twice', async () => {
      const one = await served(entries);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await open.has(3);
      await Promise.all([one[Symbol.asyncDispose](), one[Symbol.asyncDispose]()]);
      expect(await open.ended).to.equal(3);
    });
  });
});
