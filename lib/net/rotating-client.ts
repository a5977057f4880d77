// Replaces a client when its certificates, its proxy or other settings change. What began on the old
// client ends there: attempts with the old certificate, and open streams.

/** A client that can be replaced. `retire` takes no new request and lets the others end. */
interface ReplaceableClient extends AsyncDisposable {
  retire(): Promise<void>;
}

/** The client of the current settings. Disposing closes it and those before it. */
export class RotatingClient<Settings, Client extends ReplaceableClient> implements AsyncDisposable {
  readonly #create: (settings: Settings) => Client;
  #current: { readonly settings: Settings; readonly client: Client } | null = null;
  readonly #retired = new Set<Client>();

  /** `create` opens nothing. **Errors**: it may throw; the client before stays in use then. */
  constructor(create: (settings: Settings) => Client) {
    this.#create = create;
  }

  /** The client of these settings. One of another object of settings is retired. */
  clientFor(settings: Settings): Client {
    const before = this.#current;
    if (before?.settings === settings) return before.client;
    const client = this.#create(settings);
    this.#current = { settings, client };
    if (before !== null) this.#retire(before.client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#current !== null) this.#retired.add(this.#current.client);
    this.#current = null;
    const clients = [...this.#retired];
    this.#retired.clear();
    await Promise.all(clients.map(async (client) => client[Symbol.asyncDispose]()));
  }

  #retire(client: Client): void {
    this.#retired.add(client);
    void client.retire().then(() => this.#retired.delete(client));
  }
}
