// Conclusions from a complete list: all keys that exist, for the first one of a process and for one
// that follows a gap, and the gap in its kind.

import { expect } from 'chai';
import {
  errorFrame,
  eventAt,
  frame,
  type ReaderBench,
  readerSuite,
  shopAt,
} from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

/** The keys handed over so far, in one list for each time. */
function listed(bench: ReaderBench): readonly (readonly string[])[] {
  return bench.reading.items.flatMap(({ listed }) => (listed === null ? [] : [[...listed]]));
}

const A = eventAt('a', '5');
const B = eventAt('b', '6');

export const firstList = readerSuite('the first complete list of a process', (open) => {
  it('hands over all keys with its last page, also those that are not judged', async () => {
    await using bench = await open();
    (await bench.list()).list({ resourceVersion: '10', items: [A], continue: 'more' });
    const second = await bench.list();
    expect(listed(bench), 'after the first page').to.deep.equal([]);
    second.list({ resourceVersion: '10', items: [B] });
    await bench.haveReached('10');
    expect(listed(bench)).to.deep.equal([['shop/a', 'shop/b']]);
    expect(bench.reading.items.at(-1)?.listed?.size, 'beside the position').to.equal(2);
  });

  it('leaves out keys that only the pages before a restart showed', async () => {
    await using bench = await open();
    (await bench.list()).list({ resourceVersion: '10', items: [A], continue: 'more' });
    (await bench.list()).refuse(410);
    (await bench.list()).list({ resourceVersion: '12', items: [B] });
    await bench.haveReached('12');
    expect(listed(bench)).to.deep.equal([['shop/b']]);
  });

  it('is a relist if a position was kept', async () => {
    await using bench = await open({ positions: shopAt('4') });
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '10', items: [A, B] });
    await bench.haveReached('10');
    expect(listed(bench)).to.deep.equal([['shop/a', 'shop/b']]);
    expect(bench.reading.items.at(-1)?.changes, 'with the last occurrences').to.have.length(2);
  });

  it('is that of an idle relist if there was no other, corrected by the stream', async () => {
    await using bench = await open({ positions: shopAt('4') });
    const watch = (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    const list = await bench.quiet();
    watch.send(frame('ADDED', 'newer', '95'), frame('DELETED', 'b', '96'));
    await bench.haveReached('96');
    list.list({ resourceVersion: '90', items: [A, B] });
    await until(() => listed(bench).length > 0, 'the keys');
    expect(listed(bench)).to.deep.equal([['shop/a', 'shop/newer']]);
  });

  it('is handed over even if it is empty', async () => {
    await using bench = await open({ positions: shopAt('4') });
    (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90' });
    await until(() => listed(bench).length > 0, 'the keys');
    expect(listed(bench)).to.deep.equal([[]]);
  });

  it('is the only one of a path that the stream keeps up with', async () => {
    await using bench = await open();
    await bench.begin('10', [A]);
    await bench.observedKind('watch-opened');
    for (const version of ['20', '30']) {
      (await bench.quiet()).list({ resourceVersion: version, items: [A] });
      (await bench.server.next('watch')).open();
      await until(async () => {
        await bench.silence();
        return bench.position === version;
      }, 'the new position');
    }
    expect(listed(bench)).to.deep.equal([['shop/a']]);
  });

  it('is followed by that of each list after a gap, which shows what was deleted', async () => {
    await using bench = await open();
    const watch = await bench.begin('10', [A]);
    watch.send(errorFrame(410));
    (await bench.list()).list({ resourceVersion: '30', items: [B] });
    await bench.haveReached('30');
    expect(listed(bench)).to.deep.equal([['shop/a'], ['shop/b']]);
    expect(bench.gone).to.deep.equal(['shop/a']);
  });
});

