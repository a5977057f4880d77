// The usage of the store: observed when its level changes, not with every commit.

import { expect } from 'chai';
import type { Committed } from '../../lib/core/ports/store.ts';
import { UsageWatch } from '../../lib/gateway/store-upkeep.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';

const done = (bytes: number): Committed => ({
  done: true,
  existing: new Set(),
  usage: { bytes, maxBytes: 100 },
});
const refused: Committed = { done: false, usage: { bytes: 100, maxBytes: 100 } };

function bench() {
  const clock = new FakeClock();
  const { observe, of } = recordingObserve();
  const watch = new UsageWatch({ overflow: 'block', clock, observe });
  const levels = (): readonly string[] => of('store-usage').map(({ level }) => level);
  return { clock, watch, of, levels };
}

describe('the usage of a store', () => {
  const steps: readonly (readonly [string, readonly Committed[], readonly string[]])[] = [
    ['fine below 80 %', [done(10), done(79)], []],
    ['near at 80 %, once', [done(80), done(85), done(99)], ['near']],
    [
      'fine again below 70 %, not before',
      [done(80), done(75), done(85), done(69)],
      ['near', 'fine'],
    ],
    ['full if it refuses new deliveries', [done(10), refused, refused], ['full']],
    ['still full while it has hardly any room', [refused, done(99), refused, done(97)], ['full']],
    ['near again once it has room', [refused, done(94)], ['full', 'near']],
    ['fine again if everything was removed', [refused, done(5)], ['full', 'fine']],
  ];
  for (const [promise, answers, levels] of steps) {
    it(`is ${promise}`, () => {
      const one = bench();
      for (const answer of answers) one.watch.note(answer);
      expect(one.levels()).to.deep.equal(levels);
    });
  }

  it('is not full if settled deliveries make room for long enough', async () => {
    const { clock, watch, levels } = bench();
    watch.note(refused);
    await clock.advance(29_000);
    watch.note(done(99));
    expect(levels()).to.deep.equal(['full']);
    await clock.advance(1_000);
    watch.note(done(99));
    expect(levels()).to.deep.equal(['full', 'near']);
  });

  it('stays full until a commit succeeds or there is room', async () => {
    const { clock, watch, levels } = bench();
    watch.note(refused);
    await clock.advance(60_000);
    watch.measure({ bytes: 99, maxBytes: 100 });
    expect(levels()).to.deep.equal(['full', 'full']);
    watch.measure({ bytes: 94, maxBytes: 100 });
    expect(levels()).to.deep.equal(['full', 'full', 'near', 'near']);
  });

  it('counts commits for each scrape, and nothing else', () => {
    const { watch, of } = bench();
    watch.note(done(10));
    watch.note(done(10));
    watch.note(refused);
    for (let scrapes = 0; scrapes < 2; scrapes += 1) watch.measure({ bytes: 10, maxBytes: 100 });
    const scraped = of('store-usage').filter(({ scrape }) => scrape === true);
    expect(scraped.map(({ commits }) => commits)).to.deep.equal([2, 0]);
  });

  it('is not observed for a store without a bound', () => {
    const { watch, levels } = bench();
    watch.note({ done: true, existing: new Set(), usage: { bytes: 1e12, maxBytes: 0 } });
    expect(levels()).to.deep.equal([]);
  });

  it('is observed for each scrape with its level, even before the first commit', () => {
    const { watch, of } = bench();
    watch.measure({ bytes: 85, maxBytes: 100 });
    const usage = {
      kind: 'store-usage',
      level: 'near',
      overflow: 'block',
      bytes: 85,
      maxBytes: 100,
    };
    expect(of('store-usage')).to.deep.equal([usage, { ...usage, scrape: true, commits: 0 }]);
  });
});
