// Makes the recording of the demo, samples/demo.ndjson: `sluice record` watches a control plane of our
// own on which a small shop has failures. `make recording` runs it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../spec/controlplane/admin-client.ts';
import { type ControlPlane, startControlPlane } from '../spec/controlplane/control-plane.ts';
import { childEnvironment } from '../spec/controlplane/environment.ts';

const root = new URL('../', import.meta.url);
const output = fileURLToPath(new URL('samples/demo.ndjson', root));

/** Enough for several failures of every kind, and small enough to commit. */
const NOTIFICATIONS = 600;

interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** See stages/pods-in-trouble.yaml. */
  readonly behaviour: string;
  readonly times?: number;
  readonly cpu?: string;
}

const workloads: readonly Workload[] = [
  { namespace: 'shop', name: 'web', replicas: 3, behaviour: 'run' },
  { namespace: 'shop', name: 'checkout', replicas: 3, behaviour: 'crash', times: 20 },
  { namespace: 'shop', name: 'checkout-canary', replicas: 1, behaviour: 'crash', times: 12 },
  { namespace: 'shop', name: 'search', replicas: 2, behaviour: 'unhealthy', times: 20 },
  { namespace: 'shop', name: 'recommendations', replicas: 2, behaviour: 'run', cpu: '9000' },
  { namespace: 'pay', name: 'api', replicas: 2, behaviour: 'image', times: 20 },
  { namespace: 'pay', name: 'ledger', replicas: 2, behaviour: 'mount', times: 20 },
  { namespace: 'preview-17', name: 'web', replicas: 2, behaviour: 'run' },
  { namespace: 'kube-system', name: 'dns', replicas: 2, behaviour: 'unhealthy', times: 6 },
];

async function main(): Promise<void> {
  await using plane = await startControlPlane();
  for (const name of ['node-a', 'node-b']) await plane.addNode(name);
  for (const name of ['shop', 'pay', 'batch', 'preview-17']) await plane.apply([namespace(name)]);
  const recorder = record(plane);
  try {
    await play(plane);
  } finally {
    recorder.kill('SIGTERM');
    await once(recorder, 'close');
  }
  process.stderr.write(`wrote ${await countLines()} notifications to ${output}\n`);
}

/** Plays the failures of the shop in order. */
async function play(plane: ControlPlane): Promise<void> {
  await plane.waitFor(async () => (await countLines()) >= 0, 20_000, 'the recorder');
  await plane.apply(workloads.map(deployment));
  await plane.apply([1, 2, 3, 4].map((number) => job(`report-${number}`, 'complete')));
  await plane.apply([job('import', 'fail'), job('rebuild-index', 'run', '9000')]);
  await plane.waitFor(async () => (await countLines()) > NOTIFICATIONS / 3, 120_000, 'a third');
  await plane.apply([
    deployment({ namespace: 'shop', name: 'web', replicas: 5, behaviour: 'run' }),
  ]);
  await plane.apply([5, 6].map((number) => job(`report-${number}`, 'complete')));
  await plane.request('DELETE', '/api/v1/namespaces/preview-17');
  await plane.waitFor(async () => (await countLines()) > NOTIFICATIONS / 2, 120_000, 'half');
  await plane.apply([
    deployment({ namespace: 'shop', name: 'web', replicas: 2, behaviour: 'run' }),
  ]);
  await plane.waitFor(async () => (await countLines()) > NOTIFICATIONS - 60, 240_000, 'the rest');
  await plane.request('DELETE', '/api/v1/namespaces/batch/events');
  await plane.waitFor(async () => (await countLines()) >= NOTIFICATIONS, 60_000, 'the end');
}

function record(plane: ControlPlane): ReturnType<typeof spawn> {
  const executable = fileURLToPath(new URL('bin/sluice.js', root));
  const args = ['record', '--kubeconfig', plane.adminKubeconfig, '--namespaces', '*'];
  return spawn(process.execPath, [executable, ...args, '--output', output], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: childEnvironment({}),
  });
}

async function countLines(): Promise<number> {
  return (await readFile(output, 'utf8')).split('\n').length - 1;
}

function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function deployment({ namespace, name, replicas, ...pod }: Workload): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: template(pod, labels) },
  };
}

function job(name: string, behaviour: string, cpu = '10m'): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'batch' },
    spec: { backoffLimit: 1, template: template({ behaviour, cpu }, {}, 'Never') },
  };
}

function template(
  { behaviour, times, cpu = '10m' }: Pick<Workload, 'behaviour' | 'times' | 'cpu'>,
  labels: Readonly<Record<string, string>>,
  restartPolicy = 'Always',
): object {
  const annotations = {
    'spec.sluice.dev/period': '2s',
    ...(times === undefined ? {} : { 'spec.sluice.dev/times': String(times) }),
  };
  const container = { name: 'app', image: 'example.com/app:1', resources: { requests: { cpu } } };
  return {
    metadata: { labels: { ...labels, 'spec.sluice.dev/behaviour': behaviour }, annotations },
    spec: { restartPolicy, terminationGracePeriodSeconds: 1, containers: [container] },
  };
}

await main();
