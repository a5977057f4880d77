// One request, from its content to its outcome: secrets are read, and the request is made with them. A
// section with a handshake asks the receiver for permission first. Then the request is compressed,
// signed and sent, and its answer becomes an outcome. Deliveries are in single.ts and batch.ts.
// Follows docs/triggers.md (headers and their order); Standard Webhooks (signatures, `v1` only):
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/delivery.ts';
import type { SecretPlaces } from '../../kit/secret.ts';
import type { HttpClient, HttpRequest, HttpResult } from '../../net/http-client.ts';
import type { RotatingClient } from '../../net/undici-client.ts';
import {
  blamesContent,
  compileExpectation,
  type ExpectedAnswer,
  outcomeOf,
  type SentAttempt,
  withAnswer,
} from './answer-table.ts';
import type { Content } from './body.ts';
import { redactor } from './clear-secrets.ts';
import { Compression, Handshakes, isFormRefused } from './negotiation.ts';
import {
  type ClientSettings,
  type HttpCredentials,
  RequestCredentials,
  type SigningKeys,
} from './request-credentials.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { Header } from './templates.ts';
import type { UrlSecrets } from './url-template.ts';

/** One request before its secrets are read. */
export interface RequestSending {
  /** `webhook-id`. */
  readonly id: string;
  /** Further headers about the delivery. */
  readonly own: readonly Header[];
  /** The URL for people if the secrets cannot be read. */
  readonly where: () => string;
  /** Makes the request, or an outcome if it cannot be made. */
  readonly make: (secrets: UrlSecrets) => MadeRequest | Outcome;
}

/** One request before it is signed. */
interface MadeRequest {
  readonly url: URL;
  /** The URL for people, without a secret. */
  readonly shown: string;
  readonly content: Content;
  /** `headers:` of the section, rendered. */
  readonly configured: readonly Header[];
}

/** Result of one request. */
export interface SentHttp {
  readonly outcome: Outcome;
  /** Cause of a refusal: the content of this request, or something that all requests have. */
  readonly blames: 'content' | 'request';
}

/** Dependencies of a sender. */
interface SenderParts {
  readonly clock: Clock;
  readonly places: SecretPlaces;
  readonly clients: RotatingClient<ClientSettings, SendingClient>;
}

/** The part of a client that sends deliveries. */
export type SendingClient = Pick<HttpClient, 'send' | 'retire' | typeof Symbol.asyncDispose>;

/** Sends the requests of one trigger. */
export class Sender implements AsyncDisposable {
  readonly #method: NonNullable<HttpSection['method']>;
  /** Whether the receiver recognizes a repeated delivery by the key of its request or entry. */
  readonly #isRepeatable: boolean;
  readonly #clock: Clock;
  readonly #credentials: RequestCredentials;
  readonly #clients: RotatingClient<ClientSettings, SendingClient>;
  readonly #handshakes: Handshakes | null;
  readonly #compression: Compression | null;
  readonly #expects: ExpectedAnswer | null;
  readonly #started: HttpSection['started'];
  /** The credentials that the receiver or the proxy refused last. */
  #refused: HttpCredentials | null = null;

  constructor(section: HttpSection, { clock, places, clients }: SenderParts) {
    this.#method = section.method ?? HTTP_DEFAULTS.method;
    this.#isRepeatable = keyLifeOf(section) > 0;
    this.#clock = clock;
    this.#credentials = new RequestCredentials(section, places, clock);
    this.#clients = clients;
    const { handshake, compression, expect, started } = section;
    this.#handshakes = handshake === undefined ? null : new Handshakes(handshake, clock);
    this.#compression = compression === undefined ? null : new Compression(clock);
    this.#expects = expect === undefined ? null : compileExpectation(expect);
    this.#started = started;
  }

  /** Makes one attempt to send. */
  async send(sending: RequestSending, signal: AbortSignal): Promise<SentHttp> {
    const current = await this.#credentials.current();
    if (!current.ok) {
      const detail = `${this.#method} ${sending.where()}: ${current.why}`;
      return unsent({ outcome: 'retry', reason: 'secret-missing', detail });
    }
    const { credentials } = current;
    const made = sending.make(credentials);
    if ('outcome' in made) return unsent(made);
    const prepared = { sending, made, credentials };
    const refusal = await this.#ask(prepared, signal);
    return refusal === null ? this.#fire(prepared, signal) : unsent(refusal);
  }

