// Parts of every fault run: its own namespaces on a real control plane, a counting receiver, a
// folder for the store that outlives the gateways, and gateways one after the other over it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../../controlplane/admin-client.ts';
import type { ControlPlane } from '../../../controlplane/control-plane.ts';
import { until } from '../../../support/until.ts';
import { GatewayProcess, type GatewayRequest } from '../../support/gateway-process.ts';
import type { Build } from './accounting.ts';
import { CountingReceiver } from './counting-receiver.ts';
import { FAILING_GATEWAY, FAULTS_VARIABLE, type GatewayFaults } from './gateway-faults.ts';

const ANNOTATION = 'example.com/event';
const SECRETS = 'fieldSelector=type%3Dbrigade.sh%2Fbuild';
/** Two shared cores are slow; no wait takes this long if nothing is wrong. */
const PATIENCE_MS = 60_000;

/** Options of one run of a gateway. */
export interface Life {
  readonly faults?: GatewayFaults;
  /** Changes of the bench's configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Instead of the control plane's own kubeconfig of every right. */
  readonly kubeconfig?: string;
  readonly args?: readonly string[];
}

/** Namespaces, receiver, folder. */
export class FaultBench implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly watched: readonly string[];
  /** Namespace of Jobs and Secrets. */
  readonly builds: string;
  readonly receiver: CountingReceiver;
  /** Folder of the store. */
  readonly folder: string;
  /** The configuration of its gateways. */
  configuration: Readonly<Record<string, unknown>> = {};
  readonly #opened: AsyncDisposableStack;

  private constructor(
    parts: Pick<FaultBench, 'plane' | 'watched' | 'builds' | 'receiver' | 'folder'>,
    opened: AsyncDisposableStack,
  ) {
    this.plane = parts.plane;
    this.watched = parts.watched;
    this.builds = parts.builds;
    this.receiver = parts.receiver;
    this.folder = parts.folder;
    this.#opened = opened;
  }

  /** Creates a bench with this number of watched namespaces. */
  static async start(plane: ControlPlane, namespaces = 1): Promise<FaultBench> {
    await using opened = new AsyncDisposableStack();
    const watched: string[] = [];
    while (watched.length < namespaces) watched.push(await plane.createNamespace('shop'));
    const builds = await plane.createNamespace('builds');
    const receiver = opened.use(await CountingReceiver.start());
    const folder = await mkdtemp(join(tmpdir(), 'sluice-once-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    return new FaultBench({ plane, watched, builds, receiver, folder }, opened.move());
  }

  /** Adds a cleanup to its own end. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#opened.use(resource);
  }

  /** Starts a gateway with the store as it is, without waiting for it. */
  async start(life: Life = {}): Promise<GatewayProcess> {
    return GatewayProcess.start(this.#requestOf(life));
  }

  /** Starts a gateway and waits until it is ready. */
  async ready(life: Life = {}): Promise<GatewayProcess> {
    return GatewayProcess.startReady(this.#requestOf(life));
  }

  /** Waits until no delivery of a gateway waits or runs. */
  async idle(gateway: GatewayProcess, deadlineMs = PATIENCE_MS): Promise<void> {
    const isIdle = async (): Promise<boolean> => {
      const { text } = await gateway.probe('/metrics');
      const depths = text.matchAll(/^sluice_queue_depth\{.*state="(waiting|running)".*\} (\d+)$/gm);
      return [...depths].every(([, , count]) => count === '0');
    };
    await until(isIdle, 'nothing to wait or run', deadlineMs);
  }

  /** The created Jobs, each with its Event. */
  async jobs(): Promise<readonly Build[]> {
    const found = await this.plane.admin.list(`/apis/batch/v1/namespaces/${this.builds}/jobs`);
    return found.map((job) => ({
      event: job.metadata?.annotations?.[ANNOTATION] ?? '',
      id: job.metadata?.annotations?.['sluice.dev/delivery'] ?? '',
    }));
  }

  /** The created build Secrets of Brigade. */
  async secrets(): Promise<readonly Build[]> {
    const path = `/api/v1/namespaces/${this.builds}/secrets?${SECRETS}`;
    return (await this.plane.admin.list(path)).map(toBuild);
  }

  /** The manifest of a Job that names its Event. */
  jobManifest(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const containers = [{ name: 'build', image: 'example.com/build:1' }];
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        namespace: this.builds,
        annotations: { [ANNOTATION]: '${event.metadata.namespace}/${event.metadata.name}' },
      },
      spec: { template: { spec: { restartPolicy: 'Never', containers } }, ...more },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  #requestOf({ faults, configuration, kubeconfig, args }: Life): GatewayRequest {
    const entry =
      faults === undefined
        ? {}
        : {
            entry: FAILING_GATEWAY,
            environment: { [FAULTS_VARIABLE]: JSON.stringify(faults) },
          };
    return {
      // Other specs prove which permissions it needs.
      kubeconfig: kubeconfig ?? this.plane.adminKubeconfig,
      configuration: { ...this.configuration, ...configuration },
      namespace: this.builds,
      dataFolder: this.folder,
      ...(args === undefined ? {} : { args }),
      ...entry,
    };
  }
}

function toBuild(secret: KubeObject): Build {
  const data = secret['data'] as Readonly<Record<string, string>>;
  const payload = Buffer.from(data['payload'] ?? '', 'base64').toString();
  const { metadata } = JSON.parse(payload) as {
    readonly metadata: { readonly namespace: string; readonly name: string };
  };
  return {
    event: `${metadata.namespace}/${metadata.name}`,
    id: secret.metadata?.labels?.['build'] ?? '',
  };
}