export const gapOfRelist = readerSuite('the gap of a relist', (open) => {
  it('is absent at a first start', async () => {
    await using bench = await open();
    await bench.begin('10', [A]);
    expect(bench.gaps).to.deep.equal([]);
  });

  it('is absent if the idle relist renews a quiet position', async () => {
    await using bench = await open();
    await bench.begin('10');
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90', items: [eventAt('x', '20')] });
    (await bench.server.next('watch')).open();
    await until(async () => {
      await bench.silence();
      return bench.position === '90';
    }, 'the new position');
    expect(bench.gaps).to.deep.equal([]);
  });

  const counted = { countOf: (object: object) => (object as { count: number }).count };

  for (const [name, items, loss] of [
    ['nothing new', [eventAt('a', '5', { count: 3 })], 'none'],
    ['one more write of a known one', [eventAt('a', '30', { count: 4 })], 'none'],
    ['a leap of a known one', [eventAt('a', '30', { count: 5 })], 'coalesced'],
    ['a new one', [eventAt('n', '30', { count: 1 })], 'none'],
    ['a new one written twice', [eventAt('n', '30', { count: 2 })], 'coalesced'],
    ['an old one that was not known', [eventAt('o', '9', { count: 7 })], 'none'],
  ] as const) {
    it(`is ${loss} if the list shows ${name}`, async () => {
      await using bench = await open(counted);
      const watch = await bench.begin('10', [eventAt('a', '5', { count: 3 })]);
      watch.send(errorFrame(410));
      (await bench.list()).list({ resourceVersion: '40', items });
      await bench.haveReached('40');
      expect(bench.losses).to.deep.equal([loss]);
    });
  }

  it('ignores counts of a namespace that is read for the first time', async () => {
    const watched = { group: '', version: 'v1', resource: 'events', namespace: null };
    await using bench = await open({
      ...counted,
      watched,
      positions: shopAt('10'),
      judgeFirst: () => true,
    });
    const metadata = { name: 'other', namespace: 'pay', resourceVersion: '20' };
    const items = [eventAt('a', '30', { count: 1 }), { metadata, count: 9 }];
    (await bench.list()).list({ resourceVersion: '40', items });
    await bench.haveReached('40');
    expect(bench.read).to.deep.equal(['a@30', 'other@20']);
    expect(bench.losses).to.deep.equal(['none']);
  });

  it('uses the count that a frame brought', async () => {
    await using bench = await open(counted);
    const watch = await bench.begin('10', [eventAt('a', '5', { count: 3 })]);
    watch.send({ type: 'MODIFIED', object: eventAt('a', '11', { count: 8 }) }, errorFrame(410));
    const items = [eventAt('a', '30', { count: 9 })];
    (await bench.list()).list({ resourceVersion: '40', items });
    await bench.haveReached('40');
    expect(bench.losses).to.deep.equal(['none']);
  });

  it('includes counts of the pages before a restart', async () => {
    await using bench = await open({ ...counted, positions: shopAt('10') });
    (await bench.watch()).refuse(410);
    const twice = eventAt('n', '20', { count: 2 });
    (await bench.list()).list({ resourceVersion: '40', items: [twice], continue: 'x' });
    (await bench.list()).refuse(410);
    (await bench.list()).list({ resourceVersion: '50', items: [twice] });
    await bench.haveReached('50');
    expect(bench.gaps).to.have.length(1);
    expect(bench.gaps[0]).to.match(/^coalesced: 1 may have been written more than once/);
  });

  it('is a possible loss if the pages are of different versions', async () => {
    await using bench = await open({ positions: shopAt('10') });
    (await bench.watch()).refuse(410);
    (await bench.list()).list({ resourceVersion: '40', items: [A], continue: 'x' });
    (await bench.list()).list({ resourceVersion: '45', items: [B] });
    await bench.haveReached('40');
    expect(bench.gaps).to.have.length(1);
    expect(bench.gaps[0]).to.match(/^possible-loss: the pages of the list/);
  });

  for (const [name, items, loss] of [
    ['hides nothing', [eventAt('x', '20', { count: 1 })], 'none'],
    ['hides a write', [eventAt('x', '20', { count: 2 })], 'coalesced'],
  ] as const) {
    it(`is ${loss} if an idle relist becomes the relist and ${name}`, async () => {
      await using bench = await open(counted);
      await bench.begin('10');
      await bench.observedKind('watch-opened');
      (await bench.quiet()).list({ resourceVersion: '90', items });
      (await bench.server.next('watch')).refuse(410);
      await bench.haveReached('90');
      expect(bench.losses).to.deep.equal([loss]);
      const [gap] = bench.reading.items.flatMap(({ gaps }) => gaps);
      expect([gap?.from?.resourceVersion, gap?.to.resourceVersion]).to.deep.equal(['10', '90']);
    });
  }
});
