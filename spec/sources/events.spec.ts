// The kind `events`: the promises of every source, which namespaces are watched, first starts, and
// both writers' Events, over real HTTP.

import { expect } from 'chai';
import type { JsonObject } from '../../lib/core/json-object.ts';
import type { Batch } from '../../lib/core/ports/source.ts';
import { eventsKind } from '../../lib/sources/events.ts';
import { sourceKinds } from '../../lib/sources/registry.ts';
import { describeSource, type SourceHarness } from '../conformance/source.ts';
import { anEvent } from '../support/builders.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { openBench } from './events-bench.ts';

const POSITION = { resourceVersion: '1000', at: Date.UTC(2026, 0, 31, 12) };

async function openHarness(): Promise<SourceHarness> {
  const bench = await openBench();
  const { world, clock } = bench;
  return {
    positions: new Map([['/api/v1/namespaces/shop/events', POSITION]]),
    create: () => bench.create({}),
    happen: (name) => void world.write(name),
    vanish: (name) => world.remove(name),
    interrupt: () => world.cut(),
    pass: () => clock.advance(1_000),
    get use() {
      return { requests: world.server.log.length, open: world.openWatches };
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

describeSource('events', openHarness);

describe('events', () => {
  for (const [name, section, own, expected] of [
    ['its own namespace', {}, 'shop', ['/api/v1/namespaces/shop/events']],
    ['all where its own is empty', {}, '', ['/api/v1/events']],
    [
      'two namespaces with a watch each',
      { namespaces: ['shop', 'pay'] },
      'ci',
      ['/api/v1/namespaces/pay/events', '/api/v1/namespaces/shop/events'],
    ],
    ['all', { namespaces: ['*'] }, 'ci', ['/api/v1/events']],
  ] as const) {
    it(`watches ${name}, and nothing else`, async () => {
      await using bench = await openBench(own);
      const source = bench.create(section);
      await using reading = new Reading((signal) => source.batches(new Map(), signal));
      await until(() => bench.world.openWatches === expected.length, 'the watches');
      for (const namespace of ['shop', 'pay', 'third']) bench.world.write('a', namespace);
      await bench.clock.advance(1_000);
      const paths = new Set(bench.world.server.log.map(({ path }) => path));
      expect([...paths].toSorted()).to.deep.equal(expected);
      const wanted = expected.length === 2 ? 2 : own === 'shop' ? 1 : 3;
      await reading.have((batches) => occurrences(batches).length === wanted, 'what happened');
    });
  }

  it('keeps a position for each path, under the path', async () => {
    await using bench = await openBench();
    const source = bench.create({ namespaces: ['shop', 'pay'] });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 2, 'the watches');
    bench.world.write('a', 'shop');
    bench.world.write('b', 'pay');
    await reading.have((batches) => occurrences(batches).length === 2, 'both');
    const positions = Object.fromEntries(reading.items.flatMap((batch) => [...batch.positions]));
    expect(positions['/api/v1/namespaces/shop/events']?.resourceVersion).to.equal('1001');
    expect(positions['/api/v1/namespaces/pay/events']?.resourceVersion).to.equal('1002');
  });

  for (const [firstStart, expected] of [
    ['skip', []],
    [undefined, []],
    ['all', ['old', 'new', 'timeless']],
    ['10m', ['new', 'timeless']],
  ] as const) {
    it(`judges of the first list with firstStart ${firstStart ?? 'absent'}: ${expected.join(', ')}`, async () => {
      await using bench = await openBench();
      const { server } = bench.world;
      server.answerBy(() => false);
      const source = bench.create(firstStart === undefined ? {} : { firstStart });
      await using reading = new Reading((signal) => source.batches(new Map(), signal));
      const items = [
        listed('old', { lastTimestamp: '2026-01-31T11:49:59Z' }),
        listed('new', { lastTimestamp: '2026-01-31T11:50:00Z' }),
        listed('timeless', { firstTimestamp: null, lastTimestamp: null }),
      ];
      const date = { date: 'Sat, 31 Jan 2026 12:00:00 GMT' };
      const body = {
        kind: 'EventList',
        apiVersion: 'v1',
        metadata: { resourceVersion: '9' },
        items,
      };
      (await server.next('list')).answer(200, body, date);
      (await server.next('watch')).open();
      const names = occurrences(reading.items).map(({ name }) => name);
      expect(names).to.deep.equal(expected);
    });
  }

  it('reports how many listed Events may have been written more than once meanwhile', async () => {
    await using bench = await openBench();
    const { server } = bench.world;
    server.answerBy(() => false);
    const source = bench.create({});
    const positions = new Map([['/api/v1/namespaces/shop/events', POSITION]]);
    await using reading = new Reading((signal) => source.batches(positions, signal));
    const watch = (await server.next('watch')).open();
    const known = [listed('next', { count: 3 }, '1001'), listed('leap', { count: 3 }, '1002')];
    for (const object of known) watch.send({ type: 'ADDED', object });
    await reading.have((batches) => occurrences(batches).length === 2, 'both');
    watch.send({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
    const items = [
      listed('next', { count: 4 }, '1010'),
      listed('leap', { count: 5 }, '1011'),
      listed('once', { count: 1 }, '1012'),
      listed('series', { count: null, series: { count: 2 } }, '1013'),
      listed('untouched', { count: 9 }, '999'),
    ];
    const body = { kind: 'EventList', apiVersion: 'v1', metadata: { resourceVersion: '1100' } };
    const date = { date: 'Sat, 31 Jan 2026 12:01:00 GMT' };
    await until(async () => {
      await bench.clock.advance(500);
      return server.parked.length > 0;
    }, 'the relist');
    (await server.next('list')).answer(200, { ...body, items }, date);
    await reading.have((batches) => occurrences(batches).length === 6, 'all of them');
    const gaps = reading.items.flatMap((batch) => batch.gaps);
    const bounds = gaps.map(({ loss, from, to }) => [loss, from?.resourceVersion, to]);
    const to = { resourceVersion: '1100', at: Date.UTC(2026, 0, 31, 12, 1) };
    expect(bounds).to.deep.equal([['coalesced', '1002', to]]);
    expect(gaps[0]?.why).to.match(/^2 /);
  });

  it('yields the keys of a first list under its path, only once', async () => {
    await using bench = await openBench();
    const source = bench.create({ namespaces: ['shop', 'pay'] });
    bench.world.write('a', 'shop');
    bench.world.write('b', 'pay');
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 2, 'the watches');
    bench.world.compact();
    bench.world.cut();
    await until(async () => {
      await bench.clock.advance(1_000);
      return bench.world.server.count('list') >= 4 && bench.world.openWatches === 2;
    }, 'the relists');
    const listed = reading.items.flatMap((batch) => batch.listed);
    const keysByPath = listed.map(({ path, keys }) => `${path}: ${[...keys].join(' ')}`);
    expect(keysByPath.toSorted()).to.deep.equal([
      '/api/v1/namespaces/pay/events: pay/b',
      '/api/v1/namespaces/shop/events: shop/a',
    ]);
  });

  it('names the paths that cover a path of an earlier configuration', async () => {
    await using bench = await openBench();
    const all = bench.create({ namespaces: ['*'] });
    const some = bench.create({ namespaces: ['shop', 'pay'] });
    const [every, shop] = ['/api/v1/events', '/api/v1/namespaces/shop/events'];
    expect(all.successorsOf(shop)).to.deep.equal([{ path: every, namespace: null }]);
    expect(some.successorsOf(shop)).to.deep.equal([{ path: shop, namespace: null }]);
    expect(some.successorsOf(every).map(({ namespace }) => namespace)).to.deep.equal([
      'shop',
      'pay',
    ]);
    expect(some.successorsOf('/api/v1/namespaces/old/events')).to.deep.equal([]);
  });

  it('gives Events of both client libraries one shape', async () => {
    await using bench = await openBench();
    const { server } = bench.world;
    server.answerBy(() => false);
    const source = bench.create({ firstStart: 'all' });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    const modern = listed('modern', {
      source: {},
      count: null,
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: '2026-01-31T11:58:00.123456Z',
      series: { count: 5, lastObservedTime: '2026-01-31T11:59:00.654321Z' },
      reportingComponent: 'default-scheduler',
      reportingInstance: 'scheduler-1',
    });
    (await server.next('list')).list({ resourceVersion: '9', items: [modern] });
    await reading.have((batches) => occurrences(batches).length === 1, 'it');
    const [occurrence] = occurrences(reading.items);
    expect(occurrence).to.deep.include({ happenedAt: '2026-01-31T11:59:00.654321Z', count: 5 });
    expect(occurrence?.firstTime).to.equal('2026-01-31T11:58:00.123456Z');
    expect(occurrence?.fields).to.include({ component: 'default-scheduler', host: 'scheduler-1' });
    expect(occurrence?.event).to.include({ kind: 'Event', apiVersion: 'v1' });
  });

  for (const [name, event] of [
    ['no field at all', {}],
    [
      'null everywhere',
      { involvedObject: null, reason: null, type: null, message: null, source: null },
    ],
    ['a list where an object belongs', { involvedObject: [], source: 7, series: 'x' }],
    ['control characters', { message: '\u001b[31m\u0000\u2028\u2029\ud800', reason: '\u202e' }],
    ['a message of 10 kB', { message: 'x'.repeat(10_000) }],
  ] as const) {
    it(`reads an Event with ${name}, and the next`, async () => {
      await using bench = await openBench();
      const { server } = bench.world;
      server.answerBy(() => false);
      const source = bench.create({ firstStart: 'all' });
      await using reading = new Reading((signal) => source.batches(new Map(), signal));
      (await server.next('list')).list({ resourceVersion: '9' });
      const watch = (await server.next('watch')).open();
      const metadata = { name: 'odd', namespace: 'shop', resourceVersion: '10' };
      watch.send({ type: 'ADDED', object: { metadata, ...event } });
      watch.send({ type: 'ADDED', object: listed('next', {}, '11') });
      await reading.have((batches) => occurrences(batches).length === 2, 'both');
      expect(occurrences(reading.items)[0]?.name).to.equal('odd');
    });
  }

  it('yields Events in the shape of its section, and nothing else of them', async () => {
    await using bench = await openBench();
    const { server } = bench.world;
    server.answerBy(() => false);
    const source = bench.create({
      firstStart: 'all',
      shape: { prune: ['metadata.annotations', 'message', 'source'] },
      redact: ['/back-?off/', '/[0-9]{4}/'],
    });
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    const more = { message: 'password 1234', reason: 'back-off', action: 'pin 1234' };
    const old = listed('old-1234', more, '8');
    (await server.next('list')).list({ resourceVersion: '9', items: [old] });
    const watch = (await server.next('watch')).open();
    watch.send({ type: 'ADDED', object: listed('new-1234', more, '1234') });
    await reading.have((batches) => occurrences(batches).length === 2, 'both');
    for (const { event, fields, name, resourceVersion } of occurrences(reading.items)) {
      expect(event).to.include({ action: 'pin [redacted]', reason: '[redacted]' });
      expect(event).not.to.have.any.keys('message', 'source');
      expect(fields).to.include({ message: '', reason: '[redacted]' });
      // What identifies an Event stays.
      expect(name).to.match(/^(old|new)-1234$/);
      expect(resourceVersion).to.match(/^(8|1234)$/);
    }
    expect(JSON.stringify(reading.items)).not.to.include('password');
  });

  it('observes the number of Events that it read from list and watch', async () => {
    await using bench = await openBench();
    const source = bench.create({ firstStart: 'all' });
    bench.world.write('a');
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 1, 'the watch');
    bench.world.write('b');
    await reading.have((batches) => occurrences(batches).length === 2, 'both');
    const read = bench.observed.of('events-read').map(({ from, count }) => `${from} ${count}`);
    expect(read).to.deep.equal(['list 1', 'watch 1']);
  });

  it('throws an error that no retry cures, after everything is released', async () => {
    await using bench = await openBench();
    const { world } = bench;
    const source = bench.create({ namespaces: ['shop', 'pay'] });
    const reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => world.openWatches === 2, 'the watches');
    world.server.answerBy(() => false);
    world.close();
    await bench.clock.advance(10_000);
    (await world.server.next('watch')).refuse(400);
    await reading.ended();
    expect(reading.error).to.have.property('code', 'cluster-refused');
  });

  describe('its section', () => {
    it('refuses "*" beside other namespaces', () => {
      const codes = eventsKind.check({ namespaces: ['*', 'a'] }).map(({ code }) => code);
      expect(codes).to.deep.equal(['wrong-value']);
      expect(eventsKind.check({ namespaces: ['*'] })).to.deep.equal([]);
    });

    it('knows how long Events are kept, by default an hour', () => {
      expect(eventsKind.retentionMs({})).to.equal(3_600_000);
      expect(eventsKind.retentionMs({ eventTTL: '24h' })).to.equal(86_400_000);
    });

    it('allows foreign objects only if configured', () => {
      expect(eventsKind.allowsForeign({})).to.equal(false);
      expect(eventsKind.allowsForeign({ allowForeign: false })).to.equal(false);
      expect(eventsKind.allowsForeign({ allowForeign: true })).to.equal(true);
    });

    it('reads the Events of the namespaces that it watches', () => {
      const event = anEvent();
      const rows = [
        [{ namespaces: ['*'] }, 'gateway', true],
        [{ namespaces: ['pay', 'shop'] }, 'gateway', true],
        [{ namespaces: ['pay'] }, 'shop', false],
        [{}, 'shop', true],
        [{}, 'gateway', false],
        [{}, '', true],
      ] as const;
      for (const [section, own, isRead] of rows) {
        expect(eventsKind.reads(section, own, event), JSON.stringify(section)).to.equal(isRead);
      }
      expect(eventsKind.reads({ namespaces: ['shop'] }, '', {})).to.equal(false);
    });

    it('stands in the registry under its own name', () => {
      expect(Object.entries(sourceKinds).map(([key, { kind }]) => [key, kind])).to.deep.equal([
        ['events', 'events'],
      ]);
    });
  });
});

function listed(name: string, more: JsonObject, resourceVersion = '8'): JsonObject {
  return anEvent({ metadata: { name, namespace: 'shop', resourceVersion }, ...more });
}

function occurrences(batches: readonly Batch[]): Batch['occurrences'] {
  return batches.flatMap((batch) => batch.occurrences);
}
