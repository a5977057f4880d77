// Replaces a client when its certificates, its proxy or other settings change. What began on the old
// client ends there: attempts with the old certificate, and open streams.

/** A client that can be replaced. `retire` takes no new request and lets the others end. */
interface ReplaceableClient extends AsyncDisposable {
  retire(): Promise<void>;
}

/** How the clients of some settings are made and compared. */
interface RotationParts<Settings, Client> {
  /** Makes a client; opens nothing. **Errors**: may throw; the client before stays in use then. */
  readonly create: (settings: Settings) => Client;
  /** Whether a client of some settings also serves others; absent: only for the same object. */
  readonly isSame?: (settings: Settings, before: Settings) => boolean;
}

/** The client of the current settings. Disposing closes it and those before it. */
export class RotatingClient<Settings, Client extends ReplaceableClient> implements AsyncDisposable {
  readonly #parts: RotationParts<Settings, Client>;
  #current: { readonly settings: Settings; readonly client: Client } | null = null;
  readonly #retired = new Set<Client>();

  constructor(parts: RotationParts<Settings, Client>) {
    this.#parts = parts;
  }

  /** The client of these settings; the one of other settings before is retired. */
  clientFor(settings: Settings): Client {
    const before = this.#current;
    const { isSame } = this.#parts;
    if (before !== null) {
      const isKept = isSame?.(settings, before.settings) ?? settings === before.settings;
      if (isKept) return before.client;
    }
    const client = this.#parts.create(settings);
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
