// The idle relist without races: all orders in which its list and the stream can overtake each
// other, over HTTP and on a fake clock.

import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { FakeClock } from '../../support/fake-clock.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { eventAt, frame, readerSuite } from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

/** A clock that counts listeners on the signals of its waits. */
class SignalClock extends FakeClock {
  readonly #signals = new Set<AbortSignal>();

  override async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.#signals.add(signal);
    await super.sleep(ms, signal);
  }

  /** Most listeners on one signal. */
  get listeners(): number {
    const counts = [...this.#signals].map((signal) => getEventListeners(signal, 'abort').length);
    return Math.max(0, ...counts);
  }
}

export const idleRelist = readerSuite('the idle relist', (open) => {
  it('renews the position by a list and a second watch that stays silent for 5 s', async () => {
    await using bench = await open();
    const first = await bench.begin('10', [eventAt('a', '5')]);
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90', items: [eventAt('a', '5')] });
    const second = await bench.server.next('watch');
    expect(second.query.get('resourceVersion'), 'from the old position').to.equal('10');
    expect(first.isOver).to.equal(false);
    second.open();
    await until(async () => {
      await bench.silence();
      return bench.position === '90';
    }, 'the new position');
    await until(() => first.isOver, 'the first stream to be closed');
    second.send(frame('ADDED', 'b', '91'));
    await bench.haveRead('b@91');
  });

  it('leaves no listener on the signals of its waits', async () => {
    const clock = new SignalClock();
    await using bench = await open({}, clock);
    await bench.begin('10');
    await bench.observedKind('watch-opened');
    let fewest = Infinity;
    for (let version = 91; version <= 96; version += 1) {
      (await bench.quiet()).list({ resourceVersion: String(version) });
      (await bench.server.next('watch')).open();
      await until(async () => {
        await bench.silence();
        return bench.position === String(version);
      }, 'the new position');
      fewest = Math.min(fewest, clock.listeners);
    }
    expect(clock.listeners).to.equal(fewest);
  });

  it('does not save the position of the list before that proof', async () => {
    await using bench = await open();
    await bench.begin('10');
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90' });
    const second = await bench.server.next('watch');
    await bench.silence();
    expect(bench.position, 'the second watch has not answered').to.equal('10');
    second.open();
    await bench.clock.advance(0);
    expect(bench.position).to.equal('10');
  });

  it('does not start while the stream is busy', async () => {
    await using bench = await open();
    const watch = await bench.begin('10');
    for (let version = 11; version <= 13; version += 1) {
      watch.send(frame('ADDED', `e${version}`, String(version)));
      await bench.haveReached(String(version));
      await bench.clock.advance(100_000);
    }
    expect(bench.server.count('list')).to.equal(1);
  });

  it('renews the position within 4 min if idle streams are closed after 60 s', async () => {
    await using bench = await open();
    const { clock, server } = bench;
    await bench.begin('10');
    const idle: { readonly watch: ParkedRequest; readonly since: number }[] = [];
    server.answerBy((request) => {
      if (request.kind === 'list') request.list({ resourceVersion: '90' });
      else idle.push({ watch: request.open(), since: clock.monotonic() });
      return true;
    });
    server.log.find(({ kind }) => kind === 'watch')?.end();
    await until(async () => {
      await until(async () => {
        await clock.advance(100);
        return idle.some(({ watch }) => !watch.isOver);
      }, 'a watch');
      await clock.advance(1_000);
      for (const { watch, since } of idle) if (clock.monotonic() - since > 60_000) watch.end();
      return bench.position === '90';
    }, 'the new position');
    expect(clock.monotonic()).to.be.below(240_000);
  });

  it('starts only after a stream that was opened after a long outage has brought missed states', async () => {
    await using bench = await open();
    const { clock, server } = bench;
    const first = await bench.begin('10');
    server.answerBy((request) => {
      if (request.kind === 'watch') request.refuse(503);
      return request.kind === 'watch';
    });
    first.end();
    await until(async () => {
      await clock.advance(1_000);
      return clock.monotonic() > 250_000;
    }, 'the outage to pass');
    server.answerBy(() => false);
    const watch = await bench.watch();
    const lists = server.count('list');
    watch.open();
    await clock.advance(4_000);
    expect(server.count('list')).to.equal(lists);
    watch.send(frame('ADDED', 'a', '20'));
    watch.send(frame('MODIFIED', 'a', '30'));
    await bench.haveRead('a@20', 'a@30');
  });

  it('waits for a quiet time again after every list', async () => {
    await using bench = await open();
    await bench.begin('10');
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90' });
    (await bench.server.next('watch')).refuse(503);
    await bench.clock.advance(100_000);
    expect(bench.server.count('list')).to.equal(2);
    (await bench.quiet()).list({ resourceVersion: '91' });
  });

  it('saves the position of a frame that has passed the list, without a second watch', async () => {
    await using bench = await open();
    const first = await bench.begin('10');
    await bench.observedKind('watch-opened');
    (await bench.quiet()).list({ resourceVersion: '90' });
    const second = await bench.server.next('watch');
    first.send(frame('ADDED', 'b', '91'));
    await bench.haveReached('91');
    await until(() => second.isOver, 'the second watch to be given up');
    first.send(frame('ADDED', 'c', '92'));
    await bench.haveRead('b@91', 'c@92');
  });

  describe('when the list overtakes the stream', () => {
    for (const [name, late, expected] of [
      ['drops the frame that the list showed', frame('ADDED', 'x', '20'), ['x@20']],
      [
        'drops an older state of an object that the list showed',
        frame('ADDED', 'x', '15'),
        ['x@20'],
      ],
      ['yields a newer state of it', frame('MODIFIED', 'x', '21'), ['x@20', 'x@21']],
      [
        'yields a frame below the list’s version whose object the list did not show',
        frame('ADDED', 'brief', '19'),
        ['x@20', 'brief@19'],
      ],
    ] as const) {
      it(name, async () => {
        await using bench = await open();
        const first = await bench.begin('10');
        await bench.observedKind('watch-opened');
        (await bench.quiet()).list({ resourceVersion: '90', items: [eventAt('x', '20')] });
        await bench.haveRead('x@20');
        expect(bench.reading.items.at(-1)?.changes[0]?.from).to.equal('list');
        first.send(late, frame('ADDED', 'end', '95'));
        await bench.haveRead(...expected, 'end@95');
      });
    }

    it('leaves it to the stream that a known key was deleted', async () => {
      await using bench = await open();
      const first = await bench.begin('10', [eventAt('x', '5')]);
      await bench.observedKind('watch-opened');
      (await bench.quiet()).list({ resourceVersion: '90' });
      await bench.observedKind('list-ended', 2);
      expect(bench.gone).to.deep.equal([]);
      first.send(frame('MODIFIED', 'x', '50'), frame('DELETED', 'x', '60'));
      await bench.haveReached('60');
      expect(bench.read).to.deep.equal(['x@50']);
      expect(bench.gone).to.deep.equal(['shop/x']);
    });

    it('does not report a key as deleted that the stream brought above the list’s version', async () => {
      await using bench = await open();
      const first = await bench.begin('10');
      await bench.observedKind('watch-opened');
      const list = await bench.quiet();
      first.send(frame('ADDED', 'x', '95'));
      await bench.haveRead('x@95');
      list.list({ resourceVersion: '90' });
      await bench.observedKind('list-ended', 2);
      expect(bench.gone).to.deep.equal([]);
      expect(bench.position).to.equal('95');
    });
  });

  describe('when the stream overtakes the list', () => {
    it('skips the item that a frame brought', async () => {
      await using bench = await open();
      const first = await bench.begin('10');
      await bench.observedKind('watch-opened');
      const list = await bench.quiet();
      first.send(frame('ADDED', 'x', '20'));
      await bench.haveRead('x@20');
      list.list({ resourceVersion: '90', items: [eventAt('x', '20'), eventAt('y', '21')] });
      await bench.haveRead('x@20', 'y@21');
    });

    it('skips the item of an object whose deletion the stream brought', async () => {
      await using bench = await open();
      const first = await bench.begin('10');
      await bench.observedKind('watch-opened');
      const list = await bench.quiet();
      first.send(frame('ADDED', 'x', '20'), frame('DELETED', 'x', '99'));
      await bench.haveReached('99');
      list.list({ resourceVersion: '90', items: [eventAt('x', '20')] });
      await bench.observedKind('list-ended', 2);
      expect(bench.read).to.deep.equal(['x@20']);
    });

    it('skips an item that is not above the old position', async () => {
      await using bench = await open();
      await bench.begin('10');
      await bench.observedKind('watch-opened');
      const items = [eventAt('old', '10'), eventAt('new', '11')];
      (await bench.quiet()).list({ resourceVersion: '90', items });
      await bench.haveRead('new@11');
    });
  });

  describe('when it is interrupted', () => {
    it('yields nothing again after the first stream ends between pages', async () => {
      await using bench = await open();
      const first = await bench.begin('10');
      await bench.observedKind('watch-opened');
      const page = { resourceVersion: '90', items: [eventAt('x', '20')], continue: 'more' };
      (await bench.quiet()).list(page);
      await bench.haveRead('x@20');
      await bench.server.next('list');
      first.end();
      const again = await bench.watch();
      expect(again.query.get('resourceVersion'), 'the old position').to.equal('10');
      again.open().send(frame('ADDED', 'x', '20'), frame('ADDED', 'y', '30'));
      await bench.haveRead('x@20', 'y@30');
    });

    it('yields no state again of a key that a later list does not show', async () => {
      await using bench = await open();
      const first = await bench.begin('10');
      await bench.observedKind('watch-opened');
      // The first list shows x at 20 and is never proved; the second does not show x any more.
      (await bench.quiet()).list({ resourceVersion: '30', items: [eventAt('x', '20')] });
      (await bench.server.next('watch')).refuse(503);
      await bench.haveRead('x@20');
      (await bench.quiet()).list({ resourceVersion: '90' });
      await bench.observedKind('list-ended', 3);
      first.send(frame('ADDED', 'x', '20'), frame('DELETED', 'x', '40'), frame('ADDED', 'y', '91'));
      await bench.haveRead('x@20', 'y@91');
    });

    it('restarts its list after a continue token expired', async () => {
      await using bench = await open();
      await bench.begin('10');
      await bench.observedKind('watch-opened');
      const items = [eventAt('x', '20')];
      (await bench.quiet()).list({ resourceVersion: '90', items, continue: 'more' });
      (await bench.list()).refuse(410);
      (await bench.list()).list({ resourceVersion: '95', items });
      const second = (await bench.server.next('watch')).open();
      second.send(frame('ADDED', 'y', '96'));
      await bench.haveRead('x@20', 'y@96');
      expect(bench.gone).to.deep.equal([]);
    });

    it('restarts from nothing if the list’s version is below the position', async () => {
      await using bench = await open();
      await bench.begin('1000', [eventAt('x', '500')]);
      await bench.observedKind('watch-opened');
      (await bench.quiet()).list({ resourceVersion: '40' });
      (await bench.list()).list({ resourceVersion: '41', items: [eventAt('y', '30')] });
      expect((await bench.watch()).query.get('resourceVersion')).to.equal('41');
      expect(bench.gaps).to.have.length(1);
      expect(bench.gone).to.deep.equal(['shop/x']);
      expect(bench.read).to.deep.equal([]);
    });
  });
});
