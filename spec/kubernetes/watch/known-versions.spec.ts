// The pure parts of reading: known versions, and unreadable frames.

import { expect } from 'chai';
import { Unreadables } from '../../../lib/kubernetes/watch/deduplicator.ts';
import { KnownVersions, type ReadState } from '../../../lib/kubernetes/watch/known-versions.ts';

const AT_10 = { resourceVersion: '10', at: 0 };

function state(key: string, resourceVersion: string, count = 1): ReadState {
  return { key, resourceVersion, count };
}

describe('KnownVersions', () => {
  it('accepts each state once and no older one', () => {
    const memory = new KnownVersions(AT_10);
    expect(memory.record(state('a', '20'))).to.equal(true);
    expect(memory.record(state('a', '20'))).to.equal(false);
    expect(memory.record(state('a', '9'))).to.equal(false);
    expect(memory.record(state('a', '100'))).to.equal(true);
  });

  it('accepts no state from before a deletion until it forgets the deletion', () => {
    const memory = new KnownVersions(AT_10);
    memory.record(state('a', '20'));
    memory.recordDeletion('a', '30');
    expect(memory.record(state('a', '20'))).to.equal(false);
    expect(memory.record(state('a', '31')), 'created again').to.equal(true);
    memory.recordDeletion('a', '40');
    memory.moveTo({ resourceVersion: '40', at: 0 });
    memory.pruneDeleted();
    expect(memory.wasRead('a', '39'), 'forgotten: no stream can bring it').to.equal(false);
  });

  it('ignores a deletion that is older than the state read', () => {
    const memory = new KnownVersions(AT_10);
    memory.record(state('a', '30'));
    expect(memory.recordDeletion('a', '20')).to.equal(false);
    expect(memory.size).to.equal(1);
  });

  it('reports keys as deleted that a list could have shown and does not show', () => {
    const memory = new KnownVersions(AT_10);
    for (const [key, version] of [
      ['shown', '5'],
      ['went', '6'],
      ['newer', '95'],
    ] as const) {
      memory.record(state(key, version));
    }
    memory.beginList();
    memory.markListed('void');
    memory.beginList();
    memory.markListed('shown');
    expect(memory.endList('90').gone).to.deep.equal(['went']);
    expect(memory.record(state('went', '6')), 'a stream that lags').to.equal(false);
    expect(memory.record(state('went', '50')), 'a later state').to.equal(true);
  });

  it('returns all listed keys at the first complete list only', () => {
    const memory = new KnownVersions(AT_10);
    for (const [key, version] of [
      ['shown', '5'],
      ['went', '6'],
      ['newer', '95'],
      ['deleted', '7'],
    ] as const) {
      memory.record(state(key, version));
    }
    memory.recordDeletion('deleted', '96');
    memory.beginList();
    for (const key of ['shown', 'unknown', 'deleted']) memory.markListed(key);
    const { listed } = memory.endList('90');
    expect([...(listed ?? [])]).to.deep.equal(['shown', 'unknown', 'newer']);
    memory.beginList();
    memory.markListed('shown');
    expect(memory.endList('91').listed).to.equal(null);
    expect([...(listed ?? [])], 'handed over, not kept').to.have.length(3);
  });

  it('knows the number of writes of the last state of each object', () => {
    const memory = new KnownVersions(AT_10);
    expect(memory.countOf('a'), 'not known').to.equal(0);
    memory.record(state('a', '11'));
    expect(memory.countOf('a')).to.equal(1);
    memory.record(state('a', '12', 7));
    expect(memory.countOf('a')).to.equal(7);
    memory.record(state('a', '13', 1));
    expect(memory.countOf('a'), 'created again').to.equal(1);
    memory.record(state('a', '14', 9));
    memory.recordDeletion('a', '15');
    expect(memory.countOf('a'), 'gone').to.equal(0);
    memory.record(state('a', '16'));
    expect(memory.countOf('a')).to.equal(1);
  });

  it('never moves its position back', () => {
    const memory = new KnownVersions({ resourceVersion: '100', at: 1 });
    memory.moveTo({ resourceVersion: '99', at: 2 });
    expect(memory.position?.resourceVersion).to.equal('100');
  });

  it('forgets everything when the store is replaced', () => {
    const memory = new KnownVersions(AT_10);
    memory.record(state('a', '500'));
    memory.reset();
    expect(memory.position).to.equal(null);
    expect(memory.record(state('a', '3'))).to.equal(true);
  });

  it('reports keys of a replaced store as deleted that the next complete list does not show', () => {
    const memory = new KnownVersions(AT_10);
    for (const key of ['shown', 'went', 'too']) memory.record(state(key, '500'));
    memory.reset();
    memory.beginList();
    memory.markListed('shown');
    memory.record(state('shown', '3'));
    expect(memory.endList('9').gone).to.deep.equal(['went', 'too']);
    memory.beginList();
    memory.markListed('shown');
    expect(memory.endList('10').gone, 'once').to.deep.equal([]);
  });
});

describe('Unreadables', () => {
  it('ends the stream at a bad frame once, then skips it, counted once', () => {
    const unreadables = new Unreadables();
    const answers = [1, 2, 3].map(() => unreadables.record('bad', '10', { at: '', count: 0 }));
    expect(answers).to.deep.equal(['end', 'skip', 'skip-known']);
  });

  it('reads each of several bad frames in a row twice', () => {
    const unreadables = new Unreadables();
    const first = { at: '', count: 0 };
    const second = { at: '', count: 0 };
    const third = { at: '', count: 0 };
    expect(unreadables.record('bad', '10', first)).to.equal('end');
    expect(unreadables.record('bad', '10', second)).to.equal('skip');
    expect(unreadables.record('bad', '10', second)).to.equal('end');
    expect(unreadables.record('bad', '10', third)).to.equal('skip-known');
    expect(unreadables.record('bad', '10', third)).to.equal('skip');
  });

  it('skips a frame above the cap at once, and recognizes it later', () => {
    const unreadables = new Unreadables();
    expect(unreadables.record('too-long', '10', { at: '', count: 0 })).to.equal('skip');
    expect(unreadables.record('too-long', '10', { at: '', count: 0 })).to.equal('skip-known');
    expect(unreadables.countedSince('10')).to.equal(1);
    expect(unreadables.countedSince('11')).to.equal(0);
  });

  it('starts over once the position has moved', () => {
    const unreadables = new Unreadables();
    const unreadable = { at: '', count: 0 };
    expect(unreadables.record('too-long', '10', unreadable)).to.equal('skip');
    expect(unreadables.record('too-long', '11', unreadable)).to.equal('skip');
  });
});
