// Silent streams: whether they are alive, the proofs of it, and the reports meanwhile.

import { expect } from 'chai';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { frame, type ReaderBench, readerSuite, shopAt } from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

/** Advances the clock by seconds until a request of this kind arrives. */
async function comes(bench: ReaderBench, kind: 'list' | 'watch'): Promise<ParkedRequest> {
  await until(async () => {
    await bench.clock.advance(1_000);
    return bench.server.parked.some((parked) => parked.kind === kind);
  }, `a ${kind}`);
  return bench.server.next(kind);
}

/** Advances the clock by seconds without an answer to any request. */
async function pass(bench: ReaderBench, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) await bench.clock.advance(1_000);
}

export const silentStream = readerSuite('a silent stream', (openReader) => {
  /** Opens a reader that ends a stream after 25 s of silence. */
  function open(positions = shopAt('10')): Promise<ReaderBench> {
    return openReader({ maxSilenceMs: 25_000, positions });
  }

  it('is replaced by one from the same position on another connection', async () => {
    await using bench = await open();
    const first = (await bench.watch()).open();
    await bench.observedKind('watch-opened');
    const { connections } = bench.server;
    const began = bench.clock.monotonic();
    const second = await comes(bench, 'watch');
    expect(bench.clock.monotonic() - began).to.be.within(25_000, 26_000);
    expect(second.query.get('resourceVersion')).to.equal('10');
    expect(bench.server.connections).to.equal(connections + 1);
    await until(() => first.isOver, 'the silent one to be closed');
    expect(bench.server.count('list')).to.equal(0);
  });

  it('loses nothing within a minute if it was dead', async () => {
    await using bench = await open();
    (await bench.watch()).open().send(frame('ADDED', 'a', '11'));
    await bench.haveRead('a@11');
    const began = bench.clock.monotonic();
    (await comes(bench, 'watch')).open().send(frame('ADDED', 'missed', '12'));
    await bench.haveRead('a@11', 'missed@12');
    expect(bench.clock.monotonic() - began).to.be.below(60_000);
    expect(bench.losses).to.deep.equal([]);
  });

  it('is not ended if it brings bookmarks', async () => {
    await using bench = await open();
    const watch = (await bench.watch()).open();
    for (let version = 11; version <= 16; version += 1) {
      watch.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version) } } });
      await bench.haveReached(String(version));
      await pass(bench, 20_000);
    }
    expect(watch.isOver).to.equal(false);
    expect(bench.server.count('watch')).to.equal(1);
  });

  it('is not ended while its consumer is paused', async () => {
    await using bench = await open();
    const watch = (await bench.watch()).open();
    bench.reading.pause();
    for (const version of ['11', '12', '13']) {
      watch.send(frame('ADDED', `e${version}`, version));
      await bench.clock.advance(10);
    }
    await bench.reading.have(() => bench.read.length > 0, 'the first');
    await pass(bench, 90_000);
    expect(bench.server.count('watch')).to.equal(1);
    expect(bench.observed.of('path-stale')).to.deep.equal([]);
    bench.reading.resume();
    await bench.haveRead('e11@11', 'e12@12', 'e13@13');
  });

  it('is ended as soon as the idle relist that delayed this makes no progress', async () => {
    await using bench = await open();
    let watch = (await bench.watch()).open();
    // Renewals of a quiet stream, until the idle relist sends its LIST.
    await until(
      async () => {
        await bench.clock.advance(1_000);
        const { parked } = bench.server;
        if (parked.some(({ kind }) => kind === 'watch')) {
          watch = (await bench.server.next('watch')).open();
          await until(
            () => bench.observed.of('watch-opened').length >= bench.server.count('watch'),
            'it',
          );
        }
        return parked.some(({ kind }) => kind === 'list');
      },
      'the idle relist',
      20_000,
    );
    const list = await bench.server.next('list');
    const again = await comes(bench, 'watch');
    await until(() => watch.isOver && list.isOver, 'the stream and the list to be given up');
    again.open().send(frame('ADDED', 'missed', '12'));
    await bench.haveRead('missed@12');
  });

  describe('the time since the last proof', () => {
    it('restarts after the silence of a stream that was just opened', async () => {
      await using bench = await open();
      (await bench.watch()).open();
      await bench.observedKind('watch-opened');
      await pass(bench, 5_000);
      await until(() => bench.observed.of('path-current').length === 1, 'the first proof');
      (await comes(bench, 'watch')).open();
      await bench.observedKind('watch-opened', 2);
      await pass(bench, 5_000);
      await until(() => bench.observed.of('path-current').length === 2, 'the second proof');
      expect(bench.observed.of('path-stale')).to.deep.equal([]);
    });

    it('is reported at 45 s and at 60 s, with its age, and again once it ends', async () => {
      await using bench = await open();
      (await bench.watch()).open().send(frame('ADDED', 'a', '11'));
      await bench.haveRead('a@11');
      await until(async () => {
        await bench.clock.advance(1_000);
        return bench.observed.of('path-stale').length === 2;
      }, 'a minute without an answer');
      const ages = bench.observed.of('path-stale').map(({ ageMs }) => Math.floor(ageMs / 1_000));
      expect(ages).to.deep.equal([45, 60]);
      const waiting = bench.observed.of('reading').findLast(({ state }) => state === 'waiting');
      expect(waiting?.reason, 'nothing answered in time').to.equal('silent');
      const before = bench.observed.of('path-current').length;
      let watch = await bench.watch();
      while (watch.isOver) watch = await bench.watch();
      watch.open().send(frame('ADDED', 'b', '12'));
      await bench.haveRead('a@11', 'b@12');
      expect(bench.observed.of('path-current').length).to.equal(before + 1);
    });

    it('counts from the start if nothing could be read yet', async () => {
      await using bench = await openReader();
      bench.server.answerBy((request) => {
        request.refuse(503);
        return true;
      });
      await bench.observedKind('list-failed');
      await until(async () => {
        await bench.clock.advance(1_000);
        return bench.observed.of('path-stale').length === 2;
      }, 'a minute');
    });
  });
});
