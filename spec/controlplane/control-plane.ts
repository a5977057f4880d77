// A real Kubernetes control plane for specs: etcd and kube-apiserver with RBAC, and if asked for the
// controllers, the scheduler and kwok's fake nodes, on free loopback ports, in a temporary folder.
// It is started, used and disposed here; where the programs come from is build.ts's, what fake pods
// do is in stages/.

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, applyAccount, requestToken } from './accounts.ts';
import { AdminClient, type KubeEvent, type KubeObject } from './admin-client.ts';
import { type ComponentName, ensureControlPlane, type Program } from './build.ts';
import { type CertificatePair, type CertificateSubject, ClientAuthority } from './certificates.ts';
import { Component } from './component.ts';
import { compactEtcd, isEtcdHealthy } from './etcd-client.ts';
import { type Layout, type Tuning, toFiles, toFlags } from './flags.ts';
import { writeKeys } from './keys.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { takesPods, toNode } from './nodes.ts';
import { freePorts } from './ports.ts';
import { type Condition, HopelessError, waitFor } from './waiting.ts';

/** What to start, and how it is tuned; everything has a default. */
export interface ControlPlaneOptions extends Partial<Tuning> {
  /** Run kube-controller-manager and kube-scheduler. Default: yes. */
  readonly controllers?: boolean;
  /** Run kwok, so that `addNode` gives nodes whose pods live. Default: yes. */
  readonly kwok?: boolean;
}

/** How the token of a service account gets into its kubeconfig. */
export interface AccountKubeconfig extends Account {
  /** Default: in the file itself; `file` writes it beside and refers to it. */
  readonly token?: 'embedded' | 'file';
  readonly expirationSeconds?: number;
}

// Generous, since two cores shared with a Go build are slow; nothing waits this long when all is well.
const startDeadlineMs = 90_000;

/**
 * Starts a control plane and waits until it can be used.
 *
 * **Errors** when a program is missing, or with the end of a component's output when it does not
 * start; nothing is left running then.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const build = await ensureControlPlane();
  if (build.kind === 'unavailable') throw new Error(`no control plane: ${build.reason}`);
  const plane = await ControlPlane.prepare(build.programs, options);
  try {
    await plane.startAll();
    return plane;
  } catch (error) {
    await plane[Symbol.asyncDispose]();
    throw error;
  }
}

/** A running control plane. */
export class ControlPlane implements AsyncDisposable {
  /** Where kube-apiserver serves: `https://127.0.0.1:<port>`. */
  readonly url: string;
  readonly adminToken: string;
  /** Path of a kubeconfig with every right. */
  readonly adminKubeconfig: string;
  /** Path of the PEM of the authority that signed the server's certificate. */
  readonly caFile: string;
  /** Where everything of this control plane is; components log to `<name>.log` in it. */
  readonly directory: string;
  readonly #programs: ReadonlyMap<ComponentName, Program>;
  readonly #names: readonly ComponentName[];
  readonly #layout: Layout;
  readonly #tuning: Tuning;
  readonly #authority: ClientAuthority | undefined;
  readonly #components = new Map<ComponentName, Component>();
  #admin: AdminClient | undefined;
  #ca = '';
  #kubeconfigs = 0;

  private constructor(parts: Prepared) {
    const files = toFiles(parts.layout);
    this.directory = parts.layout.directory;
    this.url = `https://127.0.0.1:${parts.layout.apiServerPort}`;
    this.adminToken = parts.adminToken;
    this.adminKubeconfig = files.adminKubeconfig;
    this.caFile = files.ca;
    this.#programs = parts.programs;
    this.#names = parts.names;
    this.#layout = parts.layout;
    this.#tuning = parts.tuning;
    this.#authority = parts.authority;
  }

