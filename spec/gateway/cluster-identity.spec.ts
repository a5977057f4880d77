// Another cluster with the same name: positions are dropped, deliveries orphaned, and a start that
// dies in between does it again.

import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { type FollowClusterParts, followCluster } from '../../lib/gateway/cluster-identity.ts';
import type { ClusterIdentity } from '../../lib/kubernetes/cluster-id.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit, anEntry, deliveries, NOW, PATH } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FailingStore } from '../support/doubles/store.ts';

const system = (id: string): ClusterIdentity => ({ id, from: 'kube-system' });

/**
 * A store that knows cluster s1, with a position, a ledger entry and deliveries of two triggers.
 */
async function bench() {
  const store = createMemoryStore();
  const recording = recordingObserve();
  const parts = (over: Partial<FollowClusterParts> = {}): FollowClusterParts => ({
    store,
    observe: recording.observe,
    server: 'https://x',
    name: 'dev',
    clusterTriggers: new Set(['build']),
    now: NOW,
    ...over,
  });
  await followCluster(system('s1'), parts());
  const [held, ...rest] = deliveries(4);
  const made = [
    ...(held === undefined ? [] : [{ ...held, state: 'held' as const }]),
    ...rest.map((one, place) => (place === 0 ? { ...one, trigger: 'hook' } : one)),
  ];
  const positions = new Map([[PATH, { resourceVersion: '7', at: NOW - 5 }]]);
  await store.journal.commit(aCommit({ deliveries: made, ledger: [anEntry()], positions }));
  recording.seen.length = 0;
  return { store, recording, parts };
}

async function standing(store: Store) {
  const counts = await store.archive.counts();
  return {
    positions: [...(await store.journal.positions('shop')).keys()],
    ledger: (await store.journal.lookup(['k1'])).size,
    orphaned: counts.filter(({ state }) => state === 'orphaned').map((one) => one.count),
    hooks: counts.filter(({ trigger, state }) => trigger === 'hook' && state === 'waiting').length,
  };
}

const LEFT = { positions: [], ledger: 1, orphaned: [3], hooks: 1 };

describe('another cluster with the same name', () => {
  it('drops positions and orphans deliveries to the old one; the ledger and the rest stay', async () => {
    const { store, recording, parts } = await bench();
    expect(await followCluster(system('s2'), parts())).to.deep.equal({ id: 's2', name: 'dev' });
    expect(await standing(store)).to.deep.equal(LEFT);
    const changed = { kind: 'cluster-changed', from: 's1', to: 's2', orphaned: 3 };
    expect(recording.of('cluster-changed')).to.deep.equal([changed]);
    const gaps = recording.of('gap').map(({ gap }) => gap);
    expect(gaps).to.deep.equal(await store.archive.gaps(10));
    expect(gaps.map(({ path, loss, from }) => [path, loss, from?.resourceVersion])).to.deep.equal([
      [PATH, 'possible-loss', '7'],
    ]);
    expect(gaps[0]?.why).to.include('another cluster');
  });

  it('is a gap also for a source that was renamed', async () => {
    const { store, parts } = await bench();
    const positions = new Map([[PATH, { resourceVersion: '6', at: NOW - 9 }]]);
    await store.journal.commit(aCommit({ source: 'before', positions }));
    await followCluster(system('s2'), parts());
    const gaps = await store.archive.gaps(10);
    expect(gaps.map(({ source }) => source)).to.have.members(['shop', 'before']);
  });

  it('is handled once', async () => {
    const { recording, parts } = await bench();
    await followCluster(system('s2'), parts());
    recording.seen.length = 0;
    expect((await followCluster(system('s2'), parts())).id).to.equal('s2');
    expect(recording.seen.map(({ kind }) => kind)).to.deep.equal(['cluster-found']);
  });

  // A process that dies does not see the answer of its last call.
  const KILLED = new Error('killed');
  const deaths = ['dropPositions', 'change', 'write'] as const;
  for (const point of deaths) {
    for (const when of ['before', 'after'] as const) {
      it(`is handled again by a start after one that died ${when} ${point}`, async () => {
        const { store, parts } = await bench();
        const dying = new FailingStore(store);
        if (when === 'before') dying.fail(KILLED, point);
        else dying.loseAnswers(KILLED, point);
        const error = await followCluster(system('s2'), parts({ store: dying.store })).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).to.equal(KILLED);
        expect((await followCluster(system('s2'), parts())).id).to.equal('s2');
        expect(await standing(store)).to.deep.equal(LEFT);
        expect(await store.archive.gaps(10)).to.have.length(1);
      });
    }
  }

  it('is not detected if only the own namespace may be read', async () => {
    const { store, parts } = await bench();
    const own = { id: 'own', from: 'namespace' } as const;
    expect((await followCluster(own, parts())).id).to.equal('s1');
    expect(await standing(store))
      .to.include({ ledger: 1 })
      .and.to.have.property('positions').not.empty;
  });
});
