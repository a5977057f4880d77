// Limits: deliveries above them are held and start later, oldest first, or become dead letters.

import { expect } from 'chai';
import type { Limits } from '../../lib/intake/limit-watch.ts';
import { Limiter, rememberedMs } from '../../lib/intake/limiter.ts';
import { aDelivery, aSeries, idOf } from '../support/builders.ts';
import { nopObserve } from '../support/doubles/observe.ts';
import { eventNameOf, type IntakeHarness, intakeHarness } from './harness.ts';

const HOUR = 3_600_000;
const perHour = (count: number) => ({ count, perMs: HOUR });

/** The n-th series about an object. */
const series = (number: number, object: string) => aSeries(`e.${number}`, { object });

function setUp(limits: Limits, holdForMs = 10 * HOUR) {
  const harness = intakeHarness({ limits, holdForMs });
  return { harness, release: harness.release, started: harness.released };
}

const words = (harness: IntakeHarness): readonly string[] => harness.dispositions().flat();

describe('limits', () => {
  it('hold deliveries above the budget of one involved object, and no others', async () => {
    const { harness } = setUp({ perObject: perHour(2), total: null });
    await harness.take(series(1, 'a'), series(2, 'a'), series(3, 'a'), series(4, 'b'));
    expect(words(harness)).to.deep.equal(['queued', 'queued', 'held', 'queued']);
    expect(harness.of('decision')[2]?.disposed[0]?.why).to.equal('limits.perObject is used up');
  });

  it('hold deliveries above the total budget', async () => {
    const { harness } = setUp({ perObject: null, total: perHour(2) });
    await harness.take(series(1, 'a'), series(2, 'b'), series(3, 'c'));
    expect(words(harness)).to.deep.equal(['queued', 'queued', 'held']);
    expect(harness.of('decision')[2]?.disposed[0]?.why).to.equal('limits.total is used up');
  });

  it('take no token for a repetition', async () => {
    const { harness } = setUp({ perObject: null, total: perHour(2) });
    await harness.take(series(1, 'a'), series(1, 'a'), series(1, 'a'), series(2, 'b'));
    expect(words(harness)).to.deep.equal(['queued', 'repeat', 'repeat', 'queued']);
  });

  it('add a held delivery to the ledger: its next state is a repeat', async () => {
    const { harness } = setUp({ perObject: null, total: perHour(1) });
    await harness.take(series(1, 'a'), series(2, 'b'), series(2, 'b'));
    expect(words(harness)).to.deep.equal(['queued', 'held', 'repeat']);
  });

  it('name the budget that is used up, also for the next of the same object', async () => {
    const { harness } = setUp({ perObject: null, total: perHour(1) });
    await harness.take(series(1, 'a'), series(2, 'b'), series(3, 'b'));
    const whys = harness.of('decision').map(({ disposed }) => disposed[0]?.why);
    expect(whys).to.deep.equal(['', 'limits.total is used up', 'limits.total is used up']);
  });

  it('shed new deliveries while 10,000 are held, without a trace in the ledger', async () => {
    const { harness, release } = setUp({ perObject: null, total: perHour(1) });
    const many = Array.from({ length: 10_002 }, (_, number) => series(number, `o${number}`));
    await harness.take(...many);
    await release.pass();
    await harness.take(series(10_001, 'o10001'));
    expect(words(harness).slice(-3)).to.deep.equal(['held', 'shed', 'shed']);
  });

  it('distinguish objects with long names, but keep no long name in memory', async () => {
    const { harness } = setUp({ perObject: perHour(1), total: null });
    const long = 'x'.repeat(100_000);
    await harness.take(series(1, `${long}a`), series(2, `${long}b`), series(3, `${long}a`));
    expect(words(harness)).to.deep.equal(['queued', 'queued', 'held']);
    const [queue] = harness.limiter.held.queues;
    expect(queue?.oldest?.object.length).to.be.at.most(512);
    await harness.clock.advance(HOUR);
    await harness.release.pass();
    expect(harness.released).to.deep.equal(['e.3']);
  });

  it('let new deliveries wait behind held ones', async () => {
    const { harness } = setUp({ perObject: perHour(1), total: null });
    await harness.take(series(1, 'a'), series(2, 'a'));
    await harness.clock.advance(HOUR);
    await harness.take(series(3, 'a'));
    expect(words(harness)).to.deep.equal(['queued', 'held', 'held']);
  });
});

