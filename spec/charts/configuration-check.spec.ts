// The check of the configuration before an installation and an upgrade: a Job with a ConfigMap of its
// own, which can run before anything of the release exists.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runLine } from '../cli/process-context.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { findHelm, renderHook, renderObjects, theOnly } from './helm.ts';
import { containerOf, type Pod, podOf, type Template } from './workload.ts';

const config = {
  filters: [{ kind: 'Pod', action: 'accept' }],
  triggers: { build: { http: { url: 'https://ci.example.test/', signing: { secretEnv: 'KEY' } } } },
};
const secrets = { KEY: { existingSecret: 'ci', key: 'key' } };
const values = { config, secrets };

describe('the check of the configuration', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('runs before an installation and an upgrade, and is removed if it succeeds', () => {
    for (const hook of ['pre-install', 'pre-upgrade']) {
      const objects = renderHook(helm, hook, { values });
      expect(objects.map(({ kind }) => kind)).to.deep.equal(['ConfigMap', 'Job']);
      for (const { metadata } of objects) {
        expect(metadata?.annotations).to.include({
          'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
        });
      }
      const weights = objects.map(({ metadata }) => metadata?.annotations?.['helm.sh/hook-weight']);
      expect(weights).to.deep.equal(['-10', '-5']);
    }
  });

  it('reads the configuration of the release, in a pod of the same form', () => {
    const hooks = renderHook(helm, 'pre-install', { values });
    const objects = renderObjects(helm, { values });
    expect(theOnly(hooks, 'ConfigMap')['data']).to.deep.equal(
      theOnly(objects, 'ConfigMap')['data'],
    );
    const pod = jobPodOf(hooks);
    const gateway = podOf(objects);
    const container = containerOf(pod);
    expect(container.args).to.deep.equal(['check']);
    expect(container.image).to.equal(containerOf(gateway).image);
    expect(container.securityContext).to.deep.equal(containerOf(gateway).securityContext);
    expect(pod.securityContext).to.deep.equal(gateway.securityContext);
    expect(pod).to.include({ automountServiceAccountToken: false, restartPolicy: 'Never' });
    expect(container.env).to.deep.include({
      name: 'GATEWAY_CONFIG',
      value: '/etc/sluice/config.yaml',
    });
  });

  it('needs nothing that may not exist yet', () => {
    const later = { secretKeyRef: { name: 'later', key: 'key' } };
    const env = [
      { name: 'HTTPS_PROXY', value: 'http://proxy.example.test:3128' },
      { name: 'LATER', valueFrom: later },
    ];
    const extraVolumes = [{ name: 'ca', configMap: { name: 'later' } }];
    const given = { ...values, env, extraVolumes, envFrom: [{ secretRef: { name: 'later' } }] };
    const pod = jobPodOf(renderHook(helm, 'pre-install', { values: given }));
    const { env: variables = [], ...container } = containerOf(pod);
    expect(variables).to.deep.include(env[0]);
    expect(variables.map(({ name }) => name)).to.not.include('LATER');
    expect(variables).to.deep.include({
      name: 'KEY',
      valueFrom: { secretKeyRef: { name: 'ci', key: 'key', optional: true } },
    });
    expect(container).to.not.have.property('envFrom');
    const secret = { name: 'ci', items: [{ key: 'key', path: 'KEY' }], optional: true };
    expect(pod.volumes).to.deep.equal([
      { name: 'config', configMap: { name: 'gw-sluice-check' } },
      { name: 'secrets', projected: { sources: [{ secret }] } },
    ]);
  });

  it('reads a configuration that the chart does not see', () => {
    const existingConfigMap = { name: 'mine', key: 'sluice.yaml' };
    const hooks = renderHook(helm, 'pre-install', { values: { existingConfigMap } });
    expect(hooks.map(({ kind }) => kind)).to.deep.equal(['Job']);
    const pod = jobPodOf(hooks);
    expect(pod.volumes).to.deep.equal([{ name: 'config', configMap: { name: 'mine' } }]);
    expect(containerOf(pod).env).to.deep.include({
      name: 'GATEWAY_CONFIG',
      value: '/etc/sluice/sluice.yaml',
    });
  });

  const absent = [
    { what: 'it is off', values: { ...values, configurationCheck: { enabled: false } } },
    { what: 'there is no configuration', values: {} },
  ];
  for (const { what, values: given } of absent) {
    it(`is absent if ${what}`, () => {
      expect(renderHook(helm, 'pre-install', { values: given })).to.deep.equal([]);
    });
  }

  describe('run with the rendered ConfigMap', () => {
    let folder = '';
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-check-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const check = async (given: Readonly<Record<string, unknown>>): Promise<string> => {
      const hooks = renderHook(helm, 'pre-upgrade', { values: given });
      const data = theOnly(hooks, 'ConfigMap')['data'] as Readonly<Record<string, string>>;
      const [[name, text] = ['', '']] = Object.entries(data);
      await writeFile(join(folder, name), text);
      const environment = { GATEWAY_NAMESPACE: 'ci', GATEWAY_CONFIG: join(folder, name) };
      const { code, out } = await runLine(containerOf(jobPodOf(hooks)).args, { environment });
      return `${code} ${out}`;
    };

    it('succeeds, and only warns about a Secret that does not exist yet', async () => {
      expect(await check(values)).to.match(/^0 .*warning secret-unreadable/);
    });

    it('fails for what no schema can see', async () => {
      const filters = [{ reasons: ['/(/'], action: 'accept' }];
      expect(await check({ config: { ...config, filters }, secrets })).to.match(/^3 .* error /);
    });
  });
});

function jobPodOf(objects: readonly KubeObject[]): Pod {
  return (theOnly(objects, 'Job')['spec'] as { template: Template }).template.spec;
}
