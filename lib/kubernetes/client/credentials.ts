// Credentials for the API server. They are read again at least every minute, and after a 401 at
// once. The library client-node reads tokens, certificates and exec plugins. How long a result is
// used is decided here, because client-node would cache the token of a plugin for ever. Its modules
// are imported one by one: the whole package loads models of all kinds (85 MB and half a second).
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

import { readFileSync } from 'node:fs';
import { validateHeaderValue } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import { AzureAuth } from '@kubernetes/client-node/dist/azure_auth.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js';
import { GoogleCloudPlatformAuth } from '@kubernetes/client-node/dist/gcp_auth.js';
import type { Clock } from '../../core/clock.ts';
import { messageOf, type SluiceError } from '../../core/errors.ts';
import { isJsonObject, stringAt } from '../../core/json-object.ts';
import { printable } from '../../kit/text/printable.ts';
import type { TlsIdentity } from '../../net/undici-client.ts';
import {
  type ConnectOptions,
  type KubeconfigEnvironment,
  type LoadedConfig,
  loadKubeconfig,
  unusable,
} from './kubeconfig.ts';

/** Credentials of a request. */
export interface ApiCredentials {
  readonly server: URL;
  /** A new number after each read; tells whether a 401 is an answer to these credentials. */
  readonly generation: number;
  readonly tls: TlsIdentity;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** `proxy-url` of the kubeconfig. */
  readonly proxyUrl: string | null;
}

/** Bound service account tokens are renewed minutes before they expire; client-go rereads as often. */
const MAX_AGE_MS = 60_000;

/** Reads credentials and keeps them while they may be used. */
export class CredentialReader {
  readonly #options: ConnectOptions;
  readonly #parts: KubeconfigEnvironment;
  readonly #clock: Clock;
  #loaded: LoadedConfig;
  #loadedAt: number;
  #user: UserCredentials;
  #generation = 1;
  /** The last read failed, and client-node would keep its result. */
  #mustReload = false;
  #running: Promise<unknown> = Promise.resolve();

  /** Loads the configuration; **Errors**: `kubeconfig-unusable`. */
  constructor(options: ConnectOptions, parts: KubeconfigEnvironment & { readonly clock: Clock }) {
    this.#options = options;
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#loaded = loadKubeconfig(options, parts);
    this.#loadedAt = parts.clock.monotonic();
    this.#user = new UserCredentials(this.#loaded.cluster, this.#loaded.user);
  }

  /** The configuration of the last load. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** Reads the current credentials; **Errors**: `kubeconfig-unusable`. */
  async current(): Promise<ApiCredentials> {
    return this.#inTurn(async () => {
      const isOld = this.#clock.monotonic() - this.#loadedAt >= MAX_AGE_MS;
      if (isOld || this.#mustReload) this.#reload();
      return this.#resolve();
    });
  }

  /** Reads all files again, unless that happened after `generation`; **Errors**: as `current`. */
  async reread(generation: number): Promise<ApiCredentials> {
    return this.#inTurn(async () => {
      if (generation === this.#generation) {
        this.#renew(loadKubeconfig(this.#options, this.#parts));
      }
      return this.#resolve();
    });
  }

  /** An exec plugin costs a process: its credential is kept until it expires, or until a 401. */
  #reload(): void {
    const fresh = loadKubeconfig(this.#options, this.#parts);
    const isSame = isDeepStrictEqual(fresh, this.#loaded);
    if (hasExec(fresh) && isSame && !this.#mustReload) {
      this.#loadedAt = this.#clock.monotonic();
      return;
    }
    this.#renew(fresh);
  }

  #renew(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    // A new object each time: client-node keeps results of an exec plugin, some of them for ever.
    this.#user = new UserCredentials(loaded.cluster, loaded.user);
    this.#mustReload = false;
    this.#loadedAt = this.#clock.monotonic();
    this.#generation += 1;
  }

  async #resolve(): Promise<ApiCredentials> {
    const { cluster, server } = this.#loaded;
    const { tls, headers } = await this.#user.read().catch((error: unknown) => {
      throw this.#unusable(readFailure(error, this.#loaded));
    });
    const defect = defectOf(this.#loaded, { tls, headers });
    if (defect !== null) throw this.#unusable(defect);
    const proxyUrl = cluster.proxyUrl ?? null;
    return { server, generation: this.#generation, tls, headers, proxyUrl };
  }

  #unusable(why: string): SluiceError {
    this.#mustReload = true;
    return unusable(`read the credentials of ${this.#loaded.from}: ${why}`);
  }

  /** One at a time, so that ten requests at once start one exec plugin. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#running.then(task, task);
    this.#running = turn.catch(() => undefined);
    return turn;
  }
}

function isPem(value: unknown): value is string | Buffer {
  return isText(value) || Buffer.isBuffer(value);
}

function toHeaders(options: RequestOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file usually ends with a newline, which is invalid in a header.
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

/**
 * The defect of the credentials; null if there is none. A request for a user with a token file or a
 * plugin must not be sent as anonymous. While the file is being written the server would answer
 * 403, which looks like a missing role.
 */
