// The parts of client-node that are used: what reads the entries of a kubeconfig, and what makes a
// user's credentials into headers and certificates. They are imported one by one, because the
// package as a whole loads a model of every kind of object: 85 MB and half a second for nothing.
// How long what they give may be believed is credentials.ts.

import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import { AzureAuth } from '@kubernetes/client-node/dist/azure_auth.js';
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js';
import { GoogleCloudPlatformAuth } from '@kubernetes/client-node/dist/gcp_auth.js';
import { isJsonObject, stringAt } from '../../core/event.ts';

export type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';

/** The entries of one kubeconfig. */
export interface KubeconfigEntries {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly contexts: readonly Context[];
  /** '' where it names none. */
  readonly currentContext: string;
}

/** Reads the entries of a parsed kubeconfig; **Errors**: throws where an entry is not whole. */
export function toEntries(document: unknown): KubeconfigEntries {
  if (!isJsonObject(document)) throw new TypeError('no kubeconfig');
  const { clusters = [], users = [], contexts = [] } = document;
  return {
    clusters: newClusters(clusters ?? []),
    users: newUsers(users ?? []),
    contexts: newContexts(contexts ?? []),
    currentContext: stringAt(document, 'current-context'),
  };
}

/** Turns one user's entry into what requests are sent with; keeps what an exec plugin said. */
export class UserCredentials {
  readonly #cluster: Cluster;
  readonly #user: User;
  readonly #authenticators: readonly Authenticator[] = [
    new AzureAuth(),
    new GoogleCloudPlatformAuth(),
    new ExecAuth(),
    new FileAuth(),
  ];

  constructor(cluster: Cluster, user: User) {
    this.#cluster = cluster;
    this.#user = user;
  }

  /** Secret: TLS options, headers and `auth`. **Errors**: throws what a file or a plugin failed with. */
  async read(): Promise<RequestOptions> {
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    this.#trust(options);
    const { certFile, certData, keyFile, keyData, impersonateUser, token } = this.#user;
    const cert = pemOf(certFile, certData);
    if (cert !== null) options.cert = cert;
    const key = pemOf(keyFile, keyData);
    if (key !== null) options.key = key;
    if (impersonateUser !== undefined) options.headers['Impersonate-User'] = impersonateUser;
    await (await this.#authenticator())?.applyAuthentication(this.#user, options);
    if (isText(token)) options.headers['Authorization'] = `Bearer ${token}`;
    const { username, password = '' } = this.#user;
    if (isText(username)) options.auth = `${username}:${password}`;
    return options;
  }

  #trust(options: RequestOptions): void {
    const { skipTLSVerify, tlsServerName, caFile, caData } = this.#cluster;
    if (skipTLSVerify) options.rejectUnauthorized = false;
    if (isText(tlsServerName)) options.servername = tlsServerName;
    const ca = pemOf(caFile, caData);
    if (ca !== null) options.ca = ca;
  }

  async #authenticator(): Promise<Authenticator | undefined> {
    const found = this.#authenticators.find((one) => one.isAuthProvider(this.#user));
    if (found !== undefined || this.#user.authProvider === undefined) return found;
    // It alone needs the rest of the package, and few have it.
    const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js');
    const oidc = new OpenIDConnectAuth();
    return oidc.isAuthProvider(this.#user) ? oidc : undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function pemOf(file: string | undefined, data: string | undefined): Buffer | null {
  if (isText(file)) return readFileSync(file);
  return isText(data) ? Buffer.from(data, 'base64') : null;
}