  /** Makes the folder, keys and ports of a control plane; starts nothing. */
  static async prepare(
    programs: ReadonlyMap<ComponentName, Program>,
    options: ControlPlaneOptions,
  ): Promise<ControlPlane> {
    const names = toNames(options);
    const missing = names.filter((name) => !programs.has(name));
    if (missing.length > 0) throw new Error(`no program for ${missing.join(', ')}`);
    const directory = await mkdtemp(join(tmpdir(), 'sluice-controlplane-'));
    const authority = await ClientAuthority.create(directory);
    const [etcd = 0, peer = 0, apiServerPort = 0] = await freePorts(3);
    const layout: Layout = {
      directory,
      etcdUrl: `http://127.0.0.1:${etcd}`,
      etcdPeerUrl: `http://127.0.0.1:${peer}`,
      apiServerPort,
      clientCaFile: authority?.certificateFile,
    };
    const adminToken = randomBytes(24).toString('hex');
    await writeKeys(layout, adminToken);
    const tuning = { ...defaults, ...options };
    return new ControlPlane({ programs, names, layout, tuning, authority, adminToken });
  }

  /** Starts every component in order; `startControlPlane` has done so. */
  async startAll(): Promise<void> {
    for (const name of this.#names) {
      if (name === 'kube-apiserver') await this.startApiServer();
      else await this.#start(name);
    }
    if (!this.#tuning.controllers) return;
    await this.#defaultAccount('default');
  }

  /** The client with every right. */
  get admin(): AdminClient {
    if (this.#admin === undefined) throw new Error('the control plane has not started');
    return this.#admin;
  }

  /** PEM of the authority that signed the server's certificate. */
  get ca(): string {
    return this.#ca;
  }

  /** Starts kube-apiserver on its port and data, unless it runs. */
  async startApiServer(): Promise<void> {
    await this.#start('kube-apiserver');
  }

  /** Ends kube-apiserver; with `SIGKILL` as a crash would, without a word to its watchers. */
  async stopApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#components.get('kube-apiserver')?.stop(signal);
  }

  /** Ends kube-apiserver and starts it again on the same port with the same data. */
  async restartApiServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stopApiServer(signal);
    await this.startApiServer();
  }

