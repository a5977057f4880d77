// The store of the chart: its folder, its maximal size, and what its notes say about losses.

import { expect } from 'chai';
import { runCommand } from '../../lib/cli/run.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { findHelm, render, renderNotes, renderObjects, theOnly } from './helm.ts';

const ours = {
  filters: [{ name: 'crash-loop', reasons: ['BackOff'], action: 'accept' }],
  triggers: { build: { brigade: { project: 'org/repo', namespace: 'brigade' } } },
};
const values = { config: ours };

describe('the store of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('is in the only writable folder, a volume that survives the container', () => {
    const objects = renderObjects(helm, { values });
    const pod = podOf(objects);
    const { volumeMounts, securityContext, env } = containerOf(pod);
    expect(env).to.deep.include({ name: 'SLUICE_DATA', value: '/var/lib/sluice' });
    expect(volumeMounts).to.deep.include({ name: 'data', mountPath: '/var/lib/sluice' });
    expect(volumeMounts.filter(({ readOnly }) => readOnly !== true)).to.have.length(1);
    expect(securityContext).to.include({ readOnlyRootFilesystem: true });
    expect(pod.volumes).to.deep.include({ name: 'data', emptyDir: { sizeLimit: '2304Mi' } });
  });

  it('has more time to stop than the gateway needs', () => {
    const { terminationGracePeriodSeconds } = podOf(renderObjects(helm));
    const drain = /default (\d+)s/.exec(runCommand.flags['drain']?.help ?? '')?.[1];
    expect(Number(drain)).to.be.greaterThan(0);
    expect(terminationGracePeriodSeconds).to.be.greaterThan(Number(drain) + 10);
  });

  const limits = [
    { what: 'store.maxSize', config: { store: { sqlite: {}, maxSize: '10Gi' } }, is: '20736Mi' },
    { what: 'a size in bytes', config: { store: { maxSize: '1048577' } }, is: '260Mi' },
    { what: 'a decimal size', config: { store: { maxSize: '500M' } }, is: '1210Mi' },
    {
      what: 'the default for what is no size in a text',
      config: 'store: { maxSize: x }',
      is: '2304Mi',
    },
    { what: 'the default for what is no block', config: 'store: sqlite', is: '2304Mi' },
    {
      what: 'what the values say',
      config: { store: { maxSize: '10Gi' } },
      store: { sizeLimit: '64Gi' },
      is: '64Gi',
    },
  ];
  for (const { what, config, is, ...more } of limits) {
    it(`may grow to ${is}, by ${what}`, () => {
      const objects = renderObjects(helm, {
        values: { config: typeof config === 'string' ? config : { ...ours, ...config }, ...more },
      });
      expect(podOf(objects).volumes).to.deep.include({
        name: 'data',
        emptyDir: { sizeLimit: is },
      });
    });
  }

  const paths = [
    { path: 'sluice.db', isFine: true },
    { path: '/var/lib/sluice/a/b.db', isFine: true },
    { path: '/data/sluice.db', isFine: false },
    { path: '/var/lib/sluice.db', isFine: false },
  ];
  for (const { path, isFine } of paths) {
    it(`${isFine ? 'may' : 'may not'} be ${path}`, () => {
      const config = { ...ours, store: { sqlite: { path } } };
      const rendered = render(helm, { values: { config } });
      expect(rendered).to.have.property('ok', isFine);
      if (!isFine) expect(rendered).to.have.property('said').that.includes('/var/lib/sluice');
    });
  }

  describe('in the notes', () => {
    it('explain what the store does not survive, and how to list waiting deliveries', () => {
      const notes = renderNotes(helm, { values: { config: ours } });
      expect(notes).to.include('emptyDir, at most 2304Mi');
      expect(notes).to.include('It does not survive the pod.');
      for (const word of ['upgrade', 'delete pod', 'drain', 'loss of its node', 'eviction']) {
        expect(notes).to.include(word);
      }
      const list = 'exec deployment/gw-sluice -- node /app/bin/sluice.js deliveries list';
      expect(notes).to.include(`${list} --state waiting,held\n`);
      const api = { expose: true, existingSecret: 'token' };
      expect(renderNotes(helm, { values: { api } })).to.include(
        'waiting,held --token-file /etc/sluice-api/token\n',
      );
    });

    it('say that a store in memory survives nothing', () => {
      const config = { ...ours, store: { memory: {} } };
      const notes = renderNotes(helm, { values: { config } });
      expect(notes).to.include('in memory, as the configuration says');
      expect(notes).to.not.include('emptyDir');
    });
  });
});

interface Container {
  readonly securityContext: object;
  readonly volumeMounts: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  readonly env: readonly { name: string; value?: string }[];
}

interface Pod {
  readonly containers: readonly Container[];
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly object[];
}

function podOf(objects: readonly KubeObject[]): Pod {
  return (theOnly(objects, 'Deployment')['spec'] as { template: { spec: Pod } }).template.spec;
}

function containerOf({ containers }: Pod): Container {
  const [only] = containers;
  if (only === undefined) throw new Error('expected a container');
  return only;
}