describe('limits after a restart', () => {
  const now = 100 * HOUR;
  const restored = (
    limits: Limits,
    ...started: readonly (readonly [agoMs: number, object: string])[]
  ) => {
    const from = now - rememberedMs(limits);
    const limiter = new Limiter(limits, { now: () => now, from, observe: nopObserve });
    const wall = 1_000 * HOUR;
    limiter.recover(
      started.map(([agoMs, object]) => ({ at: wall - agoMs, object })),
      wall,
    );
    let ids = 0;
    return (object: string) => {
      const { rule, trigger } = aDelivery();
      return limiter.take({ id: idOf((ids += 1)), object, rule, trigger, namespace: 'shop' });
    };
  };

  it('count recently started deliveries, by object and in total', () => {
    const limits = { perObject: perHour(2), total: perHour(3) };
    const take = restored(limits, [1_000, 'a'], [900, 'a'], [800, 'b']);
    expect(take('c')).to.equal('total');
    const roomy = restored({ ...limits, total: null }, [1_000, 'a'], [900, 'a'], [800, 'b']);
    expect([roomy('a'), roomy('b')]).to.deep.equal(['perObject', null]);
  });

  it('have gained tokens since', () => {
    const take = restored({ perObject: null, total: perHour(2) }, [HOUR / 2, 'a'], [1_000, 'b']);
    expect([take('a'), take('b')]).to.deep.equal([null, 'total']);
  });

  it('count the same in any order of the started deliveries', () => {
    const started = [
      [1_000, 'a'],
      [HOUR - 1, 'b'],
      [900, 'c'],
      [HOUR - 2, 'd'],
    ] as const;
    const take = restored({ perObject: null, total: perHour(4) }, ...started);
    expect([1, 2, 3].map(() => take('x'))).to.deep.equal([null, null, 'total']);
  });

  it('count a start in the future as a start now', () => {
    const take = restored({ perObject: null, total: perHour(2) }, [0, 'a'], [-HOUR, 'b']);
    expect(take('c')).to.equal('total');
  });

  const days = { count: 5, perMs: 24 * HOUR };
  const remembered: readonly (readonly [string, Limits, number])[] = [
    ['nothing without limits', { perObject: null, total: null }, 0],
    ['an hour', { perObject: perHour(1), total: null }, HOUR],
    ['the longer of two', { perObject: perHour(1), total: days }, 24 * HOUR],
  ];
  for (const [what, limits, expected] of remembered) {
    it(`remember ${what}`, () => {
      expect(rememberedMs(limits)).to.equal(expected);
    });
  }
});

describe('release', () => {
  it('starts after a long stop as many as there are tokens, and only the rest expires', async () => {
    const { harness, release, started } = setUp({ perObject: null, total: perHour(2) }, HOUR);
    await harness.take(...[1, 2, 3, 4, 5].map((number) => series(number, `o${number}`)));
    await harness.clock.advance(25 * HOUR);
    await release.pass();
    expect(started).to.deep.equal(['e.3', 'e.4']);
    const dead = harness.of('delivery-moved').filter(({ to }) => to === 'dead');
    expect(dead.map(({ delivery }) => eventNameOf(delivery))).to.deep.equal(['e.5']);
  });

  it('does not block deliveries behind an expired one', async () => {
    const { harness, release } = setUp({ perObject: perHour(1), total: null }, 1_000);
    await harness.take(series(1, 'a'), series(2, 'a'));
    await harness.clock.advance(1_000);
    expect(await release.pass()).to.deep.equal({ lookIn: null });
    await harness.clock.advance(HOUR);
    await harness.take(series(3, 'a'));
    expect(words(harness).at(-1)).to.equal('queued');
  });

  it('starts held deliveries oldest first, when there are tokens', async () => {
    const { harness, release, started } = setUp({ perObject: null, total: perHour(2) });
    await harness.take(...[1, 2, 3, 4, 5].map((number) => series(number, `o${number}`)));
    const stop = new AbortController();
    const running = release.run(stop.signal);
    await harness.clock.advance(HOUR / 2);
    expect(started).to.deep.equal(['e.3']);
    await harness.clock.advance(HOUR);
    expect(started).to.deep.equal(['e.3', 'e.4', 'e.5']);
    stop.abort();
    await running;
  });

  it('does not let an object whose budget is used up block another', async () => {
    const { harness, release, started } = setUp({ perObject: perHour(1), total: perHour(4) });
    await harness.take(
      series(1, 'a'),
      series(2, 'a'),
      series(3, 'a'),
      series(4, 'b'),
      series(5, 'b'),
    );
    await harness.clock.advance(HOUR);
    await release.pass();
    expect(started).to.deep.equal(['e.2', 'e.5']);
  });

  it('makes a dead letter of a delivery held for longer than holdFor, and says so', async () => {
    const { harness, release, started } = setUp({ perObject: null, total: perHour(1) }, 1_000);
    await harness.take(series(1, 'a'), series(2, 'b'));
    const stop = new AbortController();
    const running = release.run(stop.signal);
    await harness.clock.advance(1_000);
    const [moved] = harness.of('delivery-moved');
    expect(moved).to.include({ from: 'held', to: 'dead', dead: 'expired-held' });
    expect(started).to.deep.equal([]);
    expect(await harness.store.archive.list({ states: ['dead'], limit: 5 })).to.have.length(1);
    stop.abort();
    await running;
  });

  it('looks again when the first delivery is held', async () => {
    const { harness, release, started } = setUp({ perObject: null, total: perHour(1) });
    const stop = new AbortController();
    const running = release.run(stop.signal);
    await harness.clock.advance(1);
    await harness.take(series(1, 'a'), series(2, 'b'));
    release.wake();
    await harness.clock.advance(HOUR + 1);
    expect(started).to.deep.equal(['e.2']);
    stop.abort();
    await running;
  });
});