  /** Whether the credentials differ now from those that were refused last. */
  async isRenewed(): Promise<boolean> {
    if (this.#refused === null) return false;
    const current = await this.#credentials.current();
    return current.ok && current.credentials !== this.#refused;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clients[Symbol.asyncDispose]();
  }

  async #ask({ made, credentials }: Prepared, signal: AbortSignal) {
    if (this.#handshakes === null) return null;
    const { url } = made;
    const tried = this.#tried('OPTIONS', made, credentials.redact);
    const ask = async (question: readonly Header[]): Promise<HttpResult> => {
      const headers = Object.fromEntries([...question, ...credentials.headers]);
      // Asking changes nothing, so the client may repeat it.
      const request = { method: 'OPTIONS', url, headers, body: null, isRepeatable: true } as const;
      return this.#sendWith(credentials, request, signal);
    };
    return this.#handshakes.refusalOf(url, ask, { tried, signal });
  }

  async #fire(prepared: Prepared, signal: AbortSignal): Promise<SentHttp> {
    const { url, content } = prepared.made;
    const compression = this.#compression;
    if (compression === null) {
      return this.#judge(prepared, await this.#exchange(prepared, signal));
    }
    const packed = await compression.contentFor(url, content);
    const made = { ...prepared.made, content: packed };
    const exchanged = await this.#exchange({ ...prepared, made }, signal);
    const isRefused = packed !== content && isFormRefused(exchanged.result);
    if (!isRefused) return this.#judge(prepared, exchanged);
    // The receiver did not read the body, so the request without compression is no repetition.
    const again = await this.#exchange(prepared, signal);
    if (again.result.answered && !isFormRefused(again.result)) compression.refusedAt(url);
    return this.#judge(prepared, again);
  }

  /** Signs the final bytes and sends them. */
  async #exchange(
    { sending, made, credentials }: Prepared,
    signal: AbortSignal,
  ): Promise<Exchanged> {
    const { id, own } = sending;
    const { url, content, configured } = made;
    const { body } = content;
    const now = this.#clock.now();
    const { signingKeys } = credentials;
    const signature = signingKeys === null ? [] : signatureHeaders({ id, now, body }, signingKeys);
    const identity: readonly Header[] = [['webhook-id', id]];
    const all = [content.headers, own, identity, signature, configured, credentials.headers];
    const headers = Object.fromEntries(all.flat());
    const isRepeatable = this.#isRepeatable;
    const request: HttpRequest = { method: this.#method, url, headers, body, isRepeatable };
    const result = await this.#sendWith(credentials, request, signal);
    const shown = [...signature, ...configured].map(([, value]) => value);
    // Made at its first use, because an answer without a body does not need it.
    let redactShown: Exchanged['redact'] | null = null;
    const redact = (text: string): string =>
      (redactShown ??= redactor(shown))(credentials.redact(text));
    return { result, redact };
  }

  #judge({ made }: Prepared, { result, redact }: Exchanged): SentHttp {
    const { url } = made;
    if (result.answered && result.status >= 400) this.#handshakes?.forget(url);
    const expects = this.#expects;
    const outcome = outcomeOf(result, { ...this.#tried(this.#method, made, redact), expects });
    const kept = withAnswer(outcome, result, { redact, url, started: this.#started });
    return { outcome: kept, blames: blamesContent(result) ? 'content' : 'request' };
  }

  /** Refused credentials may have been rotated, so the next use reads them again. */
  async #sendWith(
    credentials: HttpCredentials,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpResult> {
    const result = await this.#clients.clientFor(credentials.settings).send(request, signal);
    if (result.answered && REFUSED_CREDENTIALS.has(result.status)) {
      this.#refused = credentials;
      this.#credentials.forget();
    }
    return result;
  }

  #tried(
    method: HttpRequest['method'],
    { shown }: MadeRequest,
    redact: SentAttempt['redact'],
  ): SentAttempt {
    return { doing: `${method} ${shown}`, now: this.#clock.now(), redact };
  }
}

// The receiver refuses with 401, the proxy with 407.
const REFUSED_CREDENTIALS: ReadonlySet<number> = new Set([401, 407]);

interface Prepared {
  readonly sending: RequestSending;
  readonly made: MadeRequest;
  readonly credentials: HttpCredentials;
}

interface Exchanged {
  readonly result: HttpResult;
  /** Removes every secret of the request from a text. */
  readonly redact: (text: string) => string;
}

/** The result if no request was sent. The cause is not the content: smaller requests would fail too. */
export function unsent(outcome: Outcome): SentHttp {
  return { outcome, blames: 'request' };
}

/** Signed parts of a request. */
interface Signed {
  /** `webhook-id`; without a dot. */
  readonly id: string;
  /** Time of the attempt, in ms since 1970. */
  readonly now: number;
  readonly body: Buffer;
}

/** `webhook-timestamp` and `webhook-signature` of a request. */
export function signatureHeaders({ id, now, body }: Signed, keys: SigningKeys): readonly Header[] {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = keys.map((key) => {
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return [
    ['webhook-timestamp', timestamp],
    ['webhook-signature', signatures.join(' ')],
  ];
}
