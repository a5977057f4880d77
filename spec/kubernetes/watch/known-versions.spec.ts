// The pure parts of reading: known versions, and unreadable frames.

import { expect } from 'chai';
import { Unreadables } from '../../../lib/kubernetes/watch/deduplicator.ts';
import { KnownVersions, type ReadState } from '../../../lib/kubernetes/watch/known-versions.ts';

const AT_10 = { resourceVersion: '10', at: 0 };

function state(key: string, resourceVersion: string, count = 1): ReadState {
  return { key, resourceVersion, count };
}

/** Reads a state as the deduplicator does. */
function stream(memory: KnownVersions, key: string, resourceVersion: string): boolean {
  const isNew = memory.recordFrame(state(key, resourceVersion));
  memory.streamTo({ resourceVersion, at: 0 });
  return isNew;
}

/** Reads a deletion. */
function deletion(memory: KnownVersions, key: string, resourceVersion: string): boolean {
  const isNew = memory.recordFrame(state(key, resourceVersion, 0), true);
  memory.streamTo({ resourceVersion, at: 0 });
  return isNew;
}

describe('KnownVersions', () => {
  it('accepts each state once and no older one', () => {
    const memory = new KnownVersions(AT_10);
    expect(stream(memory, 'a', '20')).to.equal(true);
    expect(stream(memory, 'a', '20')).to.equal(false);
    expect(stream(memory, 'a', '9')).to.equal(false);
    expect(stream(memory, 'a', '100')).to.equal(true);
  });

  it('keeps no version of what a stream brought, and knows it', () => {
    const memory = new KnownVersions(AT_10);
    for (let version = 11; version <= 1_010; version += 1) {
      stream(memory, `e${version}`, String(version));
    }
    expect(memory.size).to.equal(0);
    expect(memory.wasRead('e500', '500')).to.equal(true);
    expect(memory.wasRead('e500', '1011')).to.equal(false);
  });

  it('keeps the version of an item until the stream has passed it', () => {
    const memory = new KnownVersions(AT_10);
    memory.recordItem('a', '20');
    expect(stream(memory, 'b', '15'), 'another object, on no page').to.equal(true);
    expect(stream(memory, 'a', '16'), 'an older state').to.equal(false);
    expect(deletion(memory, 'a', '17'), 'an older deletion').to.equal(false);
    expect(stream(memory, 'a', '20')).to.equal(false);
    expect(memory.size, 'passed').to.equal(0);
    expect(stream(memory, 'a', '21')).to.equal(true);
  });

  it('still accepts frames of an open stream below a position that a list proved', () => {
    const memory = new KnownVersions(AT_10);
    memory.recordItem('a', '20');
    memory.moveTo({ resourceVersion: '90', at: 0 });
    expect(stream(memory, 'late', '50')).to.equal(true);
    expect(memory.position?.resourceVersion).to.equal('90');
    memory.beginStream();
    expect(memory.wasRead('late', '60'), 'a stream from the position').to.equal(true);
  });

  it('accepts no state from before a deletion', () => {
    const memory = new KnownVersions(AT_10);
    stream(memory, 'a', '20');
    expect(deletion(memory, 'a', '30')).to.equal(true);
    expect(memory.wasRead('a', '20')).to.equal(true);
    expect(stream(memory, 'a', '31'), 'created again').to.equal(true);
  });

  it('returns the keys of the last list, corrected by newer frames beside it', () => {
    const memory = new KnownVersions(AT_10);
    memory.beginOverlap();
    stream(memory, 'early', '50');
    deletion(memory, 'again', '51');
    stream(memory, 'newer', '95');
    deletion(memory, 'deleted', '96');
    memory.beginList();
    memory.showPage(['void']);
    memory.beginList();
    memory.showPage(['shown', 'deleted']);
    memory.showPage(['again']);
    expect([...memory.existing('90')]).to.deep.equal(['shown', 'again', 'newer']);
    memory.endList();
    deletion(memory, 'shown', '97');
    expect([...memory.existing('90')], 'kept beside the stream').to.deep.equal(['again', 'newer']);
    memory.endOverlap();
    expect([...memory.existing('90')]).to.deep.equal([]);
  });

  it('keeps no key after a list without a stream', () => {
    const memory = new KnownVersions(null);
    memory.beginList();
    memory.showPage(['shown']);
    expect(memory.isListed).to.equal(false);
    memory.endList();
    expect(memory.isListed).to.equal(true);
    expect([...memory.existing('90')]).to.deep.equal([]);
  });

  it('knows the number of writes of the last state of each object', () => {
    const memory = new KnownVersions(AT_10);
    expect(memory.countOf('a'), 'not known').to.equal(0);
    memory.recordCount(state('a', '11'));
    expect(memory.countOf('a')).to.equal(1);
    memory.recordFrame(state('a', '12', 7));
    expect(memory.countOf('a')).to.equal(7);
    memory.recordFrame(state('a', '13', 1));
    expect(memory.countOf('a'), 'created again').to.equal(1);
    memory.recordFrame(state('a', '14', 9));
    memory.recordFrame(state('a', '15', 0), true);
    expect(memory.countOf('a'), 'gone').to.equal(0);
  });

  it('knows the counts of the objects written last only', () => {
    const memory = new KnownVersions(null);
    const last = 12_000;
    for (let number = 1; number <= last; number += 1) {
      memory.recordCount(state(`e${number}`, String(number), 3));
    }
    expect(memory.countOf(`e${last - 4_000}`)).to.equal(3);
    expect(memory.countOf('e1')).to.equal(0);
  });

  it('takes no count of a list that a stream has passed', () => {
    const memory = new KnownVersions(AT_10);
    memory.beginOverlap();
    memory.recordFrame(state('a', '20', 8));
    memory.streamTo({ resourceVersion: '20', at: 0 });
    memory.recordCount(state('a', '15', 7));
    expect(memory.countOf('a')).to.equal(8);
  });

  it('never moves its position back', () => {
    const memory = new KnownVersions({ resourceVersion: '100', at: 1 });
    memory.moveTo({ resourceVersion: '99', at: 2 });
    expect(memory.position?.resourceVersion).to.equal('100');
  });

  it('forgets everything when the store is replaced', () => {
    const memory = new KnownVersions(AT_10);
    stream(memory, 'a', '500');
    memory.recordItem('b', '600');
    memory.reset();
    expect(memory.position).to.equal(null);
    expect(memory.wasRead('a', '3')).to.equal(false);
    expect(memory.wasRead('b', '4')).to.equal(false);
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
