// The start of reading a path after a change of the configuration, and the successors of a path
// that is no longer read.

import { expect } from 'chai';
import type { Position } from '../../../lib/core/ports/source.ts';
import {
  positionKeyOf,
  startPointOf,
  successorsOf,
  type WatchTarget,
  widenedFrom,
} from '../../../lib/kubernetes/watch/watch-target.ts';

const ALL = '/api/v1/events';
const SHOP = '/api/v1/namespaces/shop/events';
const WARNING = 'type=Warning';
const SHOP_WARNING = `${SHOP}?fieldSelector=${WARNING}`;
const PAY = '/api/v1/namespaces/pay/events';

function eventsOf(namespace: string | null, more: Partial<WatchTarget> = {}): WatchTarget {
  return { group: '', version: 'v1', resource: 'events', namespace, ...more };
}

/** The start in the words of the tables below. */
function begin(namespace: string | null, kept: readonly (readonly [string, Position])[]): string {
  const start = startPointOf(eventsOf(namespace), new Map(kept));
  if (start.position !== null) return `watch from ${start.position.resourceVersion}`;
  const floors = ['shop', 'pay', 'third'].map((one) =>
    String(start.floorOf({ metadata: { namespace: one } })),
  );
  const from = start.known[0]?.resourceVersion ?? 'nothing';
  return `list, shop ${floors[0]}, pay ${floors[1]}, others ${floors[2]}, since ${from}`;
}

const MINUTE = 60_000;

/** A version, read in this minute. */
function at(resourceVersion: string, minute: number): Position {
  return { resourceVersion, at: minute * MINUTE };
}

const FIRST = 'list, shop null, pay null, others null, since nothing';

describe('startPointOf', () => {
  for (const [sequence, namespace, kept, expected] of [
    ['a first start', 'shop', [], FIRST],
    ['a first start of all', null, [], FIRST],
    ['[shop] again', 'shop', [[SHOP, at('7', 1)]], 'watch from 7'],
    ['[pay] after [shop]', 'pay', [[SHOP, at('7', 1)]], FIRST],
    ['[shop] after ["*"]', 'shop', [[ALL, at('8', 1)]], 'watch from 8'],
    [
      '["*"] after [shop]',
      null,
      [[SHOP, at('7', 1)]],
      'list, shop 7, pay null, others null, since 7',
    ],
    [
      '["*"] after [shop] and later [pay]',
      null,
      [
        [SHOP, at('7', 1)],
        [PAY, at('30', 9)],
      ],
      'list, shop 7, pay 30, others null, since 7',
    ],
    [
      '[shop], ["*"], [shop]',
      'shop',
      [
        [SHOP, at('9', 1)],
        [ALL, at('10', 2)],
      ],
      'watch from 10',
    ],
    [
      '[shop], ["*"], [shop], [shop]',
      'shop',
      [
        [SHOP, at('100', 3)],
        [ALL, at('99', 2)],
      ],
      'watch from 100',
    ],
    [
      '[shop], ["*"], ["*"]',
      null,
      [
        [SHOP, at('9', 1)],
        [ALL, at('10', 2)],
      ],
      'watch from 10',
    ],
    [
      '["*"], [shop], ["*"]',
      null,
      [
        [ALL, at('99', 1)],
        [SHOP, at('100', 2)],
      ],
      'list, shop 100, pay 99, others 99, since 99',
    ],
    [
      '[shop], ["*"], [pay], ["*"]: what covers [shop] is newer',
      null,
      [
        [SHOP, at('50', 1)],
        [ALL, at('99', 2)],
        [PAY, at('1000', 3)],
      ],
      'list, shop 99, pay 1000, others 99, since 99',
    ],
    [
      '["*"], [shop] of the same version',
      null,
      [
        [ALL, at('10', 1)],
        [SHOP, at('10', 9)],
      ],
      'watch from 10',
    ],
    [
      'versions above 2^53, by which a number could not tell them',
      'shop',
      [
        [SHOP, at('9007199254740992', 1)],
        [ALL, at('9007199254740993', 2)],
      ],
      'watch from 9007199254740993',
    ],
    [
      'another server’s clock, half a minute slow',
      'shop',
      [
        [SHOP, at('10', 1.5)],
        [ALL, at('11', 1)],
      ],
      'watch from 11',
    ],
    [
      '["*"], [shop] on a store that was replaced since',
      'shop',
      [
        [ALL, at('1000', 1)],
        [SHOP, at('40', 9)],
      ],
      'watch from 40',
    ],
    [
      '[shop], ["*"] on a store that was replaced since',
      null,
      [
        [SHOP, at('1000', 1)],
        [ALL, at('40', 9)],
      ],
      'watch from 40',
    ],
    ['a path of other things', null, [['/api/v1/namespaces/shop/pods', at('9', 1)]], FIRST],
  ] as const) {
    it(`${sequence}: ${expected}`, () => {
      expect(begin(namespace, kept)).to.equal(expected);
    });
  }

  it('names a position by path and selector', () => {
    expect(positionKeyOf(eventsOf('shop', { fieldSelector: WARNING }))).to.equal(SHOP_WARNING);
    expect(positionKeyOf(eventsOf('shop'))).to.equal(SHOP);
  });

  for (const [sequence, fieldSelector, kept, expected] of [
    ['none, then type=Warning', WARNING, [[SHOP, at('7', 1)]], '7'],
    ['type=Warning, then none', undefined, [[SHOP_WARNING, at('7', 1)]], '7'],
    ['type=Warning, then reason=x', 'reason=x', [[SHOP_WARNING, at('7', 1)]], '7'],
    [
      'type=Warning, none, then type=Warning',
      WARNING,
      [
        [SHOP_WARNING, at('7', 1)],
        [SHOP, at('9', 2)],
      ],
      '9',
    ],
    [
      'none, type=Warning, then none',
      undefined,
      [
        [SHOP_WARNING, at('9', 2)],
        [SHOP, at('7', 1)],
      ],
      '9',
    ],
    [
      'all namespaces with type=Warning, then one',
      undefined,
      [[`${ALL}?fieldSelector=a=b`, at('7', 1)]],
      '7',
    ],
    [
      'the same on a store that was replaced since',
      WARNING,
      [
        [SHOP, at('1000', 1)],
        [SHOP_WARNING, at('40', 9)],
      ],
      '40',
    ],
  ] as const) {
    it(`goes on after a change of the selector (${sequence}) from ${expected}`, () => {
      const watched = eventsOf('shop', fieldSelector === undefined ? {} : { fieldSelector });
      expect(startPointOf(watched, new Map(kept)).position?.resourceVersion).to.equal(expected);
    });
  }

  it('goes on from positions of namespaces under another selector', () => {
    const all = eventsOf(null, { fieldSelector: WARNING });
    const { position, floorOf } = startPointOf(all, new Map([[SHOP, at('9', 1)]]));
    expect(position).to.equal(null);
    expect(floorOf({ metadata: { namespace: 'shop' } })).to.equal('9');
    expect(floorOf({ metadata: { namespace: 'pay' } })).to.equal(null);
  });
});

