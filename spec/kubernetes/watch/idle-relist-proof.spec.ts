// The second watch of an idle relist: its frames, the proof by its silence, and the end of the
// first.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import {
  errorFrame,
  eventAt,
  frame,
  type ReaderBench,
  readerSuite,
} from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

const X = eventAt('x', '20');

/** Begins at version 10, and answers the LIST of an idle relist at version 90; returns both watches. */
async function idleRelist(bench: ReaderBench, items: readonly JsonObject[] = []) {
  const first = await bench.begin('10');
  await bench.observedKind('watch-opened');
  (await bench.quiet()).list({ resourceVersion: '90', items });
  return { first, second: await bench.server.next('watch') };
}

export const secondWatch = readerSuite('the second watch of an idle relist', (open) => {
  it('brings missed states of the first, each once', async () => {
    await using bench = await open();
    const { first, second } = await idleRelist(bench, [X]);
    second.open();
    await bench.observedKind('list-ended', 2);
    first.send(frame('ADDED', 'brief', '19'));
    await bench.haveRead('x@20', 'brief@19');
    second.send(frame('ADDED', 'brief', '19'), frame('ADDED', 'x', '20'));
    second.send(frame('DELETED', 'brief', '30'));
    await bench.haveReached('30');
    first.send(frame('ADDED', 'x', '20'), frame('DELETED', 'brief', '30'));
    second.send(frame('ADDED', 'end', '91'));
    await bench.haveRead('x@20', 'brief@19', 'end@91');
    expect(bench.gone).to.deep.equal(['shop/brief']);
  });

  for (const [name, expire] of [
    ['HTTP 410', (second: ParkedRequest) => second.refuse(410)],
    [
      'ERROR 410 in its stream',
      (second: ParkedRequest) => void second.open().send(errorFrame(410)),
    ],
  ] as const) {
    it(`makes the list the relist after ${name}`, async () => {
      await using bench = await open();
      const { first, second } = await idleRelist(bench, [X]);
      expire(second);
      const after = await bench.watch();
      expect(after.query.get('resourceVersion')).to.equal('90');
      expect(bench.position).to.equal('90');
      expect(bench.read).to.deep.equal(['x@20']);
      expect(bench.server.count('list')).to.equal(2);
      await until(() => first.isOver, 'the first stream to be closed');
    });
  }

  it('makes the list show what was deleted after a 410, corrected by the streams', async () => {
    await using bench = await open();
    const items = [eventAt('went', '5'), eventAt('kept', '6')];
    const first = await bench.begin('10', items);
    await bench.observedKind('watch-opened');
    const list = await bench.quiet();
    first.send(frame('ADDED', 'brief', '19'));
    await bench.haveRead('brief@19');
    list.list({ resourceVersion: '90', items: [eventAt('kept', '6'), X] });
    const second = (await bench.server.next('watch')).open();
    second.send(frame('ADDED', 'other', '20'), errorFrame(410));
    await bench.haveReached('90');
    expect(bench.gone, 'also the one that was there only in between').to.deep.equal([
      'shop/went',
      'shop/brief',
      'shop/other',
    ]);
    const listed = bench.reading.items.at(-1)?.listed ?? [];
    expect([...listed]).to.deep.equal(['shop/kept', 'shop/x']);
  });

  it('proves nothing while one of its frames is incomplete', async () => {
    await using bench = await open();
    const { second } = await idleRelist(bench);
    second.open();
    const stalled = `${JSON.stringify(frame('ADDED', 'stalled', '30'))}\n`;
    second.raw(`${JSON.stringify(frame('ADDED', 'brief', '19'))}\n${stalled.slice(0, 40)}`);
    await bench.haveRead('brief@19');
    for (let times = 1; times <= 5; times += 1) await bench.silence();
    expect(bench.position, 'a cut now would lose the rest of the frame').to.equal('19');
    second.raw(stalled.slice(40));
    await bench.haveRead('brief@19', 'stalled@30');
    await until(async () => {
      await bench.silence();
      return bench.position === '90';
    }, 'the new position');
  });

  it('yields frames before its 410', async () => {
    await using bench = await open();
    const { second } = await idleRelist(bench, [X]);
    const lines = [frame('ADDED', 'brief', '19'), errorFrame(410)].map((one) =>
      JSON.stringify(one),
    );
    second.open().raw(`${lines.join('\n')}\n`);
    await bench.haveRead('x@20', 'brief@19');
    expect((await bench.watch()).query.get('resourceVersion')).to.equal('90');
  });

  it('replaces a first stream that broke, and its silence still proves the list', async () => {
    await using bench = await open();
    const { first, second } = await idleRelist(bench);
    second.open();
    second.send(frame('ADDED', 'a', '20'));
    await bench.haveRead('a@20');
    first.cut();
    await until(async () => {
      await bench.clock.advance(1_000);
      return bench.position === '90';
    }, 'the new position');
    second.send(frame('ADDED', 'b', '91'));
    await bench.haveRead('a@20', 'b@91');
    expect(bench.server.count('watch')).to.equal(2);
  });

  it('leaves the first stream and the position unchanged if it is refused otherwise', async () => {
    await using bench = await open();
    const { first, second } = await idleRelist(bench, [X]);
    second.refuse(503);
    first.send(frame('ADDED', 'x', '20'), frame('ADDED', 'y', '30'));
    await bench.haveRead('x@20', 'y@30');
    expect(bench.position).to.equal('30');
    (await bench.quiet()).list({ resourceVersion: '99' });
    expect((await bench.server.next('watch')).query.get('resourceVersion')).to.equal('30');
  });

  it('continues alone when the first ends meanwhile', async () => {
    await using bench = await open();
    const { first, second } = await idleRelist(bench);
    second.open();
    second.send(frame('ADDED', 'a', '20'));
    await bench.haveRead('a@20');
    first.end();
    second.send(frame('ADDED', 'b', '21'));
    await bench.haveRead('a@20', 'b@21');
    expect(bench.observed.of('watch-ended')).to.deep.equal([]);
  });

  it('is not silent while its consumer is paused', async () => {
    await using bench = await open();
    await bench.begin('10');
    await bench.observedKind('watch-opened');
    bench.reading.pause();
    (await bench.quiet()).list({ resourceVersion: '90', items: [eventAt('x', '20')] });
    const second = (await bench.server.next('watch')).open();
    second.send(frame('ADDED', 'brief', '19'));
    await bench.haveRead('x@20');
    await bench.clock.advance(60_000);
    expect(bench.position).to.equal('10');
    bench.reading.resume();
    await bench.haveRead('x@20', 'brief@19');
  });
});
