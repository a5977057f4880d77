// One request from a body to an outcome. Secrets are read, the request is made with them, and the
// receiver is asked if it must be. Then the request is compressed, signed and sent, and its answer is
// judged and kept. It knows no delivery.
// Follows docs/triggers.md (which headers come, in which order).

import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/delivery.ts';
import { aborted } from '../../kit/async/abort.ts';
import type { SecretPlaces } from '../../kit/secret.ts';
import { quoted } from '../../kit/text/printable.ts';
import type { HttpClient, HttpRequest, HttpResult } from '../../net/http-client.ts';
import { compileExpectation, redactor, withAnswer } from './answer.ts';
import { Compression, type Content, isFormRefused } from './body/body.ts';
import { ClientCache, type CreateClient } from './client-cache.ts';
import {
  blamesContent,
  type ExpectedAnswer,
  outcomeOf,
  retryOf,
  type SentAttempt,
} from './outcome.ts';
import { type Credentials, RequestCredentials } from './request-credentials.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import { signatureHeaders } from './signing.ts';
import type { Header } from './templates.ts';

/** One request before its secrets are read. */
export interface RequestSending {
  /** `webhook-id`. */
  readonly id: string;
  /** What tells the receiver about the delivery, besides the id. */
  readonly own: readonly Header[];
  /** The URL for people, as far as it is known without secrets. */
  readonly where: () => string;
  /** Makes the request; an outcome if it cannot be made. */
  readonly make: (material: Pick<Credentials, 'url' | 'secrets'>) => MadeRequest | Outcome;
}

/** One request before it is signed. */
export interface MadeRequest {
  readonly url: URL;
  /** The URL for people, without a secret. */
  readonly shown: string;
  readonly content: Content;
  /** `headers:` of the section, rendered. */
  readonly configured: readonly Header[];
}

/** What came of one request. */
export interface SentHttp {
  readonly outcome: Outcome;
  /** What a refusal is about: what this request carries, or what every request of the trigger has. */
  readonly blames: 'content' | 'request';
}

/** What a sender takes from outside. */
interface SenderParts {
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
  readonly #materials: RequestCredentials;
  readonly #connections: ClientCache;
  readonly #handshakes: Handshakes | null;
  readonly #compression: Compression | null;
  readonly #expects: ExpectedAnswer | null;
  readonly #started: HttpSection['started'];
  /** What the receiver or the proxy did not accept last. */
  #refused: Credentials | null = null;

  constructor(section: HttpSection, { clock, places, create }: SenderParts) {
    this.#method = section.method ?? HTTP_DEFAULTS.method;
    this.#isRepeatable = keyLifeOf(section) > 0;
    this.#clock = clock;
    this.#materials = new RequestCredentials(section, places, clock);
    this.#connections = new ClientCache(create);
    const { handshake, compression, expect, started } = section;
    this.#handshakes = handshake === undefined ? null : new Handshakes(handshake, clock);
    this.#compression = compression === undefined ? null : new Compression(clock);
    this.#expects = expect === undefined ? null : compileExpectation(expect);
    this.#started = started;
  }

  /** Sends once, and says what came of it. */
  async send(sending: RequestSending, signal: AbortSignal): Promise<SentHttp> {
    const current = await this.#materials.current();
    if (!current.ok) {
      const detail = `${this.#method} ${sending.where()}: ${current.why}`;
      return notAsked({ outcome: 'retry', reason: 'secret-missing', detail });
    }
    const { material } = current;
    const made = sending.make(material);
    if ('outcome' in made) return notAsked(made);
    const prepared = { sending, made, material };
    return this.#connections.use(material.settings, async (client) => {
      const refusal = await this.#ask(client, prepared, signal);
      if (refusal !== null) return notAsked(refusal);
      return this.#fire(client, prepared, signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  async #ask(client: HttpClient, { made, material }: Prepared, signal: AbortSignal) {
    if (this.#handshakes === null) return null;
    const { url } = made;
    const tried = this.#tried('OPTIONS', made, material.redact);
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

  async #fire(client: HttpClient, prepared: Prepared, signal: AbortSignal): Promise<SentHttp> {
    const { url, content } = prepared.made;
    const compression = this.#compression;
    if (compression === null) {
      return this.#judged(prepared, await this.#exchange(client, prepared, signal));
    }
    const packed = await compression.contentFor(url, content);
    const made = { ...prepared.made, content: packed };
    const exchanged = await this.#exchange(client, { ...prepared, made }, signal);
    const isRefused = packed !== content && isFormRefused(exchanged.result);
    if (!isRefused) return this.#judged(prepared, exchanged);
    // The receiver did not read the body: the same request without compression is the first one.
    const again = await this.#exchange(client, prepared, signal);
    if (again.result.answered && !isFormRefused(again.result)) compression.refusedAt(url);
    return this.#judged(prepared, again);
  }

  /** Signs what goes out, and sends it. */
  async #exchange(
    client: HttpClient,
    { sending, made, material }: Prepared,
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { id, own } = sending;
    const { url, content, configured } = made;
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
    const shown = [...signature, ...configured].map(([, value]) => value);
    // An answer without a body needs none, so the one for this request is made when it is used.
    let redactShown: Exchanged['redact'] | null = null;
    const redact = (text: string): string =>
      (redactShown ??= redactor(shown))(material.redact(text));
    return { result, redact };
  }

