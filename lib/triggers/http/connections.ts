// The connections of a trigger: opened when first used, replaced when a certificate was rotated,
// closed when nobody uses them any more. How a request is made is the room net.

import type { TlsIdentity } from '../../net/axios-client.ts';
import type { HttpClient } from '../../net/http-client.ts';
import type { ProxySetting } from './proxy.ts';

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
export class Connections implements AsyncDisposable {
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
