// One request from a body to an outcome: secrets are read, the receiver is asked if it must be, the
// request is signed and sent, and what came of it is told. It knows no delivery.
// Follows docs/triggers.md (which headers come, in which order).
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { SecretPlaces } from '../../kit/secret.ts';
import type { HttpClient, HttpRequest, HttpResult } from '../../net/http-client.ts';
import type { Content } from './body.ts';
import type { CreateClient } from './connections.ts';
import { Connections } from './connections.ts';
import { Handshakes } from './handshake.ts';
import type { Header } from './header-templates.ts';
import type { Material } from './material.ts';
import { Materials } from './material.ts';
import { blamesContent, outcomeOf, type Tried } from './outcome.ts';
import { redactor } from './redaction.ts';
import type { HttpSection } from './section.ts';
import { HTTP_DEFAULTS, keyLifeOf } from './section.ts';
import { signatureHeaders } from './signing.ts';

/** One request before it is signed. */
export interface Sending {
  readonly url: URL;
  /** `webhook-id`. */
  readonly id: string;
  readonly content: Content;
  /** What tells the receiver about the delivery, besides the id. */
  readonly own: readonly Header[];
  /** `headers:` of the section, rendered. */
  readonly configured: readonly Header[];
}

/** What came of one request. */
export interface Sent {
  readonly outcome: Outcome;
  /** What a refusal is about: what this request carries, or what every request of the trigger has. */
  readonly blames: 'content' | 'request';
}

/** What a sender takes from outside. */
export interface SenderParts {
  readonly clock: Clock;
  readonly places: SecretPlaces;
  readonly create: CreateClient;
}

/** Sends the requests of one trigger. */
export class Sender implements AsyncDisposable {
  readonly #method: NonNullable<HttpSection['method']>;
  /** Whether the receiver knows each delivery again, by the key of its request or of its entry. */
  readonly #isRepeatable: boolean;
  readonly #clock: Clock;
  readonly #materials: Materials;
  readonly #connections: Connections;
  readonly #handshakes: Handshakes | null;
  /** What the receiver or the proxy did not accept last. */
  #refused: Material | null = null;

  constructor(section: HttpSection, { clock, places, create }: SenderParts) {
    this.#method = section.method ?? HTTP_DEFAULTS.method;
    this.#isRepeatable = keyLifeOf(section) > 0;
    this.#clock = clock;
    this.#materials = new Materials(section, places, clock);
    this.#connections = new Connections(create);
    const { handshake } = section;
    this.#handshakes = handshake === undefined ? null : new Handshakes(handshake, clock);
  }

  /** Sends once, and says what came of it. */
  async send(sending: Sending, signal: AbortSignal): Promise<Sent> {
    const current = await this.#materials.current();
    if (!current.ok) {
      const detail = `${doing(this.#method, sending.url)}: ${current.why}`;
      return notAsked({ outcome: 'retry', reason: 'secret-missing', detail });
    }
    const { material } = current;
    return this.#connections.use(material.settings, async (client) => {
      const refusal = await this.#ask(client, { sending, material }, signal);
      if (refusal !== null) return notAsked(refusal);
      return this.#fire(client, { sending, material }, signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  async #ask(client: HttpClient, { sending, material }: Prepared, signal: AbortSignal) {
    if (this.#handshakes === null) return null;
    const { url } = sending;
    const tried = this.#tried('OPTIONS', url, material.redact);
    const ask = async (question: readonly Header[]): Promise<HttpResult> => {
      const headers = toRecord([question, material.credentials]);
      // To ask changes nothing.
      const asking = { method: 'OPTIONS', url, headers, body: null, isRepeatable: true } as const;
      const result = await client.send(asking, signal);
      this.#heed(result, material);
      return result;
    };
    return this.#handshakes.agreed(url, ask, { tried, signal });
  }

  async #fire(
    client: HttpClient,
    { sending, material }: Prepared,
    signal: AbortSignal,
  ): Promise<Sent> {
    const { url, id, content, own, configured } = sending;
    const { body } = content;
    const now = this.#clock.now();
    const { signingKeys, credentials } = material;
    const signature = signingKeys === null ? [] : signatureHeaders({ id, now, body }, signingKeys);
    const identity: readonly Header[] = [['webhook-id', id]];
    const headers = toRecord([content.headers, own, identity, signature, configured, credentials]);
    const isRepeatable = this.#isRepeatable;
    const request: HttpRequest = { method: this.#method, url, headers, body, isRepeatable };
    const result = await client.send(request, signal);
    this.#heed(result, material);
    if (result.answered && result.status >= 400) this.#handshakes?.forget(url);
    const shown = [...signature, ...configured].map(([, value]) => value);
    // Most answers need none, so the one for this request is only made where one is shown.
    const redact = (text: string): string => redactor(shown)(material.redact(text));
    const outcome = outcomeOf(result, this.#tried(this.#method, url, redact));
    return { outcome, blames: blamesContent(result) ? 'content' : 'request' };
  }

  /** Whether a request would go with another credential than the one that was refused last. */
  async isRenewed(): Promise<boolean> {
    if (this.#refused === null) return false;
    const current = await this.#materials.current();
    return current.ok && current.material !== this.#refused;
  }

  /** Credentials that are refused may have been rotated: they are read again before the next use. */
  #heed(result: HttpResult, material: Material): void {
    if (!result.answered || !REFUSED_CREDENTIAL.has(result.status)) return;
    this.#refused = material;
    this.#materials.forget();
  }

  #tried(method: HttpRequest['method'], url: URL, redact: Tried['redact']): Tried {
    return { doing: doing(method, url), now: this.#clock.now(), redact };
  }
}

// Of the receiver, and of the proxy.
const REFUSED_CREDENTIAL: ReadonlySet<number> = new Set([401, 407]);

interface Prepared {
  readonly sending: Sending;
  readonly material: Material;
}

/** What came of a request that was never sent. */
function notAsked(outcome: Outcome): Sent {
  return { outcome, blames: 'request' };
}

/** A query may hold what nobody should read in a log; a path is what a person needs to see. */
function doing(method: string, { origin, pathname }: URL): string {
  return `${method} ${origin}${pathname}`;
}

function toRecord(groups: readonly (readonly Header[])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const group of groups) {
    for (const [name, value] of group) headers[name] = value;
  }
  return headers;
}
