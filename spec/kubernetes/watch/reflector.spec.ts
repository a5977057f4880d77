// The reflector against a scripted API server over HTTP: starts, streams, reconnects.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import { eventAt, frame, readerSuite, shopAt } from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

export const reflector = readerSuite('the reflector', (open) => {
  describe('at a first start', () => {
    it('lists everything in pages and watches from the first page’s version', async () => {
      await using bench = await open();
      const first = await bench.list();
      expect(first.query.get('limit')).to.equal('500');
      expect(first.query.has('resourceVersion'), 'a consistent list').to.equal(false);
      first.list({ resourceVersion: '90', items: [eventAt('a', '10')], continue: 'more' });
      const second = await bench.list();
      expect(second.query.get('continue')).to.equal('more');
      expect(bench.position, 'it moves with the last page').to.equal('');
      second.list({ resourceVersion: '95', items: [eventAt('b', '20')] });
      const watch = await bench.watch();
      expect(watch.query.get('resourceVersion')).to.equal('90');
      expect(watch.query.get('allowWatchBookmarks')).to.equal('true');
      expect(Number(watch.query.get('timeoutSeconds'))).to.be.within(240, 300);
      expect(bench.position).to.equal('90');
      expect(bench.read).to.deep.equal([]);
    });

    it('judges the listed items that the source accepts', async () => {
      const judgeFirst = (object: JsonObject): boolean => object['reason'] === 'BackOff';
      await using bench = await open({ judgeFirst });
      const items = [eventAt('a', '10'), eventAt('b', '11', { reason: 'Pulled' })];
      await bench.begin('90', items);
      expect(bench.read).to.deep.equal(['a@10']);
      expect(bench.reading.items[0]?.changes[0]).to.include({ from: 'list', type: 'ADDED' });
    });

    it('gives items of a list the kind and apiVersion that frames have', async () => {
      await using bench = await open({ judgeFirst: () => true });
      const { metadata } = eventAt('a', '10') as { metadata: JsonObject };
      await bench.begin('90', [{ metadata }]);
      expect(bench.reading.items[0]?.changes[0]?.object).to.include({
        kind: 'Event',
        apiVersion: 'v1',
      });
    });
  });

  describe('with a position', () => {
    it('watches from it without a list', async () => {
      await using bench = await open({ positions: shopAt('77') });
      const watch = await bench.watch();
      expect(watch.query.get('resourceVersion')).to.equal('77');
      watch.open().send(frame('ADDED', 'a', '78'));
      await bench.haveRead('a@78');
      expect(bench.server.count('list')).to.equal(0);
    });

    it('starts a namespace from the position of all namespaces', async () => {
      const positions = new Map([['/api/v1/events', { resourceVersion: '50', at: 0 }]]);
      await using bench = await open({ positions });
      expect((await bench.watch()).query.get('resourceVersion')).to.equal('50');
    });

    it('lists all namespaces first if it has positions of some', async () => {
      const watched = { group: '', version: 'v1', resource: 'events', namespace: null };
      await using bench = await open({ watched, positions: shopAt('50') });
      const other = { metadata: { name: 'x', namespace: 'pay', resourceVersion: '70' } };
      const items = [eventAt('old', '50'), eventAt('new', '51'), other];
      (await bench.list()).list({ resourceVersion: '90', items });
      await bench.watch();
      expect(bench.read).to.deep.equal(['new@51']);
    });
  });

  describe('reading a stream', () => {
    it('yields ADDED and MODIFIED, moves with BOOKMARK, and reports DELETED', async () => {
      await using bench = await open();
      const watch = await bench.begin('10');
      watch.send(frame('ADDED', 'a', '11'), frame('MODIFIED', 'a', '12'));
      watch.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } });
      await bench.haveReached('20');
      watch.send(frame('DELETED', 'a', '21'));
      await bench.haveReached('21');
      expect(bench.read).to.deep.equal(['a@11', 'a@12']);
      expect(bench.gone).to.deep.equal(['shop/a']);
    });

    it('does not report a key as deleted that returned in the same batch', async () => {
      await using bench = await open();
      const watch = await bench.begin('10');
      const lines = [frame('DELETED', 'a', '11'), frame('ADDED', 'a', '12')];
      watch.raw(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
      await bench.haveReached('12');
      expect(bench.gone).to.deep.equal([]);
    });

    it('compares versions above 2^53 exactly', async () => {
      await using bench = await open();
      const watch = await bench.begin('9007199254740992');
      watch.send(frame('ADDED', 'a', '9007199254740993')).end();
      await bench.haveRead('a@9007199254740993');
      const again = await bench.watch();
      expect(again.query.get('resourceVersion')).to.equal('9007199254740993');
      again.open().send(frame('MODIFIED', 'a', '9007199254740994'));
      again.send(frame('MODIFIED', 'a', '18446744073709551615'));
      await bench.haveReached('18446744073709551615');
    });

    it('computes times from the Date header and the time since', async () => {
      await using bench = await open({ positions: shopAt('1') });
      const watch = await bench.watch();
      watch.open({ date: 'Sat, 31 Jan 2026 15:00:00 GMT' });
      await bench.observedKind('watch-opened');
      await bench.clock.advance(2_000);
      bench.clock.jump(-3_600_000);
      watch.send(frame('ADDED', 'a', '2'));
      await bench.haveRead('a@2');
      const [batch] = bench.reading.items;
      expect(batch?.changes[0]?.readAt).to.equal(Date.UTC(2026, 0, 31, 15, 0, 2));
    });

    it('pauses the response while its consumer is paused, and reads all of it later', async () => {
      await using bench = await open();
      const watch = await bench.begin('1000');
      await bench.haveReached('1000');
      bench.reading.pause();
      const filler = 'x'.repeat(100_000);
      const count = 400;
      for (let number = 1; number <= count; number += 1) {
        const object = eventAt(`e${number}`, String(1000 + number), { message: filler });
        watch.send({ type: 'ADDED', object });
      }
      await bench.reading.have(() => bench.read.length > 0, 'the first of them');
      await bench.clock.advance(1_000);
      expect(bench.read.length, 'what the one batch held').to.be.below(count / 2);
      expect(watch.unsentBytes, 'bytes the client does not take').to.be.above(10_000_000);
      bench.reading.resume();
      await bench.reading.have(() => bench.read.length === count, 'all of them');
      expect(watch.unsentBytes).to.equal(0);
    });
  });

  describe('across ends', () => {
    it('loses and repeats nothing over 100 clean closes', async () => {
      await using bench = await open();
      let watch = await bench.begin('1000');
      const expected: string[] = [];
      for (let round = 1; round <= 100; round += 1) {
        const version = String(1000 + round);
        expected.push(`e${round}@${version}`);
        watch.send(frame('ADDED', `e${round}`, version)).end();
        watch = await bench.watch();
        expect(watch.query.get('resourceVersion')).to.equal(version);
        watch.open();
      }
      await bench.haveRead(...expected);
      expect(bench.server.count('list')).to.equal(1);
    }).timeout(30_000);

    for (const [where, mark] of [
      ['inside a frame', 'metadata'],
      ['inside a character', 'ö'],
    ] as const) {
      it(`reads a frame that was cut ${where} again, once`, async () => {
        await using bench = await open();
        const watch = await bench.begin('10');
        watch.send(frame('ADDED', 'a', '11'));
        await bench.haveRead('a@11');
        const whole = { type: 'ADDED', object: eventAt('b', '12', { message: 'größe' }) };
        const bytes = Buffer.from(`${JSON.stringify(whole)}\n`);
        watch.raw(bytes.subarray(0, bytes.indexOf(mark) + 1));
        watch.cut();
        const again = await bench.watch();
        expect(again.query.get('resourceVersion')).to.equal('11');
        again.open().send(whole);
        await bench.haveRead('a@11', 'b@12');
      });
    }

    it('does not wait after a clean close of a long stream', async () => {
      await using bench = await open();
      const watch = await bench.begin('10');
      await bench.observedKind('watch-opened');
      await bench.clock.advance(30_000);
      watch.end();
      await bench.server.next('watch');
      expect(bench.observed.of('watch-ended')[0]).to.include({ reason: 'closed', retryMs: 0 });
    });

    it('ends a connection that is silent within a frame', async () => {
      await using bench = await open({ positions: shopAt('10') });
      const watch = (await bench.watch()).open();
      watch.raw(`${JSON.stringify(frame('ADDED', 'a', '11'))}\n{"type":"ADD`);
      await bench.haveRead('a@11');
      await bench.clock.advance(361_000);
      await bench.observedKind('watch-ended');
      expect(bench.observed.of('watch-ended')[0]?.reason).to.equal('silent');
    });

    it('ends a connection that is silent beyond the server’s own limit', async () => {
      await using bench = await open({ positions: shopAt('10') });
      const watch = await bench.watch();
      watch.open();
      await bench.observedKind('watch-opened');
      // The list of the idle relist hangs as well, because the peer has vanished.
      await bench.clock.advance(361_000);
      await bench.observedKind('watch-ended');
      expect(bench.observed.of('watch-ended')[0]?.reason).to.equal('silent');
      await until(() => watch.isOver, 'the connection to be closed');
      expect((await bench.watch()).query.get('resourceVersion')).to.equal('10');
    });
  });

  describe('unreadable frames', () => {
    it('skips a frame of 9 MiB, counts it once and reads the next Event', async () => {
      await using bench = await open();
      const watch = await bench.begin('10');
      const huge = Buffer.alloc(9 * 1024 * 1024, 'x');
      watch.raw(huge);
      watch.raw('\n');
      watch.send(frame('ADDED', 'b', '12'));
      await bench.haveRead('b@12');
      expect(bench.gaps).to.have.length(1);
      expect(bench.observed.of('frame-skipped')[0]?.bytes).to.equal(huge.length);
    });

    it('does not count it again when an earlier position is read again', async () => {
      await using bench = await open();
      let watch = await bench.begin('10');
      const huge = Buffer.alloc(5 * 1024 * 1024, 'x');
      watch.raw(huge);
      watch.raw('\n');
      await until(() => bench.gaps.length === 1, 'the gap');
      watch.cut();
      watch = await bench.watch();
      watch.open().raw(huge);
      watch.raw('\n');
      watch.send(frame('ADDED', 'b', '12'));
      await bench.haveRead('b@12');
      expect(bench.gaps).to.have.length(1);
    });

    for (const [name, line] of [
      ['is no JSON', '{"type":"ADDED","object":{"meta'],
      ['is no frame', '{"hello":"world"}'],
      ['has an object without a name', '{"type":"ADDED","object":{"metadata":{}}}'],
      ['has a type that no watch has', '{"type":"RENAMED","object":{"metadata":{}}}'],
    ]) {
      it(`reads a frame again that ${name ?? ''}, and skips it the second time`, async () => {
        await using bench = await open();
        const watch = await bench.begin('10');
        watch.send(frame('ADDED', 'a', '11'));
        watch.raw(`${line ?? ''}\n`);
        await bench.observedKind('watch-ended');
        expect(bench.observed.of('watch-ended')[0]?.reason).to.equal('bad-frame');
        expect(bench.gaps).to.deep.equal([]);
        const again = await bench.watch();
        expect(again.query.get('resourceVersion')).to.equal('11');
        again.open().raw(`${line ?? ''}\n`);
        again.send(frame('ADDED', 'b', '12'));
        await bench.haveRead('a@11', 'b@12');
        expect(bench.gaps).to.have.length(1);
      });
    }
  });
});
