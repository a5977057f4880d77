// The pure parts of reading: what was read before, where reading begins, and frames that can not be
// read.
import { expect } from 'chai';
import { PathMemory } from '../../lib/kubernetes/path-memory.ts';
import { startPointOf } from '../../lib/kubernetes/start-point.ts';
import { Unreadables } from '../../lib/kubernetes/unreadable.ts';
import { positionKeyOf } from '../../lib/kubernetes/watched.ts';

const AT_10 = { resourceVersion: '10', at: 0 };

describe('PathMemory', () => {
  it('takes each state once and none older than one taken', () => {
    const memory = new PathMemory(AT_10);
    expect(memory.read('a', '20')).to.equal(true);
    expect(memory.read('a', '20')).to.equal(false);
    expect(memory.read('a', '9')).to.equal(false);
    expect(memory.read('a', '100')).to.equal(true);
  });

  it('takes no state from before a deletion, until the position has settled', () => {
    const memory = new PathMemory(AT_10);
    memory.read('a', '20');
    memory.remove('a', '30');
    expect(memory.read('a', '20')).to.equal(false);
    expect(memory.read('a', '31'), 'created again').to.equal(true);
    memory.remove('a', '40');
    memory.moveTo({ resourceVersion: '40', at: 0 });
    memory.settle();
    expect(memory.wasRead('a', '39'), 'forgotten: no stream can bring it').to.equal(false);
  });

  it('ignores a deletion that is older than the state read', () => {
    const memory = new PathMemory(AT_10);
    memory.read('a', '30');
    expect(memory.remove('a', '20')).to.equal(false);
    expect(memory.size).to.equal(1);
  });

  it('calls gone what a list does not show and could have shown', () => {
    const memory = new PathMemory(AT_10);
    for (const [key, version] of [
      ['shown', '5'],
      ['went', '6'],
      ['newer', '95'],
    ] as const) {
      memory.read(key, version);
    }
    memory.beginList();
    memory.show('void');
    memory.beginList();
    memory.show('shown');
    expect(memory.endList('90')).to.deep.equal(['went']);
    expect(memory.read('went', '6'), 'a stream that lags').to.equal(false);
    expect(memory.read('went', '50'), 'a later state').to.equal(true);
  });

  it('never moves back', () => {
    const memory = new PathMemory({ resourceVersion: '100', at: 1 });
    memory.moveTo({ resourceVersion: '99', at: 2 });
    expect(memory.position?.resourceVersion).to.equal('100');
  });

  it('forgets everything when the store is replaced', () => {
    const memory = new PathMemory(AT_10);
    memory.read('a', '500');
    memory.replace();
    expect(memory.position).to.equal(null);
    expect(memory.read('a', '3')).to.equal(true);
  });

  it('calls gone of a replaced store what the next complete list does not show', () => {
    const memory = new PathMemory(AT_10);
    for (const key of ['shown', 'went', 'too']) memory.read(key, '500');
    memory.replace();
    memory.beginList();
    memory.show('shown');
    memory.read('shown', '3');
    expect(memory.endList('9')).to.deep.equal(['went', 'too']);
    memory.beginList();
    memory.show('shown');
    expect(memory.endList('10'), 'once').to.deep.equal([]);
  });
});

describe('Unreadables', () => {
  it('ends the stream at a bad frame once, then skips it, counted once', () => {
    const unreadables = new Unreadables();
    const answers = [1, 2, 3].map(() => unreadables.meet('bad', '10', { at: '', count: 0 }));
    expect(answers).to.deep.equal(['end', 'skip', 'skip-known']);
  });

  it('gives each of several bad frames in a row its second chance', () => {
    const unreadables = new Unreadables();
    const first = { at: '', count: 0 };
    const second = { at: '', count: 0 };
    const third = { at: '', count: 0 };
    expect(unreadables.meet('bad', '10', first)).to.equal('end');
    expect(unreadables.meet('bad', '10', second)).to.equal('skip');
    expect(unreadables.meet('bad', '10', second)).to.equal('end');
    expect(unreadables.meet('bad', '10', third)).to.equal('skip-known');
    expect(unreadables.meet('bad', '10', third)).to.equal('skip');
  });

  it('skips a frame that is too long at once, and knows it again', () => {
    const unreadables = new Unreadables();
    expect(unreadables.meet('too-long', '10', { at: '', count: 0 })).to.equal('skip');
    expect(unreadables.meet('too-long', '10', { at: '', count: 0 })).to.equal('skip-known');
    expect(unreadables.countedSince('10')).to.equal(1);
    expect(unreadables.countedSince('11')).to.equal(0);
  });

  it('begins anew once the position has moved', () => {
    const unreadables = new Unreadables();
    const tally = { at: '', count: 0 };
    expect(unreadables.meet('too-long', '10', tally)).to.equal('skip');
    expect(unreadables.meet('too-long', '11', tally)).to.equal('skip');
  });
});

describe('startPointOf', () => {
  const shop = { group: '', version: 'v1', resource: 'events', namespace: 'shop' } as const;
  const all = { ...shop, namespace: null };
  const object = { metadata: { namespace: 'shop' } };

  for (const [name, watched, positions, position, floor] of [
    ['nothing: a first start', shop, [], null, null],
    ['its own', shop, [['/api/v1/namespaces/shop/events', '7']], '7', '7'],
    ['a covering path', shop, [['/api/v1/events', '8']], '8', '8'],
    ['covered paths', all, [['/api/v1/namespaces/shop/events', '7']], null, '7'],
    ['another namespace', shop, [['/api/v1/namespaces/pay/events', '7']], null, null],
  ] as const) {
    it(`begins from ${name}`, () => {
      const kept = new Map(
        positions.map(([path, version]) => [path, { resourceVersion: version, at: 0 }]),
      );
      const start = startPointOf(watched, kept);
      expect(start.position?.resourceVersion ?? null).to.equal(position);
      expect(start.floorOf(object)).to.equal(floor);
    });
  }

  it('keeps positions of different selectors apart', () => {
    const selected = { ...shop, fieldSelector: 'type=Warning' };
    expect(positionKeyOf(selected)).to.equal(
      '/api/v1/namespaces/shop/events?fieldSelector=type=Warning',
    );
    const kept = new Map([['/api/v1/namespaces/shop/events', AT_10]]);
    expect(startPointOf(selected, kept).position).to.equal(null);
  });
});
