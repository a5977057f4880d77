// One pod on the stand-in's node, from its volumes to the end of its process. Each step writes the status that a
// kubelet would write.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { freePorts } from '../../controlplane/ports.ts';
import { Container } from '../../image/container.ts';
import type { Pod, Volume } from './pod.ts';
import { variablesOf, writeVolume } from './pod-parts.ts';
import { ENTRY_POINT, makeRoot } from './root-tree.ts';

const DATA = '/var/lib/sluice';

/** Where a pod runs. */
export interface PodPlace {
  readonly plane: ControlPlane;
  /** Folder of the pod. */
  readonly folder: string;
  /** Folder of a claim of the pod's namespace. */
  readonly claim: (name: string) => string;
}

/** A pod that runs, or ran. */
export class PodRun {
  readonly pod: Pod;
  /** Why it does not start yet; empty if it does. */
  waiting = '';
  /** Exit codes of its process, one for each time that it ended. */
  readonly exits: (number | null)[] = [];
  /** When its first process began. Monotonic, in ms; 0 if none did. */
  started = 0;
  /** When its last process ended. Monotonic, in ms; 0 if none did. */
  ended = 0;
  readonly #place: PodPlace;
  readonly #starts: Start[] = [];
  #status = '';
  #stopped = 0;
  #isGone = false;

  constructor(pod: Pod, place: PodPlace) {
    this.pod = pod;
    this.#place = place;
  }

  /** Standard output of all its processes. */
  get out(): string {
    return this.#starts.map(({ container }) => container.out).join('');
  }

  /** Standard error of all its processes. */
  get err(): string {
    return this.#starts.map(({ container }) => container.err).join('');
  }

  /** Whether its process runs. */
  get isRunning(): boolean {
    return this.#starts.length > this.exits.length;
  }

  /** Asks an address of its probes listener. */
  async probe(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#starts.at(-1)?.probes ?? 0}${path}`);
  }

  /** Makes the next step towards what the pod asks for. */
  async sync(pod: Pod): Promise<void> {
    const { deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
    if (deletionTimestamp !== undefined) return this.#end(deletionGracePeriodSeconds);
    const isOver = this.exits.length > 0 && pod.spec.restartPolicy !== 'Always';
    if (!this.isRunning && !isOver) await this.#start();
    await this.#report(pod, isOver);
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    await this.#starts.at(-1)?.container[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    try {
      const start = await this.#prepare();
      this.waiting = '';
      this.#starts.push(start);
      this.started ||= performance.now();
      void start.container.ended().then((code) => {
        this.exits.push(code);
        this.ended = performance.now();
      });
    } catch (error) {
      this.waiting = error instanceof Error ? error.message : String(error);
    }
  }

  async #prepare(): Promise<Start> {
    const { plane, folder } = this.#place;
    const { spec } = this.pod;
    const [{ command = ENTRY_POINT, args = [], volumeMounts = [] }] = spec.containers;
    const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
    const mounts: Record<string, string> = {};
    for (const { name, mountPath } of volumeMounts) {
      const volume = volumes.get(name);
      if (volume === undefined) throw new Error(`the pod has no volume ${name}`);
      mounts[mountPath] = this.#folderOf(volume);
      await writeVolume(plane, this.pod, { volume, folder: mounts[mountPath] });
    }
    const { [DATA]: data = join(folder, 'no-data'), ...readOnly } = mounts;
    await mkdir(data, { recursive: true });
    const root = join(folder, 'root');
    const shared = makeRoot(root, Object.keys(mounts));
    const [probes = 0, api = 0] = await freePorts(2);
    const environment = await this.#environment();
    const container = new Container({
      root,
      data,
      mounts: { ...shared, ...readOnly },
      environment,
      command: [...command, ...args, ...(args[0] === 'run' ? listeners(probes, api) : [])],
    });
    return { container, probes };
  }

  async #environment(): Promise<Readonly<Record<string, string>>> {
    const { plane } = this.#place;
    const { hostname, port } = new URL(plane.url);
    return {
      PATH: '/usr/local/bin',
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      ...(await variablesOf(plane, this.pod)),
    };
  }

  #folderOf({ name, persistentVolumeClaim }: Volume): string {
    return persistentVolumeClaim === undefined
      ? join(this.#place.folder, 'volumes', name)
      : this.#place.claim(persistentVolumeClaim.claimName);
  }

  /** Ends the process as Kubernetes does, and then the pod. */
  async #end(graceSeconds: number): Promise<void> {
    const { namespace, name } = this.pod.metadata;
    const container = this.#starts.at(-1)?.container;
    if (this.isRunning && container !== undefined) {
      const now = performance.now();
      if (this.#stopped === 0) container.signal('SIGTERM');
      else if (now - this.#stopped > graceSeconds * 1000) container.signal('SIGKILL');
      this.#stopped ||= now;
      return;
    }
    if (this.#isGone) return;
    this.#isGone = true;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`;
    await this.#place.plane.admin.send({ method: 'DELETE', path });
  }

  async #report(pod: Pod, isOver: boolean): Promise<void> {
    const isReady = this.isRunning && (await this.#isReady());
    const code = this.exits.at(-1) ?? 0;
    const phase = isOver
      ? code === 0
        ? 'Succeeded'
        : 'Failed'
      : this.isRunning
        ? 'Running'
        : 'Pending';
    const status = statusOf(pod, {
      phase,
      isReady,
      code,
      restarts: Math.max(0, this.#starts.length - 1),
      waiting: this.waiting,
    });
    const text = JSON.stringify(status);
    if (text === this.#status) return;
    const { namespace, name } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    const answer = await this.#place.plane.admin.send({ method: 'PATCH', path, body: { status } });
    if (answer.status < 300) this.#status = text;
    else if (answer.status !== 404) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  }

  async #isReady(): Promise<boolean> {
    const path = this.pod.spec.containers[0].readinessProbe?.httpGet?.path;
    if (path === undefined) return true;
    try {
      const answer = await this.probe(path);
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false; // it does not listen yet
    }
  }
}

interface Start {
  readonly container: Container;
  readonly probes: number;
}

interface State {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly isReady: boolean;
  readonly code: number;
  readonly restarts: number;
  readonly waiting: string;
}

/** Pods share the network of this machine, so each listener gets a free port of its own. */
function listeners(probes: number, api: number): readonly string[] {
  return ['--probes', `127.0.0.1:${probes}`, '--api', `127.0.0.1:${api}`];
}

function statusOf(pod: Pod, { phase, isReady, code, restarts, waiting }: State): object {
  const [{ name, image }] = pod.spec.containers;
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const conditions = ['Ready', 'ContainersReady'].map((type) => condition(type, isReady));
  return {
    phase,
    conditions: [condition('PodScheduled', true), condition('Initialized', true), ...conditions],
    containerStatuses: [
      {
        name,
        image,
        imageID: '',
        ready: isReady,
        started: phase === 'Running',
        restartCount: restarts,
        state: isOver
          ? { terminated: { exitCode: code, reason: code === 0 ? 'Completed' : 'Error' } }
          : phase === 'Running'
            ? { running: {} }
            : { waiting: { reason: 'ContainerCreating', message: waiting } },
      },
    ],
  };
}

function condition(type: string, isTrue: boolean): object {
  return { type, status: isTrue ? 'True' : 'False' };
}
