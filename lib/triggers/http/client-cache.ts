// The connections of a trigger: opened when first used, replaced when a certificate was rotated,
// closed when nobody uses them any more. How a request is made is the room net.

import type { Observation } from '../../core/observation.ts';
import type { Environment } from '../../kit/system.ts';
import { targetOf } from '../../net/address.ts';
import type { TlsIdentity } from '../../net/axios-client.ts';
import type { HttpClient } from '../../net/http-client.ts';
import { environmentProxies, type HttpProxy } from '../../net/proxies.ts';
import type { HttpSection, ProxySection } from './section.ts';

/** How a receiver is reached. */
export interface ClientSettings {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: ProxySetting;
}

/** Makes a client; opens nothing. */
export type CreateClient = (settings: ClientSettings) => HttpClient;

interface Open {
  readonly client: HttpClient;
  readonly settings: ClientSettings;
  users: number;
  retired: boolean;
}

/** The client of the current settings. */
export class ClientCache implements AsyncDisposable {
  readonly #create: CreateClient;
  #open: Open | null = null;
  readonly #closing = new Set<Promise<void>>();

  constructor(create: CreateClient) {
    this.#create = create;
  }

  /** Works with a client of these settings, which is kept for the next with the same ones. */
  async use<T>(settings: ClientSettings, work: (client: HttpClient) => Promise<T>): Promise<T> {
    const open = this.#of(settings);
    open.users += 1;
    try {
      return await work(open.client);
    } finally {
      open.users -= 1;
      this.#closeIfUnused(open);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#retire();
    await Promise.all(this.#closing);
  }

  #of(settings: ClientSettings): Open {
    if (this.#open?.settings === settings) return this.#open;
    this.#retire();
    const open = { client: this.#create(settings), settings, users: 0, retired: false };
    this.#open = open;
    return open;
  }

  #retire(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    open.retired = true;
    this.#closeIfUnused(open);
  }

  /** Attempts that began with the old certificate end with it. */
  #closeIfUnused(open: Open): void {
    if (!open.retired || open.users > 0) return;
    const closing = this.#close(open.client).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #close(client: HttpClient): Promise<void> {
    await client[Symbol.asyncDispose]();
  }
}

// The proxy on the way to a receiver: the one that the section names, none, or that of the
// environment. Which place goes through which proxy is the room net.

/** How a client is to choose its proxy. */
type ProxySetting = HttpProxy | 'environment' | null;

/** The block `proxy:`; undefined if the section has none, or `none`. */
export function proxyBlock(proxy: HttpSection['proxy']): ProxySection | undefined {
  return proxy === 'none' ? undefined : proxy;
}

/** The setting of a section, with the password that it names. */
export function proxySetting(
  section: Pick<HttpSection, 'proxy'>,
  password: string | undefined,
): ProxySetting {
  const { proxy = 'environment' } = section;
  if (proxy === 'environment') return proxy;
  if (proxy === 'none') return null;
  const { url, username } = proxy;
  const isKnown = username !== undefined && password !== undefined;
  return { url: new URL(url), ...(isKnown && { credentials: { username, password } }) };
}

/** Where requests go if the environment chooses their proxy; null if it does not. */
export function receiverOf({ url = '', proxy }: HttpSection): URL | null {
  // Templates stand behind the host only; a bad URL is a finding of its own. A URL that is a secret is
  // not known here.
  return proxy === undefined ? URL.parse(/^[^/]*\/\/[^/?#]*/.exec(url)?.[0] ?? '') : null;
}

/** The observation of the proxy that a trigger goes through; null if it goes through none. */
export function proxyUsed(
  section: HttpSection,
  { name, environment }: { readonly name: string; readonly environment: Environment },
): Observation | null {
  const used = { kind: 'proxy-used', trigger: name } as const;
  const named = proxyBlock(section.proxy);
  if (named !== undefined) return { ...used, proxy: new URL(named.url).origin, from: 'proxy' };
  const receiver = receiverOf(section);
  if (receiver === null) return null;
  const route = environmentProxies(environment).routeTo(targetOf(receiver));
  if (route.kind !== 'proxy') return null;
  return { ...used, proxy: route.proxy.url.origin, from: route.variable };
}
