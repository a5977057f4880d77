// Asks a running gateway. A token is shown only where it must be: a file that was named is meant for
// this address, the gateway's own is shown to this machine alone. No redirect is followed.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { readToken } from '../../api/api-token.ts';
import type { DeliveryAnswer, DeliveryQuestion } from '../../api/documents/delivery-routes.ts';
import { PROBLEM_TYPE, type RefusalStatus } from '../../api/problem-document.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, SluiceError } from '../../core/errors.ts';
import { isJsonObject, stringAt } from '../../core/event.ts';
import { type Deadline, openDeadline } from '../../kit/async/abort.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';
import { isLoopbackHost } from '../../kit/host-header.ts';
import { printable } from '../../kit/text/printable.ts';
import { userAgent } from '../../kit/version.ts';
import type { DeliveryClient } from './delivery-client.ts';

/** Where a gateway is, and how it lets somebody in. */
export interface GatewayAddress {
  readonly url: URL;
  /** The file that was named; null: the gateway's own, where it is needed. */
  readonly namedTokenFile: string | null;
  readonly ownTokenFile: string;
}

// A page is some MiB, and a gateway under load answers when it can; then somebody should be told.
const SILENT_MS = 30_000;
// A page of whole deliveries has 8 MiB and one Event more; what is larger is no answer of ours.
const ANSWER_BYTES = 128 * 1024 * 1024;

// What these say is about the question; everything else is about who was asked.
const ANSWERED = [400, 404, 409, 507] as const satisfies RefusalStatus[];

interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Asks over HTTP. */
export class ApiClient implements DeliveryClient {
  readonly #address: GatewayAddress;
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #agent: HttpAgent;
  #token: string | null = null;

  constructor(address: GatewayAddress, { clock, stop }: { clock: Clock; stop: AbortSignal }) {
    this.#address = address;
    this.#clock = clock;
    this.#stop = stop;
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = isTls(address.url)
      ? // Said aloud, because a variable of the environment would turn it off.
        new HttpsAgent({ ...options, rejectUnauthorized: true })
      : new HttpAgent(options);
  }

  async ask(question: DeliveryQuestion): Promise<DeliveryAnswer> {
    const isWrite = question.method !== 'GET';
    if (this.#address.namedTokenFile !== null || isWrite) this.#token ??= await this.#findToken();
    let sent = await this.#send(question);
    if (sent.status === 401 && this.#token === null) {
      this.#token = await this.#findToken();
      if (this.#token !== null) sent = await this.#send(question);
    }
    return this.#answerOf(sent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  /** Null where there is none to show; a file that was named must have one. */
  async #findToken(): Promise<string | null> {
    const { namedTokenFile, ownTokenFile, url } = this.#address;
    if (namedTokenFile === null && !isLocal(url)) return null;
    const found = await readToken(namedTokenFile ?? ownTokenFile);
    if (found.ok) return found.token;
    if (namedTokenFile !== null) throw this.#unusable(found.finding.message);
    return null;
  }

  #send(question: DeliveryQuestion): Promise<ApiAnswer> {
    const { url } = this.#address;
    const prefix = url.pathname.replace(/\/$/, '');
    const query = question.query === '' ? '' : `?${question.query}`;
    const token = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    const deadline = openDeadline(this.#clock, SILENT_MS, this.#stop);
    const options = {
      ...{ method: question.method, agent: this.#agent, signal: deadline.signal },
      headers: { accept: 'application/json', 'user-agent': userAgent(), ...token },
    };
    const request = isTls(url) ? httpsRequest : httpRequest;
    const target = new URL(`${prefix}${question.path}${query}`, url);
    const sent = new Promise<ApiAnswer>((resolve, reject) => {
      const out = request(target, options, (response) => {
        this.#collect(response, deadline).then(resolve, reject);
      });
      out.on('error', (error) => reject(this.#failed(error, deadline)));
      out.end();
    });
    return sent.finally(() => deadline[Symbol.dispose]());
  }

  async #collect(response: IncomingMessage, deadline: Deadline): Promise<ApiAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        deadline.extend(SILENT_MS);
        size += chunk.length;
        if (size > ANSWER_BYTES) throw new Error(`more than ${ANSWER_BYTES} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#failed(error, deadline);
    }
    const type = (response.headers['content-type'] ?? '').replace(/;.*$/, '').trim();
    const text = Buffer.concat(chunks, size).toString('utf8');
    return { status: response.statusCode ?? 0, type, text };
  }

  #answerOf({ status, type, text }: ApiAnswer): DeliveryAnswer {
    const json = jsonOrNothing(text);
    if (status === 200 && type === 'application/json' && isJsonObject(json)) {
      return { ok: true, document: json };
    }
    if (type !== PROBLEM_TYPE || !isJsonObject(json)) {
      const what = `found status ${status}${type === '' ? '' : ` and ${printable(type, 60)}`}`;
      throw this.#unusable(`something else than Sluice’s API answers: ${what}`);
    }
    const detail = stringAt(json, 'detail');
    const known = ANSWERED.find((one) => one === status);
    if (known !== undefined) return { ok: false, refusal: { ...json, status: known, detail } };
    if (status === 401) throw this.#unusable(this.#whyNotLetIn());
    throw this.#unusable(`found status ${status}: ${printable(detail, 500)}`);
  }

  #whyNotLetIn(): string {
    const { namedTokenFile, ownTokenFile, url } = this.#address;
    if (this.#token !== null) {
      return `it refuses the token in ${namedTokenFile ?? ownTokenFile}, which is another’s`;
    }
    if (!isLocal(url)) return 'it asks for a token, and none is named with --token-file';
    return `it asks for a token, and there is none in ${ownTokenFile} that can be read`;
  }

  #failed(error: unknown, { expired }: Deadline): Error {
    if (this.#stop.aborted) return new DOMException('stopped', 'AbortError');
    if (expired) return this.#unusable(`nothing came for ${SILENT_MS / 1000} s`);
    const code = codeOfFailure(error);
    if (code === 'ECONNREFUSED') return this.#unusable('nothing listens there');
    return this.#unusable(code ?? printable(messageOf(error), 200));
  }

  #unusable(why: string): SluiceError {
    return new SluiceError(
      'gateway-unusable',
      `ask the gateway at ${shownUrl(this.#address.url)}: ${why}`,
    );
  }
}

/** The address as people write it. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

function isTls({ protocol }: URL): boolean {
  return protocol === 'https:';
}

function isLocal({ hostname }: URL): boolean {
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'));
}
