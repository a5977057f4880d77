// The cluster id: the first one chosen stays; only another uid of kube-system is another cluster.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import { keepCluster, recognizeCluster } from '../../lib/gateway/cluster-identity.ts';
import type { ClusterIdentity } from '../../lib/kubernetes/cluster-id.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { gatewayBench } from './gateway-bench.ts';

const UNREADABLE: ClusterIdentity = { id: null, why: 'forbidden' };
const system = (id: string): ClusterIdentity => ({ id, from: 'kube-system' });
const own: ClusterIdentity = { id: 'own', from: 'namespace' };

/** The result of a start after starts that found these clusters. */
async function afterStarts(...found: readonly ClusterIdentity[]) {
  const { keyValues } = createMemoryStore();
  for (const one of found.slice(0, -1)) {
    const { now } = await recognizeCluster(keyValues, one);
    await keepCluster(keyValues, now);
  }
  const last = found.at(-1) ?? UNREADABLE;
  const { now, isOther } = await recognizeCluster(keyValues, last);
  return { ...now, isOther };
}

const cases: readonly (readonly [string, readonly ClusterIdentity[], object])[] = [
  [
    'is the uid of kube-system at a first start that may read it',
    [system('s1')],
    { id: 's1', from: 'kube-system', system: 's1', isOther: false },
  ],
  [
    'is that of the own namespace at a first start that may read only that',
    [own],
    { id: 'own', from: 'namespace', system: null, isOther: false },
  ],
  [
    'stays when kube-system can be read later, which is noted beside it',
    [own, system('s1')],
    { id: 'own', from: 'namespace', system: 's1', isOther: false },
  ],
  [
    'stays when kube-system can not be read any more, and so does the note',
    [system('s1'), own],
    { id: 's1', from: 'kube-system', system: 's1', isOther: false },
  ],
  [
    'stays when another own namespace is all that can be read',
    [own, { id: 'other', from: 'namespace' }],
    { id: 'own', from: 'namespace', system: null, isOther: false },
  ],
  [
    'changes if the uid of kube-system differs from the uid that it is',
    [system('s1'), system('s2')],
    { id: 's2', from: 'kube-system', system: 's2', isOther: true },
  ],
  [
    'changes if the uid of kube-system differs from the stored one',
    [own, system('s1'), system('s2')],
    { id: 's2', from: 'kube-system', system: 's2', isOther: true },
  ],
];

/** What a gateway that starts on a store with this cluster asks for. */
async function askedAtStart(kept: ClusterIdentity | null): Promise<boolean | null> {
  const store = createMemoryStore();
  if (kept !== null) {
    await keepCluster(store.keyValues, (await recognizeCluster(store.keyValues, kept)).now);
  }
  let asked: boolean | null = null;
  const { gateway, clock, stop } = gatewayBench({
    store,
    findCluster: async ({ needsSystemUid }) => {
      asked = needsSystemUid;
      return own;
    },
  });
  const running = gateway.run(stop.signal);
  await clock.advance(0);
  stop.abort(new Error('SIGTERM'));
  await clock.advance(0);
  await running;
  return asked;
}

const needs: readonly (readonly [string, ClusterIdentity | null, boolean])[] = [
  ['needs the uid of kube-system at a first start, which chooses an id', null, true],
  ['needs it once it was read, to recognize another cluster', system('s1'), true],
  ['does not need it, and is not waited for, if it could not be read so far', own, false],
];

describe('the cluster id', () => {
  for (const [promise, kept, expected] of needs) {
    it(promise, async () => {
      expect(await askedAtStart(kept)).to.equal(expected);
    });
  }

  for (const [promise, found, expected] of cases) {
    it(promise, async () => {
      expect(await afterStarts(...found)).to.deep.equal(expected);
    });
  }

  it('is random if nothing can be read, and stays', async () => {
    const { keyValues } = createMemoryStore();
    const { now } = await recognizeCluster(keyValues, UNREADABLE);
    expect(now.id).to.match(/^[0-9a-f-]{36}$/);
    expect(now.from).to.equal('random');
    await keepCluster(keyValues, now);
    expect((await recognizeCluster(keyValues, system('s1'))).now).to.deep.equal({
      ...now,
      system: 's1',
    });
  });

  const records = [
    ['{"id":"s1","from":"kube-system"}', system('s1'), 's1', false],
    ['{"id":"s1","from":"kube-system"}', system('s2'), 's2', true],
    ['{"id":"own","from":"namespace"}', system('s2'), 'own', false],
  ] as const;
  for (const [record, found, id, isOther] of records) {
    it(`is ${id} after the record ${record} of an earlier version`, async () => {
      const { keyValues } = createMemoryStore();
      await keyValues.write('cluster', record);
      const recognised = await recognizeCluster(keyValues, found);
      expect([recognised.now.id, recognised.isOther]).to.deep.equal([id, isOther]);
    });
  }

  for (const record of ['{"id":7}', '{"id":"s1","from":"elsewhere"}', 's1', 'null', '']) {
    it(`is not replaced if the record is ${JSON.stringify(record)}: that is an error`, async () => {
      const { keyValues } = createMemoryStore();
      await keyValues.write('cluster', record);
      const refused = await recognizeCluster(keyValues, system('s2')).catch(
        (error: unknown) => error,
      );
      expect(refused).to.be.instanceOf(SluiceError).with.property('code', 'store-unusable');
    });
  }
});
