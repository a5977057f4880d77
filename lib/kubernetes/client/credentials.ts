// Who we are to the API server, read again when it may have changed: at the latest every minute,
// and at once after a 401. client-node reads tokens, certificates and exec plugins; how long what it
// read may be believed is decided here, because it would cache an exec token for ever.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

import { validateHeaderValue } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { messageOf, type SluiceError } from '../../core/errors.ts';
import { type Json, stringAt } from '../../core/event.ts';
import { printable } from '../../kit/text/printable.ts';
import { UserCredentials } from './authenticators.ts';
import {
  type ConnectOptions,
  type KubeconfigEnvironment,
  type LoadedConfig,
  loadKubeconfig,
  unusable,
} from './kubeconfig.ts';

/** What a connection needs of them. */
export interface Credentials {
  readonly server: URL;
  /** A new number whenever they were read anew; tells whether a 401 speaks of these. */
  readonly generation: number;
  readonly tls: TlsOptions;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** `proxy-url` of the kubeconfig. */
  readonly proxyUrl: string | null;
}

/** What an agent is made of; its key is secret. */
interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Bound service account tokens are renewed in place minutes before they end; client-go does alike. */
const BELIEVED_MS = 60_000;

/** Reads credentials and remembers for how long they may be believed. */
export class CredentialReader {
  readonly #options: ConnectOptions;
  readonly #around: KubeconfigEnvironment;
  readonly #clock: Clock;
  #loaded: LoadedConfig;
  #loadedAt: number;
  #user: UserCredentials;
  #generation = 1;
  /** What was read is of no use, and client-node would keep it. */
  #isSpoilt = false;
  #running: Promise<unknown> = Promise.resolve();

  /** Loads the configuration; **Errors**: `kubeconfig-unusable`. */
  constructor(options: ConnectOptions, around: KubeconfigEnvironment & { readonly clock: Clock }) {
    this.#options = options;
    this.#around = around;
    this.#clock = around.clock;
    this.#loaded = loadKubeconfig(options, around);
    this.#loadedAt = around.clock.monotonic();
    this.#user = new UserCredentials(this.#loaded.cluster, this.#loaded.user);
  }

  /** The configuration as it was loaded last. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** The credentials to use now; **Errors**: `kubeconfig-unusable`. */
  async current(): Promise<Credentials> {
    return this.#inTurn(async () => {
      const isOld = this.#clock.monotonic() - this.#loadedAt >= BELIEVED_MS;
      if (isOld || this.#isSpoilt) this.#reload();
      return this.#resolve();
    });
  }

  /** Reads everything anew, unless that was done since `generation`; **Errors**: as `current`. */
  async reread(generation: number): Promise<Credentials> {
    return this.#inTurn(async () => {
      if (generation === this.#generation) {
        this.#renew(loadKubeconfig(this.#options, this.#around));
      }
      return this.#resolve();
    });
  }

  /** An exec plugin costs a process: its credential is kept until it says so, or until a 401. */
  #reload(): void {
    const fresh = loadKubeconfig(this.#options, this.#around);
    const isExec = hasExec(fresh);
    const isSame = isDeepStrictEqual(fresh, this.#loaded);
    if (isExec && isSame && !this.#isSpoilt) {
      this.#loadedAt = this.#clock.monotonic();
      return;
    }
    this.#renew(fresh);
  }

  #renew(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    // A new one each time: client-node keeps what an exec plugin said, some of it for ever.
    this.#user = new UserCredentials(loaded.cluster, loaded.user);
    this.#isSpoilt = false;
    this.#loadedAt = this.#clock.monotonic();
    this.#generation += 1;
  }

  async #resolve(): Promise<Credentials> {
    const { cluster, server } = this.#loaded;
    const options = await this.#read();
    const [tls, headers] = [toTls(options), toHeaders(options)];
    const lack = lackOf(this.#loaded, { tls, headers });
    if (lack !== null) throw this.#spoilt(lack);
    const proxyUrl = cluster.proxyUrl ?? null;
    return { server, generation: this.#generation, tls, headers, proxyUrl };
  }

  async #read(): Promise<RequestOptions> {
    try {
      return await this.#user.read();
    } catch (error) {
      throw this.#spoilt(whyNot(error, this.#loaded));
    }
  }

  #spoilt(why: string): SluiceError {
    this.#isSpoilt = true;
    return unusable(`read the credentials of ${this.#loaded.from}: ${why}`);
  }

  /** One at a time, so that ten requests at once start one exec plugin. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#running.then(task, task);
    this.#running = turn.catch(() => undefined);
    return turn;
  }
}

function toTls(options: RequestOptions): TlsOptions {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    ...(isPem(ca) && { ca }),
    ...(isPem(cert) && { cert }),
    ...(isPem(key) && { key }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
}

function isPem(value: unknown): value is string | Buffer {
  return (typeof value === 'string' && value !== '') || Buffer.isBuffer(value);
}

function toHeaders(options: RequestOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file usually ends in a newline, which no header may hold.
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

/**
 * What is wrong with what was read; null where nothing is. Whoever has a token file or a plugin is
 * never to go out as nobody: a file that is being written would make the server say 403, which is
 * believed to be a matter of roles.
 */
function lackOf(
  loaded: LoadedConfig,
  { tls, headers }: Pick<Credentials, 'tls' | 'headers'>,
): string | null {
  const provider: unknown = loaded.user.authProvider;
  const file = stringAt(provider as Json | undefined, 'config', 'tokenFile');
  const token = file === '' ? 'the token' : `the token in ${file}`;
  const { authorization } = headers;
  if (authorization === undefined || authorization === 'Bearer') {
    if (file !== '') return `${token} is empty (expected a token)`;
    if (hasExec(loaded) && tls.cert === undefined) {
      return 'the exec plugin gave neither a token nor a certificate';
    }
  }
  const unfit = Object.keys(headers).find((name) => !fits(name, headers[name] ?? ''));
  return unfit === undefined ? null : `${token} holds characters that no header (${unfit}) may`;
}

function fits(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Says what failed; never a SyntaxError's message, which quotes what the plugin printed. */
function whyNot(error: unknown, loaded: LoadedConfig): string {
  if (error instanceof SyntaxError || error instanceof TypeError) {
    return 'the exec plugin printed no ExecCredential';
  }
  const said = printable(withoutSecrets(messageOf(error).trim()), 300);
  if (!hasExec(loaded)) return said;
  return `the exec plugin failed: ${said === '' ? 'it said nothing' : said}`;
}

/**
 * Plugins print what they hold when they are told to be talkative. Hidden is what follows a word for
 * a secret, and whatever is as long and as mixed as a token, wherever it stands.
 */
function withoutSecrets(text: string): string {
  return text.replace(NAMED_SECRET, '$1[hidden]').replace(LIKE_A_TOKEN, '[hidden]');
}

const NAMED_SECRET =
  /((?:bearer|basic)\s+|(?:token|secret|password|key)["']?\s*[=:]\s*["']?)[^\s"']+/gi;
/** From 24 characters on (a bootstrap token has 23, but its name before it), with a digit in it. */
const LIKE_A_TOKEN = /(?=[\w.~+/=-]*\d)(?<![\w~+=-])[\w~+=-]{24,}(?:[.][\w~+=-]+)*/g;

function hasExec({ user }: LoadedConfig): boolean {
  const exec: unknown = user.exec;
  return exec !== null && exec !== undefined;
}
