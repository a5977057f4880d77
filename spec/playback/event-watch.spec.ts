// Contents and end of a WATCH, over real sockets.

import { expect } from 'chai';
import { jsonAt, stringAt } from '../../lib/core/json-object.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { anEntry, EVENTS, SHOP, servedPerSpec, watch } from './support.ts';

describe('playback', () => {
  const served = servedPerSpec();
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  describe('WATCH', () => {
    const life = [
      anEntry('shop/a'),
      anEntry('pay/b'),
      anEntry('shop/a', 'MODIFIED'),
      anEntry('shop/a', 'DELETED'),
    ];

    it('sends every change after a version once and in order', async () => {
      const one = await served(life);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1001`);
      await open.has(3);
      expect(open.received()).to.deep.equal(['ADDED pay/b', 'MODIFIED shop/a', 'DELETED shop/a']);
      expect(
        open.lines.map((line) => stringAt(line, 'object', 'metadata', 'resourceVersion')),
      ).to.deep.equal(['1002', '1003', '1004']);
      expect(jsonAt(open.lines[0], 'object')).to.include({ kind: 'Event', apiVersion: 'v1' });
      open.close();
    });

    it('keeps to a namespace', async () => {
      const one = await served(life);
      const open = await watch(
        one,
        '/api/v1/namespaces/pay/events?watch=true&resourceVersion=1000',
      );
      await open.has(1);
      expect(open.received()).to.deep.equal(['ADDED pay/b']);
      open.close();
    });

    it('begins with the existing Events if no version is given', async () => {
      const one = await served(life.slice(0, 2));
      await one.done;
      const open = await watch(one, `${EVENTS}?watch=1`);
      await open.has(2);
      expect(open.received()).to.deep.equal(['ADDED pay/b', 'ADDED shop/a']);
      open.close();
    });

    it('ends cleanly after timeoutSeconds', async () => {
      const one = await served(life, {}, clock);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000&timeoutSeconds=30`);
      await open.has(4);
      await clock.advance(30_000);
      expect(await open.ended).to.equal(4);
    });

    it('sends nothing from a future version until there are changes', async () => {
      const one = await served(
        [anEntry('shop/a'), anEntry('shop/b', 'ADDED', 1000)],
        { speed: 1 },
        clock,
      );
      await until(() => one.progress().applied === 1, 'the first');
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1002&timeoutSeconds=30`);
      await clock.advance(1000);
      await one.done;
      await clock.advance(30_000);
      expect([open.status, await open.ended]).to.deep.equal([200, 0]);
    });

    it('answers a compacted version with 200 and an ERROR 410 in the stream', async () => {
      const one = await served(life);
      await one.done;
      one.compact();
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1003`);
      expect([open.status, await open.ended]).to.deep.equal([200, 1]);
      expect(open.lines[0]?.['type']).to.equal('ERROR');
      expect(jsonAt(open.lines[0], 'object')).to.include({
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: 'The resourceVersion for the provided watch is too old.',
      });
    });

    it('continues from the version of the compaction itself', async () => {
      const one = await served(life, {}, clock);
      await one.done;
      one.compact();
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1004&timeoutSeconds=30`);
      await clock.advance(30_000);
      expect(await open.ended).to.equal(0);
    });

    it('compacts each time up to the version noted the time before', async () => {
      const entries = [anEntry('shop/a'), anEntry('shop/b', 'ADDED', 90_000)];
      const one = await served(entries, { speed: 1, compactEveryMs: 60_000 }, clock);
      await until(() => one.progress().applied === 1, 'the first');
      await clock.advance(61_000);
      const early = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await early.has(1);
      expect(early.received()).to.deep.equal(['ADDED shop/a']);
      early.close();
      await clock.advance(60_000);
      const late = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      expect(await late.ended).to.equal(1);
      expect(late.lines[0]?.['type']).to.equal('ERROR');
    });

    it('sends a plausible type whatever the recording begins with', async () => {
      const one = await served([
        anEntry('shop/old', 'MODIFIED'),
        anEntry('shop/old', 'ADDED'),
        anEntry('shop/never', 'DELETED'),
        { at: 0, type: 'ADDED', object: { reason: 'nameless' } },
      ]);
      await one.done;
      expect(one.progress()).to.deep.equal({ applied: 2, skipped: 2 });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await open.has(2);
      expect(open.received()).to.deep.equal(['ADDED shop/old', 'MODIFIED shop/old']);
      open.close();
    });

    it('counts exactly beyond 2^53', async () => {
      const one = await served([anEntry('shop/a'), anEntry('shop/b')], {
        firstVersion: 2n ** 53n,
      });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=9007199254740993`);
      await open.has(1);
      expect(stringAt(open.lines[0], 'object', 'metadata', 'resourceVersion')).to.equal(
        '9007199254740994',
      );
      open.close();
    });

    it('escapes characters that break lines elsewhere, as Go does', async () => {
      const object = {
        metadata: { name: 'a', namespace: 'shop' },
        message: 'a\u2028<b>\ud800\u0000',
      };
      const one = await served([{ at: 0, type: 'ADDED', object }]);
      await one.done;
      const response = await fetch(`${one.url}${SHOP}`);
      const text = await response.text();
      expect(text).to.contain('a\\u2028\\u003cb\\u003e\\ud800\\u0000');
    });

    it('sends everything to a slow client without delaying the others', async () => {
      const message = 'm'.repeat(20_000);
      const many = Array.from({ length: 500 }, (_, place) => ({
        at: 0,
        type: 'ADDED' as const,
        object: { metadata: { name: `e${place}`, namespace: 'shop' }, message },
      }));
      const one = await served(many, { afterWatches: 2 });
      const slow = await fetch(`${one.url}${EVENTS}?watch=1&resourceVersion=1000`);
      const fast = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await fast.has(500);
      let bytes = 0;
      const chunks: AsyncIterable<Uint8Array> | null = slow.body;
      for await (const chunk of chunks ?? []) {
        bytes += chunk.length;
        if (bytes > 500 * 20_000 && chunk.at(-1) === 10) break;
      }
      await one.done;
      fast.close();
    });
  });
});
