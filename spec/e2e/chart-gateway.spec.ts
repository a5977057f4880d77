// The gateway with exactly the file and the permissions that the chart gives it. Only the container
// is missing: the process runs here, as the service account that helm installed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findHelm, renderObjects, theOnly } from '../charts/helm.ts';
import { createNamespaces, install, type Namespaces, valuesFor } from '../charts/installation.ts';
import type { Values } from '../charts/release.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { freePorts } from '../controlplane/ports.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const executable = join(import.meta.dirname, '../../bin/sluice.js');

describe('the gateway under the permissions of the chart', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let at: Namespaces;
  let probes = '';
  let gateway: Running;

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    const helm = await findHelm(this);
    plane = await sharedControlPlane();
    at = await createNamespaces(plane);
    const [port] = await freePorts(1);
    probes = `127.0.0.1:${port ?? 0}`;
    const values = valuesFor(at, `0.0.0.0:${port ?? 0}`);
    await install(plane, { helm, namespace: at.own, values });
    gateway = await start(plane, { at, file: fileOf(helm, at, values) });
    await plane.waitFor(() => answers(probes, '/readyz'), 30_000, 'the gateway to be ready');
  });

  after(async () => {
    if (gateway.child.exitCode !== null) return;
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
  });

  it('answers the probes of the pod', async () => {
    expect(await answers(probes, '/healthz')).to.equal(true);
    expect(await answers(probes, '/readyz')).to.equal(true);
  });

  it('starts one build at each trigger for an Event in a watched namespace', async () => {
    await plane.apply([podEvent(at.shop)]);
    const secrets = await plane.waitFor(() => buildsIn(plane, at), 20_000, 'a build Secret');
    const jobs = await plane.waitFor(() => jobsIn(plane, at), 20_000, 'a Job');
    expect(secrets.map(nameOf)).to.have.length(1);
    expect(jobs.map(nameOf)).to.have.length(1);
    expect(idOf(secrets), 'the two share no id').to.not.equal(idOf(jobs));
  });

  it('has every permission that it needs', () => {
    expect(gateway.output()).to.not.match(/forbidden/i);
  });

  it('ends with 0 when the pod is stopped', async () => {
    gateway.child.kill('SIGTERM');
    const [code] = (await once(gateway.child, 'exit')) as [number | null];
    expect(code, gateway.output()).to.equal(0);
  });
});

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Runs the gateway with the environment of the pod and the account's token. */
async function start(
  plane: ControlPlane,
  { at, file }: { readonly at: Namespaces; readonly file: string },
): Promise<Running> {
  const token = await plane.tokenFor({ namespace: at.own, name: 'gw-sluice' });
  const kubeconfig = await plane.writeKubeconfig({ user: { token }, namespace: at.own });
  const config = join(plane.directory, `${at.own}.yaml`);
  const data = await mkdtemp(join(plane.directory, 'data-'));
  await writeFile(config, file);
  const child = spawn(
    process.execPath,
    [executable, 'run', '--kubeconfig', kubeconfig, '--api', 'off'],
    {
      env: { GATEWAY_NAMESPACE: at.own, GATEWAY_CONFIG: config, SLUICE_DATA: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return { child, output: () => output };
}

function fileOf(helm: string, at: Namespaces, values: Values): string {
  const objects = renderObjects(helm, { namespace: at.own, values });
  const data = theOnly(objects, 'ConfigMap')['data'] as Readonly<Record<string, string>>;
  return data['config.yaml'] ?? '';
}

async function answers(address: string, path: string): Promise<boolean> {
  const response = await fetch(`http://${address}${path}`);
  await response.body?.cancel();
  return response.status === 200;
}

function podEvent(namespace: string): KubeObject {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace },
    reason: 'BackOff',
    type: 'Warning',
    message: 'Back-off restarting failed container',
    source: { component: 'kubelet' },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}

async function buildsIn(
  plane: ControlPlane,
  at: Namespaces,
): Promise<readonly KubeObject[] | false> {
  const query = 'labelSelector=component%3Dbuild';
  const found = await plane.admin.list(`/api/v1/namespaces/${at.brigade}/secrets?${query}`);
  return found.length > 0 && found;
}

async function jobsIn(plane: ControlPlane, at: Namespaces): Promise<readonly KubeObject[] | false> {
  const found = await plane.admin.list(`/apis/batch/v1/namespaces/${at.ci}/jobs`);
  return found.length > 0 && found;
}

function nameOf({ metadata }: KubeObject): string {
  return metadata?.name ?? '';
}

function idOf(objects: readonly KubeObject[]): string {
  return objects.map(nameOf).join().slice(-26);
}
