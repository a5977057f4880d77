// A release over its life on a real control plane: an upgrade that would change the claim, one that
// replaces the Deployment of earlier versions, and `helm test` beside a running gateway.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { chartDirectory, findHelm, renderHook, theOnly } from '../charts/helm.ts';
import { createNamespaces, install, type Namespaces } from '../charts/installation.ts';
import { helmOn } from '../charts/release.ts';
import { containerOf, type Pod } from '../charts/workload.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { freePorts } from '../controlplane/ports.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const executable = join(import.meta.dirname, '../../bin/sluice.js');
const script = join(chartDirectory, 'files/test-release.js');

describe('a release of the chart', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let helm = '';

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    helm = await findHelm(this);
    plane = await sharedControlPlane();
  });

  /** `helm upgrade` of the release, without hooks, which only a kubelet could run. */
  const upgrade = (namespace: string, set: string) =>
    helmOn(plane, helm, [
      ...['upgrade', 'gw', chartDirectory, '--namespace', namespace, '--no-hooks', '--set', set],
    ]);

  it('refuses an upgrade that would change the claim, with a way that works', async () => {
    const namespace = await plane.createNamespace('claim');
    await install(plane, { helm, namespace, values: { config: {} } });
    expect(await upgrade(namespace, 'persistence.size=4096Mi')).to.have.property('ok', true);

    const refused = await upgrade(namespace, 'persistence.size=8Gi');
    expect(refused.ok).to.equal(false);
    expect(refused.said).to.include('asks for a claim of 8Gi ReadWriteOnce');
    expect(refused.said).to.include('was made with a claim of 4Gi ReadWriteOnce');
    const [, command = ''] = /run `kubectl ([^`]+)`/.exec(refused.said) ?? [];
    expect(command).to.equal(
      `--namespace ${namespace} delete statefulset gw-sluice --cascade=orphan`,
    );

    const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets/gw-sluice`;
    const orphan = { propagationPolicy: 'Orphan' };
    await plane.admin.send({ method: 'DELETE', path, body: orphan });
    const isGone = async () => (await plane.admin.send({ method: 'GET', path })).status === 404;
    await plane.waitFor(isGone, 20_000, 'the StatefulSet to be gone');
    expect(await upgrade(namespace, 'persistence.size=8Gi')).to.have.property('ok', true);
    expect(await upgrade(namespace, 'persistence.enabled=false')).to.have.property('ok', false);
  });

  it('says what an upgrade from the Deployment means', async () => {
    const namespace = await plane.createNamespace('before');
    await install(plane, { helm, namespace, values: { config: {} } });
    const first = await upgrade(namespace, 'podAnnotations.a=b');
    expect(first.said).to.not.include('Deployment');
    // As after an installation of an earlier version.
    const labels = { app: 'old' };
    await plane.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'gw-sluice', namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      },
    ]);
    const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets/gw-sluice`;
    await plane.admin.send({ method: 'DELETE', path });
    const isGone = async () => (await plane.admin.send({ method: 'GET', path })).status === 404;
    await plane.waitFor(isGone, 20_000, 'the StatefulSet to be gone');
    const { ok, said } = await upgrade(namespace, 'podAnnotations.a=c');
    expect(ok, said).to.equal(true);
    expect(said).to.include('This upgrade replaced the Deployment gw-sluice');
    expect(said).to.include('scale deployment/gw-sluice --replicas 0');
  });

  describe('tested', () => {
    let at: Namespaces;
    let gateway: ChildProcessByStdio<null, Readable, Readable> | undefined;
    let log = '';
    let api = '';
    let folder = '';

    before(async () => {
      at = await createNamespaces(plane);
      folder = await mkdtemp(join(plane.directory, 'release-'));
      const [port = 0] = await freePorts(1);
      api = `127.0.0.1:${port}`;
      const config = {
        sources: { shop: { events: { namespaces: [at.shop] } } },
        filters: [{ name: 'everything', kind: 'Pod', action: 'accept' }],
        triggers: { build: { brigade: { project: 'org/repo', namespace: at.brigade } } },
      };
      await install(plane, { helm, namespace: at.own, values: { config } });
      await writeFile(join(folder, 'api-token'), 'a-token-of-the-spec');
      await writeFile(join(folder, 'config.json'), JSON.stringify(config));
      const token = await plane.tokenFor({ namespace: at.own, name: 'gw-sluice' });
      const kubeconfig = await plane.writeKubeconfig({ user: { token }, namespace: at.own });
      const listeners = ['--api', api, '--api-require-token', '--probes', 'off'];
      gateway = spawn(
        process.execPath,
        [
          ...[executable, 'run', '--kubeconfig', kubeconfig, ...listeners],
          ...['--api-token-file', join(folder, 'api-token')],
        ],
        {
          env: {
            GATEWAY_NAMESPACE: at.own,
            GATEWAY_CONFIG: join(folder, 'config.json'),
            SLUICE_DATA: folder,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      gateway.stdout.on('data', (part: Buffer) => void (log += part.toString()));
      gateway.stderr.on('data', (part: Buffer) => void (log += part.toString()));
    });

    after(async () => {
      if (gateway === undefined || gateway.exitCode !== null) return;
      gateway.kill('SIGKILL');
      await once(gateway, 'exit');
    });

    it('finds the decision of its Event, which starts nothing', async () => {
      const sources = { shop: { events: { namespaces: [at.shop] } } };
      const values = { config: { sources }, api: { expose: true, existingSecret: 'token' } };
      const objects = renderHook(helm, 'test', { namespace: at.own, values });
      await plane.apply(objects.filter(({ kind }) => kind !== 'Pod'));
      const pod = theOnly(objects, 'Pod')['spec'] as Pod & { readonly serviceAccountName: string };
      const account = { namespace: at.own, name: pod.serviceAccountName };
      await writeFile(join(folder, 'token'), await plane.tokenFor(account));
      await writeFile(join(folder, 'ca.crt'), plane.ca);
      const given = (containerOf(pod).env ?? []).map(({ name, value = '' }) => [name, value]);
      const server = new URL(plane.url);
      const test = spawn(process.execPath, [script], {
        env: {
          ...(Object.fromEntries(given) as Readonly<Record<string, string>>),
          API_URL: `http://${api}`,
          API_TOKEN_FILE: join(folder, 'api-token'),
          KUBERNETES_SERVICE_HOST: server.hostname,
          KUBERNETES_SERVICE_PORT: server.port,
          NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'),
          TOKEN_FILE: join(folder, 'token'),
          TIMEOUT_SECONDS: '40',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      test.stdout.on('data', (part: Buffer) => void (said += part.toString()));
      test.stderr.on('data', (part: Buffer) => void (said += part.toString()));
      const [code] = (await once(test, 'close')) as [number | null];
      expect(code, `${said}${log}`).to.equal(0);
      const decision: unknown = JSON.parse(/^decided: (.*)$/m.exec(said)?.[1] ?? 'null');
      expect(decision).to.deep.nested.include({
        action: 'accept',
        'rule.name': 'everything',
        'dispositions[0].disposition': 'loop',
      });
    });
  });
});
