// The cluster's id: the first one chosen stays.
import { expect } from 'chai';
import { clusterId } from '../../lib/gateway/identity.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { recordingObserve } from '../support/recording-observe.ts';

const UNREADABLE = { id: null, why: 'forbidden' } as const;

describe('the cluster id', () => {
  it('is what was found, and stays when something else is found later', async () => {
    const { keep } = createMemoryStore();
    const { observe, of } = recordingObserve();
    const at = { server: 'https://x', observe };
    expect(await clusterId(keep, { id: 'own', from: 'namespace' }, at)).to.equal('own');
    expect(await clusterId(keep, { id: 'system', from: 'kube-system' }, at)).to.equal('own');
    expect(of('cluster-found').map(({ from }) => from)).to.deep.equal(['namespace', 'namespace']);
  });

  it('is random where nothing can be read, and stays', async () => {
    const { keep } = createMemoryStore();
    const { observe, of } = recordingObserve();
    const at = { server: 'https://x', observe };
    const first = await clusterId(keep, UNREADABLE, at);
    expect(first).to.match(/^[0-9a-f-]{36}$/);
    expect(await clusterId(keep, UNREADABLE, at)).to.equal(first);
    expect(of('cluster-found')[0]?.from).to.equal('random');
  });

  it('is chosen anew where what was kept can not be read', async () => {
    const { keep } = createMemoryStore();
    await keep.write('cluster', '{"id":7}');
    const at = { server: 'https://x', observe: recordingObserve().observe };
    expect(await clusterId(keep, { id: 'system', from: 'kube-system' }, at)).to.equal('system');
  });
});