describe('widenedFrom', () => {
  for (const [what, fieldSelector, kept, expected] of [
    ['a first start', WARNING, [], null],
    ['the same selector', WARNING, [[SHOP_WARNING, at('7', 1)]], null],
    ['a selector after none', WARNING, [[SHOP, at('7', 1)]], null],
    ['one more term', `reason=x,${WARNING}`, [[SHOP_WARNING, at('7', 1)]], null],
    ['none after a selector', undefined, [[SHOP_WARNING, at('7', 1)]], WARNING],
    ['another value', 'type=Normal', [[SHOP_WARNING, at('7', 1)]], WARNING],
    [
      'a term less',
      'reason=x',
      [[`${SHOP}?fieldSelector=reason=x,${WARNING}`, at('7', 1)]],
      `reason=x,${WARNING}`,
    ],
    [
      'none, then a narrow one, then none',
      undefined,
      [
        [SHOP, at('7', 1)],
        [SHOP_WARNING, at('9', 2)],
      ],
      WARNING,
    ],
    [
      'a narrow one, none, then none',
      undefined,
      [
        [SHOP_WARNING, at('7', 1)],
        [SHOP, at('9', 2)],
      ],
      null,
    ],
    [
      'all namespaces under a selector, then one',
      undefined,
      [[`${ALL}?fieldSelector=${WARNING}`, at('7', 1)]],
      WARNING,
    ],
  ] as const) {
    it(`${what}: ${expected ?? 'nothing'}`, () => {
      const watched = eventsOf('shop', fieldSelector === undefined ? {} : { fieldSelector });
      expect(widenedFrom(watched, new Map(kept))?.before ?? null).to.equal(expected);
    });
  }
});

describe('widenedFrom of all namespaces', () => {
  it('finds a namespace that was read under a selector', () => {
    const kept = new Map([
      [SHOP_WARNING, at('7', 1)],
      [PAY, at('9', 1)],
    ]);
    expect(widenedFrom(eventsOf(null), kept)).to.deep.equal({ before: WARNING, from: at('7', 1) });
    const selected = eventsOf(null, { fieldSelector: WARNING });
    expect(widenedFrom(selected, kept)).to.equal(null);
  });
});

describe('successorsOf', () => {
  const selected = eventsOf(null, { fieldSelector: 'type=Warning' });
  for (const [name, path, watched, expected] of [
    ['the path itself', SHOP, [eventsOf('pay'), eventsOf('shop')], [[SHOP, null]]],
    ['the path itself, of all namespaces', ALL, [eventsOf(null)], [[ALL, null]]],
    ['the path of all namespaces', SHOP, [eventsOf(null)], [[ALL, null]]],
    [
      'the namespaces that are read, each its part',
      ALL,
      [eventsOf('shop'), eventsOf('pay')],
      [
        [SHOP, 'shop'],
        [PAY, 'pay'],
      ],
    ],
    ['no other namespace', SHOP, [eventsOf('pay')], []],
    ['no other resource', SHOP, [eventsOf(null, { resource: 'pods' })], []],
    ['no part of another resource', ALL, [eventsOf('shop', { resource: 'pods' })], []],
    ['no other group', SHOP, [eventsOf(null, { group: 'events.k8s.io' })], []],
    ['one of another selector', SHOP, [selected], [[`${ALL}?fieldSelector=type=Warning`, null]]],
    [
      'a part of another selector',
      ALL,
      [{ ...selected, namespace: 'shop' }],
      [[`${SHOP}?fieldSelector=type=Warning`, 'shop']],
    ],
    ['one without its selector', SHOP_WARNING, [eventsOf('shop')], [[SHOP, null]]],
    [
      'one of the same selector',
      `${SHOP}?fieldSelector=type=Warning`,
      [selected],
      [[`${ALL}?fieldSelector=type=Warning`, null]],
    ],
    ['none if nothing is read', SHOP, [], []],
    ['none if it is no path', 'elsewhere', [eventsOf(null), eventsOf('shop')], []],
  ] as const) {
    it(`of ${path}: ${name}`, () => {
      const successors = successorsOf(path, watched).map((part) => [part.path, part.namespace]);
      expect(successors).to.deep.equal(expected);
    });
  }
});
