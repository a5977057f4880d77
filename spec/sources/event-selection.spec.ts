// Which Events a source asks the API server for.

import { expect } from 'chai';
import type { Batch, Position } from '../../lib/core/ports/source.ts';
import { eventsKind } from '../../lib/sources/events.ts';
import { anEvent } from '../support/builders.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { openBench } from './events-bench.ts';

const SHOP = '/api/v1/namespaces/shop/events';
const POSITION: Position = { resourceVersion: '1000', at: Date.UTC(2026, 0, 31, 12) };

function gapsOf(batches: readonly Batch[]): Batch['gaps'] {
  return batches.flatMap(({ gaps }) => gaps);
}

describe('a field selector of a source', () => {
  it('is sent with every LIST and WATCH, in its one form', async () => {
    await using bench = await openBench();
    const { world } = bench;
    const source = bench.create({
      namespaces: ['shop', 'pay'],
      fieldSelector: 'type==Warning,reason!=x,type=Warning',
    });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => world.openWatches === 2, 'the watches');
    world.compact();
    world.cut();
    await until(async () => {
      await bench.clock.advance(1_000);
      return world.server.count('list') >= 4 && world.openWatches === 2;
    }, 'the relists');
    const selectors = new Set(world.server.log.map(({ query }) => query.get('fieldSelector')));
    expect([...selectors]).to.deep.equal(['reason!=x,type=Warning']);
    reading.throwError();
  });

  it('is not sent if it is empty', async () => {
    await using bench = await openBench();
    const source = bench.create({ fieldSelector: '' });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 1, 'the watch');
    expect(bench.world.server.log.every(({ query }) => !query.has('fieldSelector'))).to.equal(true);
    reading.throwError();
  });

  it('is part of the name of the position', async () => {
    await using bench = await openBench();
    const source = bench.create({ fieldSelector: 'type=Warning' });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 1, 'the watch');
    bench.world.write('a');
    await reading.have(
      (batches) => batches.some(({ occurrences }) => occurrences.length > 0),
      'it',
    );
    const paths = new Set(reading.items.flatMap(({ positions }) => [...positions.keys()]));
    expect([...paths]).to.deep.equal([`${SHOP}?fieldSelector=type=Warning`]);
  });

  for (const [what, before, after, why] of [
    ['a narrower one', '', 'type=Warning', null],
    ['a wider one', 'type=Warning', '', 'from type=Warning to every Event'],
    ['another one', 'type=Warning', 'type=Normal', 'from type=Warning to type=Normal'],
    ['the same in other words', 'reason!=x,type=Warning', 'type==Warning,reason!=x', null],
  ] as const) {
    it(`goes on from the position after a change to ${what}, ${why === null ? 'without a gap' : 'and reports what is not judged'}`, async () => {
      await using bench = await openBench();
      const key = before === '' ? SHOP : `${SHOP}?fieldSelector=${before}`;
      const source = bench.create({ fieldSelector: after, firstStart: 'all' });
      const positions = new Map([[key, POSITION]]);
      await using reading = new Reading((signal) => source.batches(positions, signal));
      await until(() => bench.world.openWatches === 1, 'the watch');
      bench.world.write('a', 'shop', { type: after === 'type=Normal' ? 'Normal' : 'Warning' });
      await reading.have(
        (batches) => batches.some(({ occurrences }) => occurrences.length > 0),
        'it',
      );
      const opened = bench.world.server.log.map(({ kind, query }) => [
        kind,
        query.get('resourceVersion'),
      ]);
      expect(opened).to.deep.equal([['watch', '1000']]);
      const gaps = gapsOf(reading.items);
      expect(gaps.map(({ loss, from, to }) => [loss, from, to])).to.deep.equal(
        why === null ? [] : [['none', POSITION, POSITION]],
      );
      if (why !== null) expect(gaps[0]?.why).to.include(why);
    });
  }
});

describe('the section of a source with a field selector', () => {
  for (const [selector, expected] of [
    ['type=Warning', []],
    ['', []],
    ['involvedObject.kind=Pod,source!=kubelet', []],
    ['type', [['error', 'bad-selector']]],
    ['a=b=c', [['error', 'bad-selector']]],
    ['typ=Warning', [['error', 'bad-selector']]],
    [
      'kind=Pod,host=x',
      [
        ['error', 'bad-selector'],
        ['error', 'bad-selector'],
      ],
    ],
    ['type = Warning', [['error', 'bad-selector']]],
    ['type=Warning,type=Normal', [['warning', 'never-matches']]],
  ] as const) {
    it(`${JSON.stringify(selector)}: ${expected.length === 0 ? 'is accepted' : 'has a finding'}`, () => {
      const found = eventsKind.check({ fieldSelector: selector });
      expect(found.map(({ severity, code }) => [severity, code])).to.deep.equal(expected);
      for (const { path, hint } of found) {
        expect(path).to.equal('/fieldSelector');
        expect(hint).not.to.equal('');
      }
    });
  }

  it('names the fields that there are, and the nearest one', () => {
    const [found] = eventsKind.check({ fieldSelector: 'typ=Warning' });
    expect(found?.message).to.include('involvedObject.fieldPath').and.include('reportingComponent');
    expect(found?.hint).to.include('type');
    const [spaced] = eventsKind.check({ fieldSelector: 'type =Warning' });
    expect(spaced?.hint).to.include('did you mean type?');
  });

  it('reads only what it selects', () => {
    const event = anEvent({ type: 'Warning', source: {}, reportingComponent: 'scheduler' });
    const namespaces = ['*'];
    for (const [fieldSelector, isRead] of [
      ['', true],
      ['type=Warning', true],
      ['type!=Warning', false],
      ['source=scheduler', true],
      ['source=kubelet', false],
    ] as const) {
      expect(eventsKind.reads({ namespaces, fieldSelector }, '', event), fieldSelector).to.equal(
        isRead,
      );
    }
  });
});
