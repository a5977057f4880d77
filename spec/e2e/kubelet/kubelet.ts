// A stand-in for the kubelet on a node of its own: it runs the pods that the real scheduler binds to it as
// processes of this machine, with the command line, the variables, the volumes and the account's token that the
// pod names. The real controllers make and replace the pods. It also gives claims their volumes.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/kit/system.ts';
import type { KubeObject } from '../../controlplane/admin-client.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { takesPods } from '../../controlplane/nodes.ts';
import type { Pod } from './pod.ts';
import { PodRun } from './pod-run.ts';

const TICK_MS = 150;
// The controllers think that a node is gone after 40 s.
const HEARTBEAT_MS = 10_000;
const NODE_SELECTOR = 'scheduler.alpha.kubernetes.io/node-selector';

/** A node and what runs on it. Disposing kills its pods and removes it. */
export class Kubelet implements AsyncDisposable {
  /** Name of the node. */
  readonly node: string;
  /** Every pod that it ran, in the order of their starts. */
  readonly runs: PodRun[] = [];
  readonly #plane: ControlPlane;
  readonly #folder: string;
  readonly #stop = new AbortController();
  readonly #namespaces: string[] = [];
  readonly #volumes: string[] = [];
  #running: Promise<void> = Promise.resolve();
  #heartbeat = Number.NEGATIVE_INFINITY;
  #trouble: unknown;

  private constructor(plane: ControlPlane, folder: string) {
    this.#plane = plane;
    this.#folder = folder;
    this.node = folder.slice(folder.lastIndexOf('/') + 1).toLowerCase();
  }

  /** Adds a node and waits until it takes pods. */
  static async start(plane: ControlPlane): Promise<Kubelet> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-node-'));
    const kubelet = new Kubelet(plane, folder);
    const labels = { 'kubernetes.io/hostname': kubelet.node, 'kubernetes.io/os': 'linux' };
    const metadata = { name: kubelet.node, labels };
    await plane.apply([{ apiVersion: 'v1', kind: 'Node', metadata }]);
    kubelet.#running = kubelet.#run();
    await plane.waitFor(() => takesPods(plane.admin, kubelet.node), 30_000, 'the node');
    return kubelet;
  }

  /** From now on the pods of a namespace run here. */
  async take(namespace: string): Promise<void> {
    const annotations = { [NODE_SELECTOR]: `kubernetes.io/hostname=${this.node}` };
    await this.#plane.request('PATCH', `/api/v1/namespaces/${namespace}`, {
      metadata: { annotations },
    });
    this.#namespaces.push(namespace);
  }

  /** The pods that it ran under this name, the newest last. */
  podsOf(namespace: string, prefix: string): readonly PodRun[] {
    return this.runs.filter(
      ({ pod: { metadata } }) =>
        metadata.namespace === namespace && metadata.name.startsWith(prefix),
    );
  }

  /** **Errors**: throws what went wrong in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.runs.map((run) => run.kill()));
    await this.#plane.admin.send({ method: 'DELETE', path: `/api/v1/nodes/${this.node}` });
    for (const name of this.#volumes) {
      await this.#plane.admin.send({ method: 'DELETE', path: `/api/v1/persistentvolumes/${name}` });
    }
    await rm(this.#folder, { recursive: true, force: true });
    if (this.#trouble !== undefined) throw new Error('the kubelet', { cause: this.#trouble });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#tick().catch((error: unknown) => (this.#trouble ??= error));
      await systemClock.sleep(TICK_MS, this.#stop.signal).catch(() => undefined);
    }
  }

  async #tick(): Promise<void> {
    await this.#beat();
    const path = `/api/v1/pods?fieldSelector=spec.nodeName%3D${this.node}`;
    const pods = (await this.#plane.admin.list(path)).map((one) => one as Pod);
    await Promise.all([...pods.map((pod) => this.#runOf(pod).sync(pod)), this.#bindClaims()]);
    // A pod that was deleted by force.
    const there = new Set(pods.map(({ metadata }) => metadata.uid));
    const gone = this.runs.filter(
      ({ pod, isRunning }) => isRunning && !there.has(pod.metadata.uid),
    );
    await Promise.all(gone.map((run) => run.kill()));
  }

  #runOf(pod: Pod): PodRun {
    const known = this.runs.find((run) => run.pod.metadata.uid === pod.metadata.uid);
    if (known !== undefined) return known;
    const { namespace, uid } = pod.metadata;
    const run = new PodRun(pod, {
      plane: this.#plane,
      folder: join(this.#folder, 'pods', uid),
      claim: (name) => this.#claimFolder(namespace, name),
    });
    this.runs.push(run);
    return run;
  }

  /** Says that the node is ready. */
  async #beat(): Promise<void> {
    if (performance.now() - this.#heartbeat < HEARTBEAT_MS) return;
    this.#heartbeat = performance.now();
    const room = { cpu: '64', memory: '64Gi', pods: '200' };
    const lastHeartbeatTime = new Date(systemClock.now()).toISOString();
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime };
    await this.#plane.request('PATCH', `/api/v1/nodes/${this.node}/status`, {
      status: { capacity: room, allocatable: room, conditions: [ready] },
    });
  }

  /** Gives each claim of the node's namespaces a volume, as a provisioner does. */
  async #bindClaims(): Promise<void> {
    for (const namespace of this.#namespaces) {
      const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
      for (const claim of await this.#plane.admin.list(path)) await this.#bind(claim);
    }
  }

  async #bind({ metadata, spec }: KubeObject): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata ?? {};
    const volume = `volume-${uid}`;
    if (this.#volumes.includes(volume)) return;
    this.#volumes.push(volume);
    const { accessModes, resources } = spec as Claim;
    await this.#plane.apply([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: volume },
        spec: {
          accessModes,
          capacity: resources.requests,
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
          hostPath: { path: this.#claimFolder(namespace, name) },
          persistentVolumeReclaimPolicy: 'Retain',
        },
      },
    ]);
  }

  #claimFolder(namespace: string, name: string): string {
    return join(this.#folder, 'claims', namespace, name);
  }
}

interface Claim {
  readonly accessModes: readonly string[];
  readonly resources: { readonly requests: Readonly<Record<string, string>> };
}
