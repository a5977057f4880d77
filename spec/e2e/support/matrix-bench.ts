// What the rows of the connection matrix share: places and accounts on one control plane, a folder
// for kubeconfigs, tokens and certificates, and files that are exchanged as a kubelet does it.

import { createPrivateKey, createSign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminClient } from '../../controlplane/admin-client.ts';
import type { CertificatePair } from '../../controlplane/certificates.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { renderKubeconfig } from '../../controlplane/kubeconfig.ts';
import * as once from './once.ts';

/** A service account's name and place. */
export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

/** The folder, the places and the accounts of one spec. */
export class MatrixBench implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly places: once.Places;
  readonly folder: string;
  /** The account that may do what is needed there. */
  readonly account: AccountName;
  #files = 0;

  private constructor(plane: ControlPlane, places: once.Places, folder: string) {
    this.plane = plane;
    this.places = places;
    this.folder = folder;
    this.account = { namespace: places.builds, name: 'gateway' };
  }

  /** Makes the places and the account; the account may also read which cluster it is. */
  static async create(plane: ControlPlane): Promise<MatrixBench> {
    const places = await once.createPlaces(plane, 1);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-matrix-'));
    const bench = new MatrixBench(plane, places, folder);
    await bench.grant(bench.account.name);
    return bench;
  }

  /** What a gateway process is started with; no pauses but those of the connection. */
  get request(): {
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly namespace: string;
  } {
    const configuration = once.configMapPerSeries(this.places);
    return { configuration, namespace: this.places.builds };
  }

  /** A fresh token of the account, or of another one. */
  token(name = this.account.name): Promise<string> {
    return this.plane.tokenFor({ ...this.account, name });
  }

  /** Makes an account of this name with the same rights. */
  async grant(name: string): Promise<void> {
    const rights = once.rulesFor(this.places);
    const knowing = { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] };
    const clusterRules = [{ ...knowing, resourceNames: ['kube-system'] }];
    await this.plane.kubeconfigFor({ ...rights, name, clusterRules });
  }

  /** Gives a user of client certificates the account's rights, until the answer is called. */
  async grantUser(user: string): Promise<() => Promise<void>> {
    const { namespace, name } = this.account;
    const rbac = 'rbac.authorization.k8s.io';
    const roleRef = { apiGroup: rbac, kind: 'Role', name: `${namespace}.${name}` };
    const subjects = [{ apiGroup: rbac, kind: 'User', name: user }];
    const bindings = [...this.places.watched, this.places.builds].map((place) => ({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { namespace: place, name: user },
      roleRef,
      subjects,
    }));
    await this.plane.apply(bindings);
    return async () => {
      for (const { metadata } of bindings) {
        const path = `/apis/${rbac}/v1/namespaces/${metadata.namespace}/rolebindings/${user}`;
        await this.plane.request('DELETE', path);
      }
    };
  }

  /** Ends an account, and with it every token of it; the API server believes one for some seconds. */
  async endAccount(name: string, token: string): Promise<void> {
    const { namespace } = this.account;
    await this.plane.request('DELETE', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`);
    const isRefused = async (): Promise<boolean> => (await this.statusOf(token)) === 401;
    await this.plane.waitFor(isRefused, 30_000, 'the token to be refused');
  }

  /** What the API server itself answers to a token. */
  async statusOf(token: string): Promise<number> {
    using client = new AdminClient(this.plane.url, token, this.plane.ca);
    return (await client.send({ method: 'GET', path: '/api' })).status;
  }

  /** A real token with other times, signed anew with the key of the control plane. */
  async resigned(token: string, times: Readonly<Record<string, number>>): Promise<string> {
    const [header = '', payload = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, ...times })).toString('base64url');
    const key = await readFile(join(this.plane.directory, 'service-account.key'));
    const signing = createSign('RSA-SHA256').update(`${header}.${changed}`);
    return `${header}.${changed}.${signing.sign(createPrivateKey(key), 'base64url')}`;
  }

  /** Writes a file so that the new content appears at once. */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(`${path}.new`, content, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return path;
  }

  /** Writes a certificate and its key; answers the `user` stanza that names them. */
  async certificateFiles(pair: CertificatePair): Promise<Readonly<Record<string, string>>> {
    return {
      'client-certificate': await this.file('client.crt', pair.certificate),
      'client-key': await this.file('client.key', pair.key),
    };
  }

  /** Writes a kubeconfig; the server and its authority are those of the control plane. */
  async kubeconfig(parts: {
    readonly user: Readonly<Record<string, unknown>>;
    readonly server?: string;
    readonly ca?: string;
    /** The authority by its path, instead of `ca`. */
    readonly caFile?: string;
    readonly proxyUrl?: string;
  }): Promise<string> {
    const { server = this.plane.url, ca = this.plane.ca, caFile, user, proxyUrl } = parts;
    const trusted = caFile === undefined ? { ca } : {};
    const config = JSON.parse(renderKubeconfig({ server, user, ...trusted })) as Kubeconfig;
    for (const { cluster } of config.clusters) {
      if (caFile !== undefined) cluster['certificate-authority'] = caFile;
      if (proxyUrl !== undefined) cluster['proxy-url'] = proxyUrl;
    }
    this.#files += 1;
    return this.file(`${this.#files}.kubeconfig`, JSON.stringify(config));
  }

  /** Puts a token into a service account's folder as a kubelet does: a link to a folder changes. */
  async project(token: string): Promise<string> {
    const folder = join(this.folder, 'serviceaccount');
    this.#files += 1;
    const data = `..${this.#files}`;
    await mkdir(join(folder, data), { recursive: true });
    await writeFile(join(folder, data, 'token'), token);
    await writeFile(join(folder, data, 'ca.crt'), this.plane.ca);
    await symlink(data, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    const names = this.#isProjected ? [] : ['token', 'ca.crt'];
    for (const name of names) await symlink(join('..data', name), join(folder, name));
    this.#isProjected = true;
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #isProjected = false;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, unknown> }[];
}