  #judged({ made }: Prepared, { result, redact }: Exchanged): SentHttp {
    const { url } = made;
    if (result.answered && result.status >= 400) this.#handshakes?.forget(url);
    const expects = this.#expects;
    const outcome = outcomeOf(result, { ...this.#tried(this.#method, made, redact), expects });
    const kept = withAnswer(outcome, result, { redact, url, started: this.#started });
    return { outcome: kept, blames: blamesContent(result) ? 'content' : 'request' };
  }

  /** Whether a request would go with another credential than the one that was refused last. */
  async isRenewed(): Promise<boolean> {
    if (this.#refused === null) return false;
    const current = await this.#materials.current();
    return current.ok && current.material !== this.#refused;
  }

  /** Credentials that are refused may have been rotated: they are read again before the next use. */
  #heed(result: HttpResult, material: Credentials): void {
    if (!result.answered || !REFUSED_CREDENTIAL.has(result.status)) return;
    this.#refused = material;
    this.#materials.forget();
  }

  #tried(
    method: HttpRequest['method'],
    { shown }: MadeRequest,
    redact: SentAttempt['redact'],
  ): SentAttempt {
    return { doing: `${method} ${shown}`, now: this.#clock.now(), redact };
  }
}

// Of the receiver, and of the proxy.
const REFUSED_CREDENTIAL: ReadonlySet<number> = new Set([401, 407]);

interface Prepared {
  readonly sending: RequestSending;
  readonly made: MadeRequest;
  readonly material: Credentials;
}

interface Exchanged {
  readonly result: HttpResult;
  /** Takes every secret of the request out of a text. */
  readonly redact: (text: string) => string;
}

/** What came of a request that was never sent. */
function notAsked(outcome: Outcome): SentHttp {
  return { outcome, blames: 'request' };
}

function toRecord(groups: readonly (readonly Header[])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const group of groups) {
    for (const [name, value] of group) headers[name] = value;
  }
  return headers;
}

// The handshake of the CloudEvents webhook profile: before the first delivery to a URL the receiver
// is asked whether it wants any from us. Asking starts nothing, so whatever goes wrong may be tried
// again. What was agreed is kept in memory only; the rate that a receiver grants is not enforced.
// Source: CloudEvents 1.0.2, HTTP 1.1 Web Hooks for Event Delivery §4 (abuse protection).

/** Sends the question. */
type HandshakeAsk = (headers: readonly Header[]) => Promise<HttpResult>;

// The profile names no lapse. A day asks often enough that a receiver which changed hands is not
// sent to for long, and seldom enough to be no load.
const LAPSE_MS = 86_400_000;
// URLs with an Event's values in them may be many; the least recently agreed is asked again.
const URLS_AT_MOST = 1_000;

type HandshakeAnswer = Promise<Outcome | null>;

/** What receivers agreed to, by URL. */
class Handshakes {
  readonly #origin: string;
  readonly #question: readonly Header[];
  readonly #clock: Clock;
  readonly #asked = new Map<string, { readonly answer: HandshakeAnswer; readonly at: number }>();

  constructor({ origin, rate }: NonNullable<HttpSection['handshake']>, clock: Clock) {
    this.#origin = origin;
    const limit: readonly Header[] =
      rate === undefined ? [] : [['webhook-request-rate', String(rate)]];
    this.#question = [['webhook-request-origin', origin], ...limit];
    this.#clock = clock;
  }

  /**
   * Null where the receiver at this URL takes deliveries, else why nothing was sent to it.
   *
   * **Order and time**: attempts that need the same answer wait for one question; one that is
   * aborted meanwhile leaves.
   */
  async agreed(
    url: URL,
    ask: HandshakeAsk,
    at: { tried: SentAttempt; signal: AbortSignal },
  ): HandshakeAnswer {
    const key = `${url.origin}${url.pathname}`;
    const known = this.#asked.get(key);
    const now = this.#clock.monotonic();
    if (known !== undefined && now - known.at < LAPSE_MS) {
      return Promise.race([known.answer, stopped(at)]);
    }
    const answer = ask(this.#question).then((result) => this.#judge(result, at.tried));
    this.#remember(key, { answer, at: now });
    const refusal = await answer;
    if (refusal !== null) this.#asked.delete(key);
    return refusal;
  }

  /** A receiver that was agreed with refuses now: it is asked again. */
  forget(url: URL): void {
    this.#asked.delete(`${url.origin}${url.pathname}`);
  }

  #remember(key: string, asked: { readonly answer: HandshakeAnswer; readonly at: number }): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > URLS_AT_MOST && oldest !== undefined) this.#asked.delete(oldest);
  }

  #judge(result: HttpResult, tried: SentAttempt): Outcome | null {
    if (!result.answered || result.status < 200 || result.status > 299) {
      return retryOf(result, tried);
    }
    const allowed = result.headers['webhook-allowed-origin']?.trim();
    if (allowed === '*' || allowed?.toLowerCase() === this.#origin.toLowerCase()) return null;
    const found =
      allowed === undefined ? 'no WebHook-Allowed-Origin' : quoted(tried.redact(allowed), 100);
    const detail = `${tried.doing}: found ${found} (expected ${this.#origin} or *), ${result.status}`;
    return { outcome: 'retry', reason: 'not-permitted', detail };
  }
}

async function stopped({
  tried,
  signal,
}: {
  tried: SentAttempt;
  signal: AbortSignal;
}): Promise<Outcome> {
  await aborted(signal);
  const detail = `${tried.doing}: ended while the receiver was being asked`;
  return { outcome: 'retry', reason: 'unavailable', detail };
}