  /** Makes etcd forget its history; a watch from any resourceVersion so far then gets 410. */
  async compact(): Promise<string> {
    return compactEtcd(this.#layout.etcdUrl);
  }

  /** Asks as the admin; an answer of 400 or more is an AdminError. */
  async request(method: string, path: string, body?: unknown): Promise<KubeObject> {
    return this.admin.request(method, path, body);
  }

  /** Creates or changes objects as the admin, in the order given. */
  async apply(objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    return this.admin.apply(objects);
  }

  /** The core/v1 Events of a namespace. */
  async events(namespace: string): Promise<readonly KubeEvent[]> {
    return this.admin.events(namespace);
  }

  /** Polls a condition until it holds or the deadline passes. */
  async waitFor<Result>(
    condition: Condition<Result>,
    deadlineMs: number,
    what?: string,
  ): Promise<Result> {
    return waitFor(condition, deadlineMs, what);
  }

  /** A new namespace whose name begins with a prefix, so that specs share a plane without meeting. */
  async createNamespace(prefix: string): Promise<string> {
    const { metadata } = await this.request('POST', '/api/v1/namespaces', {
      metadata: { generateName: `${prefix}-` },
    });
    const name = metadata?.name ?? '';
    if (this.#tuning.controllers) await this.#defaultAccount(name);
    return name;
  }

  /** Adds a fake node and, where kwok runs, waits until it takes pods. */
  async addNode(name: string): Promise<void> {
    await this.apply([toNode(name)]);
    if (!this.#names.includes('kwok')) return;
    await this.#waitWhileAlive(() => takesPods(this.admin, name), `node ${name} to take pods`);
  }

  /** Makes a service account with exactly these rights and a kubeconfig for it; returns its path. */
  async kubeconfigFor(account: AccountKubeconfig): Promise<string> {
    await applyAccount(this.admin, account);
    const token = await requestToken(this.admin, account, account.expirationSeconds);
    const { namespace } = account;
    if (account.token !== 'file') return this.writeKubeconfig({ user: { token }, namespace });
    const tokenFile = join(this.directory, `${namespace}.${account.name}.token`);
    await writeFile(tokenFile, token, { mode: 0o600 });
    return this.writeKubeconfig({ user: { tokenFile }, namespace });
  }

  /** A fresh token of a service account that is there. */
  async tokenFor(account: Pick<Account, 'namespace' | 'name'>): Promise<string> {
    return requestToken(this.admin, account);
  }

  /** Writes a kubeconfig for this server with any `user` stanza; returns its path. */
  async writeKubeconfig(parts: {
    readonly user: Readonly<Record<string, unknown>>;
    readonly namespace?: string;
    readonly ca?: string;
  }): Promise<string> {
    this.#kubeconfigs += 1;
    const file = join(this.directory, `spec-${this.#kubeconfigs}.kubeconfig`);
    await writeFile(file, renderKubeconfig({ server: this.url, ca: this.ca, ...parts }), {
      mode: 0o600,
    });
    return file;
  }

  /** A client certificate for a user name and groups. **Errors** where openssl is not installed. */
  async clientCertificate(
    commonName: string,
    groups: readonly string[] = [],
  ): Promise<CertificatePair> {
    if (this.#authority === undefined) throw new Error('client certificates need openssl on PATH');
    const subject: CertificateSubject = { commonName, groups };
    return this.#authority.issue(subject);
  }

  /** Ends every component and removes the folder. Twice is as good as once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin?.[Symbol.dispose]();
    // The data goes too, so nothing is gained by stopping gracefully; the last started goes first.
    for (const component of [...this.#components.values()].reverse()) {
      await component.stop('SIGKILL');
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  async #start(name: ComponentName): Promise<void> {
    if (this.#components.get(name)?.running === true) return;
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`no program for ${name}`);
    const component = Component.start({
      name,
      program,
      flags: toFlags(name, this.#layout, this.#tuning),
      logFile: join(this.directory, `${name}.log`),
      // kwok would otherwise read and keep things in the user's home.
      environment: { KWOK_WORKDIR: join(this.directory, 'kwok') },
    });
    this.#components.set(name, component);
    await component.ready(async () => this.#isReady(name), startDeadlineMs);
  }

  async #isReady(name: ComponentName): Promise<boolean> {
    if (name === 'etcd') return isEtcdHealthy(this.#layout.etcdUrl);
    if (name !== 'kube-apiserver') return true; // they serve nothing; what they do tells
    this.#admin ??= await this.#connect();
    return (await this.#admin.send({ method: 'GET', path: '/readyz' })).status === 200;
  }

  async #connect(): Promise<AdminClient> {
    this.#ca = await readFile(this.caFile, 'utf8');
    await writeFile(
      this.adminKubeconfig,
      renderKubeconfig({ server: this.url, ca: this.#ca, user: { token: this.adminToken } }),
      { mode: 0o600 },
    );
    return new AdminClient(this.url, this.adminToken, this.#ca);
  }

  async #defaultAccount(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
    await this.#waitWhileAlive(
      async () => (await this.admin.send({ method: 'GET', path })).status === 200,
      `the controllers to make the default service account of ${namespace}`,
    );
  }

  /** Waits for something that a component does, and not on when one of them has died. */
  async #waitWhileAlive(condition: () => Promise<boolean>, what: string): Promise<void> {
    const aliveOr = async (): Promise<boolean> => {
      const dead = [...this.#components.values()].find((component) => !component.running);
      if (dead === undefined) return condition();
      throw new HopelessError(`${dead.name} has ended\n${await dead.lastLines()}`);
    };
    await waitFor(aliveOr, startDeadlineMs, what);
  }
}

interface Prepared {
  readonly programs: ReadonlyMap<ComponentName, Program>;
  readonly names: readonly ComponentName[];
  readonly layout: Layout;
  readonly tuning: Tuning;
  readonly authority: ClientAuthority | undefined;
  readonly adminToken: string;
}

const defaults: Tuning = {
  eventTTL: '1h0m0s',
  // Short enough that a spec which wants an unforced 410 sees one within a minute or so.
  compactionInterval: '30s',
  serviceClusterIPRange: '10.0.0.0/24',
  controllers: true,
  extraApiServerFlags: [],
};

function toNames({ controllers = true, kwok = true }: ControlPlaneOptions): ComponentName[] {
  return [
    'etcd',
    'kube-apiserver',
    ...(controllers ? (['kube-controller-manager', 'kube-scheduler'] as const) : []),
    ...(kwok ? (['kwok'] as const) : []),
  ];
}