function defectOf(
  loaded: LoadedConfig,
  { tls, headers }: Pick<ApiCredentials, 'tls' | 'headers'>,
): string | null {
  const provider: unknown = loaded.user.authProvider;
  const file = stringAt(isJsonObject(provider) ? provider : undefined, 'config', 'tokenFile');
  const token = file === '' ? 'the token' : `the token in ${file}`;
  const { authorization } = headers;
  if (authorization === undefined || authorization === 'Bearer') {
    if (file !== '') return `${token} is empty (expected a token)`;
    if (hasExec(loaded) && tls.cert === undefined) {
      return 'the exec plugin gave neither a token nor a certificate';
    }
  }
  const unfit = Object.keys(headers).find((name) => !fits(name, headers[name] ?? ''));
  return unfit === undefined ? null : `${token} holds characters that are invalid in ${unfit}`;
}

function fits(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Describes a failed read without a SyntaxError's message, which quotes the plugin's output. */
function readFailure(error: unknown, loaded: LoadedConfig): string {
  if (error instanceof SyntaxError || error instanceof TypeError) {
    return 'the exec plugin printed no ExecCredential';
  }
  const said = printable(withoutSecrets(messageOf(error).trim()), 300);
  if (!hasExec(loaded)) return said;
  return `the exec plugin failed: ${said === '' ? 'it printed no message' : said}`;
}

/**
 * Verbose plugins print their credentials. This hides the text after a word for a secret, and each
 * text that is as long and as mixed as a token.
 */
function withoutSecrets(text: string): string {
  return text.replace(NAMED_SECRET, '$1[hidden]').replace(TOKEN_LIKE, '[hidden]');
}

const NAMED_SECRET =
  /((?:bearer|basic)\s+|(?:token|secret|password|key)["']?\s*[=:]\s*["']?)[^\s"']+/gi;
/** At least 24 characters with a digit. A bootstrap token has 23, but its name precedes it. */
const TOKEN_LIKE = /(?=[\w.~+/=-]*\d)(?<![\w~+=-])[\w~+=-]{24,}(?:[.][\w~+=-]+)*/g;

function hasExec({ user }: LoadedConfig): boolean {
  const exec: unknown = user.exec;
  return exec !== null && exec !== undefined;
}

/** Reads one user's entry; keeps the result of an exec plugin. */
class UserCredentials {
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

  /** Reads the part that both entries make, a secret; **Errors**: that of a file or plugin. */
  async read(): Promise<Pick<ApiCredentials, 'tls' | 'headers'>> {
    const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
    const trust = this.#trust();
    const { certFile, certData, keyFile, keyData, impersonateUser, token } = this.#user;
    const own = { cert: pemOf(certFile, certData), key: pemOf(keyFile, keyData) };
    if (own.cert !== null) options.cert = own.cert;
    if (own.key !== null) options.key = own.key;
    if (impersonateUser !== undefined) options.headers['Impersonate-User'] = impersonateUser;
    await (await this.#authenticator())?.applyAuthentication(this.#user, options);
    if (isText(token)) options.headers['Authorization'] = `Bearer ${token}`;
    const { username, password = '' } = this.#user;
    if (isText(username)) options.auth = `${username}:${password}`;
    const { cert, key } = options;
    const tls = { ...trust, ...(isPem(cert) && { cert }), ...(isPem(key) && { key }) };
    return { tls, headers: toHeaders(options) };
  }

  #trust(): TlsIdentity {
    const { skipTLSVerify, tlsServerName, caFile, caData } = this.#cluster;
    const ca = pemOf(caFile, caData);
    return {
      ...(ca !== null && { ca }),
      ...(isText(tlsServerName) && { serverName: tlsServerName }),
      ...(skipTLSVerify && { isVerified: false }),
    };
  }

  async #authenticator(): Promise<Authenticator | undefined> {
    const found = this.#authenticators.find((one) => one.isAuthProvider(this.#user));
    if (found !== undefined || this.#user.authProvider === undefined) return found;
    // Only this module needs the rest of the package, and few users need it.
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
