// The reflector when its position is not usable any more: yielded states, deleted keys and gaps.

import { expect } from 'chai';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { errorFrame, eventAt, frame, readerSuite, shopAt } from '../../support/reader-bench.ts';

export const compacted = readerSuite('the reflector, after its position was compacted', (open) => {
  const ways: readonly [string, (watch: ParkedRequest) => void][] = [
    ['HTTP 410', (watch) => watch.refuse(410, { reason: 'Expired' })],
    ['ERROR 410 in the stream', (watch) => void watch.open().send(errorFrame(410))],
    ['ERROR Expired', (watch) => void watch.open().send(errorFrame(0, { reason: 'Expired' }))],
    ['ERROR 500 in the stream', (watch) => void watch.open().send(errorFrame(500))],
    [
      'ERROR StorageReadError',
      (watch) => void watch.open().send(errorFrame(500, { reason: 'StorageReadError' })),
    ],
  ];
  for (const [name, happen] of ways) {
    it(`relists once after ${name} and yields what is newer than the position`, async () => {
      await using bench = await open();
      const before = await bench.begin('10', [eventAt('kept', '5'), eventAt('went', '6')]);
      before.send(frame('ADDED', 'a', '11'));
      await bench.haveRead('a@11');
      before.end();
      happen(await bench.watch());
      const items = [eventAt('kept', '5'), eventAt('a', '11'), eventAt('b', '30')];
      (await bench.list()).list({ resourceVersion: '40', items });
      const after = await bench.watch();
      expect(after.query.get('resourceVersion')).to.equal('40');
      expect(bench.read).to.deep.equal(['a@11', 'b@30']);
      expect(bench.gone).to.deep.equal(['shop/went']);
      expect(bench.losses).to.deep.equal(['none']);
      const [gap] = bench.reading.items.flatMap(({ gaps }) => gaps);
      expect([gap?.from?.resourceVersion, gap?.to.resourceVersion]).to.deep.equal(['11', '40']);
      expect(bench.server.count('list')).to.equal(2);
    });
  }

  it('waits longer each time if a relist does not help', async () => {
    await using bench = await open();
    (await bench.begin('10')).end();
    for (let version = 20; version < 24; version += 1) {
      (await bench.watch()).open().send(errorFrame(410));
      (await bench.list()).list({ resourceVersion: String(version) });
    }
    await bench.watch();
    const waits = bench.observed
      .of('watch-ended')
      .filter(({ reason }) => reason === 'expired')
      .map(({ retryMs }) => retryMs);
    const sorted = [...waits].sort((a, b) => a - b);
    expect(waits).to.have.length(4);
    expect(waits).to.deep.equal(sorted);
    expect(waits.at(-1)).to.be.above(2_000);
  });

  it('relists if the server stays behind the requested position', async () => {
    await using bench = await open();
    (await bench.begin('10')).end();
    const behind = {
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    };
    const next = async (): Promise<ParkedRequest> => {
      await bench.observedKind('watch-ended', bench.observed.of('watch-ended').length);
      return bench.watch();
    };
    bench.server.answerBy((request) => {
      if (request.kind === 'watch') request.open().send(errorFrame(504, behind));
      return request.kind === 'watch';
    });
    (await bench.list()).list({ resourceVersion: '40' });
    bench.server.answerBy(() => false);
    expect((await next()).query.get('resourceVersion')).to.equal('40');
  });

  it('reports a gap if nothing was read for longer than the cluster keeps objects', async () => {
    const positions = shopAt('10', Date.UTC(2026, 0, 31, 9));
    await using bench = await open({ positions });
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '40' });
    await bench.watch();
    expect(bench.gaps).to.have.length(1);
    expect(bench.gaps[0]).to.match(/^possible-loss: nothing was read for/);
  });

  for (const [name, expire] of [
    ['HTTP 410', (watch: ParkedRequest) => watch.refuse(410)],
    ['ERROR 410 in its stream', (watch: ParkedRequest) => void watch.open().send(errorFrame(410))],
  ] as const) {
    it(`reports no loss after ${name} if a live watch was quiet for longer than that`, async () => {
      await using bench = await open({ keptForMs: 100_000 });
      let watch = await bench.begin('10');
      // The list of the idle relist is forbidden all the time.
      bench.server.answerBy((request) => {
        if (request.kind === 'list') request.refuse(403);
        return request.kind === 'list';
      });
      for (let times = 1; times <= 4; times += 1) {
        await bench.observedKind('watch-opened', times);
        await bench.clock.advance(50_000);
        watch.end();
        watch = await bench.watch();
        if (times < 4) watch.open();
      }
      bench.server.answerBy(() => false);
      expire(watch);
      (await bench.list()).list({ resourceVersion: '40' });
      await bench.haveReached('40');
      expect(bench.losses).to.deep.equal(['none']);
    });
  }

  it('reports a gap if the watch was cut, not closed, and nothing was read for too long', async () => {
    await using bench = await open({ keptForMs: 100_000 });
    const watch = await bench.begin('10');
    await bench.observedKind('watch-opened');
    await bench.clock.advance(110_000);
    watch.cut();
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '40' });
    await bench.haveReached('40');
    expect(bench.gaps).to.have.length(1);
    const [gap] = bench.reading.items.flatMap(({ gaps }) => gaps);
    expect(gap?.from?.resourceVersion).to.equal('10');
  });

  it('reports a gap from the oldest position of the paths that it covers', async () => {
    const watched = { group: '', version: 'v1', resource: 'events', namespace: null };
    const at = Date.UTC(2026, 0, 31, 9);
    const pay = { resourceVersion: '30', at: Date.UTC(2026, 0, 31, 12) };
    const positions = new Map([
      ['/api/v1/namespaces/pay/events', pay],
      ...shopAt('20', at),
      ['/api/v1/namespaces/shop/pods', { resourceVersion: '5', at: 0 }],
    ]);
    await using bench = await open({ watched, positions });
    (await bench.list()).list({ resourceVersion: '90' });
    await bench.watch();
    const gaps = bench.reading.items.flatMap((batch) => batch.gaps);
    expect(gaps.map(({ loss, from }) => [loss, from])).to.deep.equal([
      ['possible-loss', { resourceVersion: '20', at }],
    ]);
  });

  it('starts over if the list’s version is below a position that it covers', async () => {
    const watched = { group: '', version: 'v1', resource: 'events', namespace: null };
    const judgeFirst = (): boolean => true;
    await using bench = await open({ watched, positions: shopAt('50'), judgeFirst });
    (await bench.list()).list({ resourceVersion: '40', items: [eventAt('a', '30')] });
    await bench.watch();
    expect(bench.gaps[0]).to.match(/^possible-loss: the store was replaced/);
    expect(bench.read).to.deep.equal(['a@30']);
  });

  it('starts over if the list’s version is below the position', async () => {
    await using bench = await open({ positions: shopAt('1000') });
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '40', items: [eventAt('a', '30')] });
    const watch = await bench.watch();
    expect(watch.query.get('resourceVersion')).to.equal('40');
    expect(bench.read).to.deep.equal([]);
    expect(bench.gaps).to.have.length(1);
    expect(bench.gaps[0]).to.match(/^possible-loss: the store was replaced/);
  });

  it('reports keys of a replaced store as deleted only if the list does not show them', async () => {
    await using bench = await open();
    const items = [eventAt('kept', '500'), eventAt('second', '501'), eventAt('went', '502')];
    (await bench.begin('1000', items)).end();
    (await bench.watch()).refuse(410);
    const kept = [eventAt('kept', '30')];
    (await bench.list()).list({ resourceVersion: '40', items: kept, continue: 'x' });
    await bench.reading.have(() => bench.gaps.length === 1, 'the replaced store');
    expect(bench.gone, 'before the list is complete').to.deep.equal([]);
    (await bench.list()).list({ resourceVersion: '40', items: [eventAt('second', '31')] });
    await bench.watch();
    expect(bench.gone).to.deep.equal(['shop/went']);
    expect(bench.read, 'they are known').to.deep.equal([]);
  });

  it('does not yield the first page’s items again if the list restarts', async () => {
    await using bench = await open({ positions: shopAt('10') });
    (await bench.watch()).refuse(410);
    const a = eventAt('a', '20');
    (await bench.list()).list({ resourceVersion: '40', items: [a], continue: 'x' });
    (await bench.list()).refuse(410, { metadata: { continue: 'inconsistent' } });
    const anew = await bench.list();
    expect(anew.query.has('continue')).to.equal(false);
    anew.list({ resourceVersion: '50', items: [a, eventAt('b', '45')] });
    expect((await bench.watch()).query.get('resourceVersion')).to.equal('50');
    expect(bench.read).to.deep.equal(['a@20', 'b@45']);
  });
});
