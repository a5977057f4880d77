// Who we are to the API server, read again when it may have changed: at the latest every minute,
// and at once after a 401. client-node reads tokens, certificates and exec plugins; how long what it
// read may be believed is decided here, because it would cache an exec token for ever.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
import type { RequestOptions } from 'node:https';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { printable } from '../kit/printable.ts';
import type { ConnectOptions, LoadedConfig, Surroundings } from './kubeconfig.ts';
import { loadKubeconfig, unusable } from './kubeconfig.ts';

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
export interface TlsOptions {
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
  readonly #around: Surroundings;
  readonly #clock: Clock;
  #loaded: LoadedConfig;
  #loadedAt: number;
  #generation = 1;
  #running: Promise<unknown> = Promise.resolve();

  /** Loads the configuration; **Errors**: `kubeconfig-unusable`. */
  constructor(options: ConnectOptions, around: Surroundings & { readonly clock: Clock }) {
    this.#options = options;
    this.#around = around;
    this.#clock = around.clock;
    this.#loaded = loadKubeconfig(options, around);
    this.#loadedAt = around.clock.monotonic();
  }

  /** The configuration as it was loaded last. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** The credentials to use now; **Errors**: `kubeconfig-unusable`. */
  async current(): Promise<Credentials> {
    return this.#inTurn(async () => {
      if (this.#clock.monotonic() - this.#loadedAt >= BELIEVED_MS) this.#reload();
      return this.#resolve();
    });
  }

  /** Reads everything anew, unless that was done since `generation`, and answers whether it did. */
  async reread(generation: number): Promise<boolean> {
    return this.#inTurn(async () => {
      if (generation !== this.#generation) return false;
      this.#loaded = loadKubeconfig(this.#options, this.#around);
      this.#renewed();
      return true;
    });
  }

  /** An exec plugin costs a process: its credential is kept until it says so, or until a 401. */
  #reload(): void {
    const fresh = loadKubeconfig(this.#options, this.#around);
    const isExec = hasExec(fresh);
    const isSame = fresh.config.exportConfig() === this.#loaded.config.exportConfig();
    if (isExec && isSame) {
      this.#loadedAt = this.#clock.monotonic();
      return;
    }
    this.#loaded = fresh;
    this.#renewed();
  }

  #renewed(): void {
    this.#loadedAt = this.#clock.monotonic();
    this.#generation += 1;
  }

  async #resolve(): Promise<Credentials> {
    const { config, cluster, server } = this.#loaded;
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw unusable(
        `read the credentials of ${this.#loaded.from}: ${whyNot(error, this.#loaded)}`,
      );
    }
    return {
      server,
      generation: this.#generation,
      tls: toTls(options),
      headers: toHeaders(options),
      proxyUrl: cluster.proxyUrl ?? null,
    };
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

/** Says what failed; never a SyntaxError's message, which quotes what the plugin printed. */
function whyNot(error: unknown, loaded: LoadedConfig): string {
  if (error instanceof SyntaxError || error instanceof TypeError) {
    return 'the exec plugin printed no ExecCredential';
  }
  const said = printable(messageOf(error).trim(), 300);
  if (!hasExec(loaded)) return said;
  return `the exec plugin failed: ${said === '' ? 'it said nothing' : said}`;
}

function hasExec({ user }: LoadedConfig): boolean {
  const exec: unknown = user.exec;
  return exec !== null && exec !== undefined;
}
