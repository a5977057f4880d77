// The reflector after a restart of the process: the use of a kept position, and the time without
// reading.

import { expect } from 'chai';
import type { Position } from '../../../lib/core/ports/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import {
  errorFrame,
  eventAt,
  frame,
  type ReaderBench,
  readerSuite,
  SHOP,
  shopAt,
} from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

function lastPosition(bench: ReaderBench): Position {
  const moved = bench.reading.items.flatMap(({ position }) => (position ? [position] : []));
  return moved.at(-1) ?? { resourceVersion: '', at: 0 };
}

export const restarted = readerSuite('the reflector, restarted', (open) => {
  const ways: readonly [string, (watch: ParkedRequest) => void][] = [
    ['HTTP 410', (watch) => watch.refuse(410, { reason: 'Expired' })],
    ['ERROR 410 in the stream', (watch) => void watch.open().send(errorFrame(410))],
    ['ERROR 500 in the stream', (watch) => void watch.open().send(errorFrame(500))],
  ];
  for (const [name, expire] of ways) {
    it(`lists once after ${name} and judges only states that are newer than the position`, async () => {
      // A first start would judge everything; this is none.
      const judgeFirst = (): boolean => true;
      await using bench = await open({ positions: shopAt('100'), judgeFirst });
      expire(await bench.watch());
      const items = [eventAt('older', '99'), eventAt('same', '100'), eventAt('newer', '101')];
      (await bench.list()).list({ resourceVersion: '140', items });
      expect((await bench.watch()).query.get('resourceVersion')).to.equal('140');
      expect(bench.read).to.deep.equal(['newer@101']);
      expect(bench.server.count('list')).to.equal(1);
      expect(bench.observed.of('list-ended')[0]?.purpose).to.equal('relist');
    });
  }

  it('reports the gap from the time of the position to the list', async () => {
    const positions = shopAt('100', NOON - 59 * 60_000);
    await using bench = await open({ positions });
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '140' });
    await bench.haveReached('140');
    const [gap, ...rest] = bench.reading.items.flatMap(({ gaps }) => gaps);
    expect(rest).to.deep.equal([]);
    expect(gap).to.include({ loss: 'none', path: SHOP, source: 'shop' });
    expect(gap?.from).to.deep.equal(positions.get(SHOP));
    // The retry came a moment later, and the server's clock has whole seconds.
    expect(gap?.to.resourceVersion).to.equal('140');
    expect(gap?.to.at).to.be.within(NOON, NOON + 1_000);
  });

  for (const [name, away, loss] of [
    ['less than the cluster keeps them', HOUR - 10_000, 'none'],
    ['more than the cluster keeps them', HOUR + 10_000, 'possible-loss'],
  ] as const) {
    it(`reports ${loss} after ${name}`, async () => {
      await using bench = await open({ positions: shopAt('10', NOON - away) });
      (await bench.watch()).refuse(410);
      (await bench.list()).list({ resourceVersion: '40' });
      await bench.haveReached('40');
      expect(bench.losses).to.deep.equal([loss]);
    });
  }

  for (const [name, versionAt] of [
    ['with writes elsewhere', (round: number) => String(90 + round)],
    ['without any write', () => '10'],
  ] as const) {
    it(`reports no loss after a quiet night before the restart, ${name}`, async () => {
      const keptForMs = 300_000;
      const clock = new FakeClock();
      let kept: Position;
      {
        await using bench = await open({ keptForMs }, clock);
        await bench.begin('10');
        await bench.observedKind('watch-opened');
        bench.server.answerBy((request) => {
          if (request.kind === 'watch') request.open();
          return request.kind === 'watch';
        });
        for (let round = 1; round <= 4; round += 1) {
          const { at } = lastPosition(bench);
          (await bench.quiet()).list({ resourceVersion: versionAt(round) });
          await until(async () => {
            await bench.silence();
            return lastPosition(bench).at > at;
          }, 'the position to be renewed');
        }
        kept = lastPosition(bench);
      }
      expect(kept.resourceVersion).to.equal(versionAt(4));
      expect(clock.now() - NOON).to.be.above(keptForMs);
      await clock.advance(120_000);
      await using bench = await open({ keptForMs, positions: new Map([[SHOP, kept]]) }, clock);
      (await bench.watch()).refuse(410);
      (await bench.list()).list({ resourceVersion: '400' });
      await bench.haveReached('400');
      expect(bench.losses).to.deep.equal(['none']);
    });
  }

  it('moves the time of the position with each frame', async () => {
    await using bench = await open({ positions: shopAt('10', NOON - HOUR) });
    const watch = (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    for (const [version, sinceMs] of [
      ['11', 40_000],
      ['12', 80_000],
    ] as const) {
      await bench.clock.advance(40_000);
      watch.send(frame('MODIFIED', 'a', version));
      await bench.haveReached(version);
      const { at } = lastPosition(bench);
      expect(at).to.be.within(NOON + sinceMs - 1_000, NOON + sinceMs + 1_000);
    }
  });

  it('finds by the idle relist that its position is in the future', async () => {
    await using bench = await open({ positions: shopAt('1000', NOON - 60_000) });
    // The server accepts such a watch and sends nothing.
    (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '40', items: [eventAt('old', '30')] });
    (await bench.list()).list({ resourceVersion: '41', items: [eventAt('old', '30')] });
    const watch = (await bench.watch()).open();
    expect(watch.query.get('resourceVersion')).to.equal('41');
    expect(bench.read, 'nothing old is judged').to.deep.equal([]);
    expect(bench.gaps).to.have.length(1);
    expect(bench.gaps[0]).to.match(/^possible-loss: the store was replaced/);
    const [gap] = bench.reading.items.flatMap(({ gaps }) => gaps);
    expect([gap?.from?.resourceVersion, gap?.to.resourceVersion]).to.deep.equal(['1000', '41']);
    watch.send(frame('ADDED', 'new', '42'));
    await bench.haveRead('new@42');
  });

  it('lists all namespaces first if one of them was read since', async () => {
    const watched = { group: '', version: 'v1', resource: 'events', namespace: null };
    const own = { resourceVersion: '50', at: NOON - 600_000 };
    const positions = new Map([['/api/v1/events', own], ...shopAt('80', NOON - 60_000)]);
    await using bench = await open({ watched, positions, judgeFirst: () => true });
    const other = (name: string, resourceVersion: string) => ({
      metadata: { name, namespace: 'pay', resourceVersion },
    });
    const items = [other('known', '50'), other('missed', '51')];
    const shop = [eventAt('read', '80'), eventAt('new', '81')];
    (await bench.list()).list({ resourceVersion: '90', items: [...items, ...shop] });
    expect((await bench.watch()).query.get('resourceVersion')).to.equal('90');
    expect(bench.read).to.deep.equal(['missed@51', 'new@81']);
    expect(bench.reading.items.flatMap(({ gaps }) => gaps.map(({ from }) => from))).to.deep.equal([
      own,
    ]);
  });

  it('is independent of its own clock, set back an hour and forward a day', async () => {
    await using bench = await open({ positions: shopAt('10') });
    bench.server.now = () => NOON + bench.clock.monotonic();
    const first = (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    bench.clock.jump(-HOUR);
    first.send(frame('ADDED', 'a', '11')).end();
    await bench.haveRead('a@11');
    const second = (await bench.watch()).open();
    expect(second.query.get('resourceVersion')).to.equal('11');
    bench.clock.jump(25 * HOUR);
    second.send(errorFrame(410));
    (await bench.list()).list({ resourceVersion: '40', items: [eventAt('b', '12')] });
    await bench.haveRead('a@11', 'b@12');
    expect(bench.losses).to.deep.equal(['none']);
    expect(lastPosition(bench).at).to.be.within(NOON, NOON + 60_000);
  });

  it('uses its own clock if the server sends no date', async () => {
    await using bench = await open({ positions: shopAt('10', NOON - HOUR) });
    bench.server.now = undefined;
    (await bench.watch()).open({ date: '' }).send(frame('ADDED', 'a', '11'));
    await bench.haveRead('a@11');
    expect(lastPosition(bench).at).to.be.within(NOON, NOON + 5_000);
  });
});
