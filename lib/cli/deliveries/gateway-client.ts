// HTTP client of a running gateway. A token of `--token-file` is sent to whatever address is given. The
// gateway's own token is sent only to this machine, and only if a token is needed. Follows no redirect.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { readToken } from '../../api/api-token.ts';
import { ACT_STATUSES } from '../../api/delivery-routes.ts';
import { PROBLEM_TYPE, REFUSED } from '../../api/problem-document.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, SluiceError } from '../../core/errors.ts';
import { type Deadline, openDeadline } from '../../kit/async/abort.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';
import { isLoopbackHost } from '../../kit/host-header.ts';
import { printable } from '../../kit/text/printable.ts';
import { userAgent } from '../../kit/version.ts';
import { guardOf, type ValueOf } from '../../views/typed-schema.ts';

/** Address of a gateway, and the files with its token. */
export interface GatewayAddress {
  readonly url: URL;
  /** The file of `--token-file`; null: use the gateway's own if a token is needed. */
  readonly namedTokenFile: string | null;
  readonly ownTokenFile: string;
}

// A page has some MiB, and a gateway under load is slow. After this long without a byte it is a failure.
const SILENT_MS = 30_000;
// A page of complete deliveries has 8 MiB and one Event more; a larger answer is not from Sluice.
const ANSWER_BYTES = 128 * 1024 * 1024;

// These refuse the request; every other status is a failure of the gateway or of the way to it.
const ANSWERED: readonly number[] = [400, ...Object.values(ACT_STATUSES)];

const isRefused = guardOf(REFUSED);

/** A document, or the problem that refuses the request. */
export type GatewayReply =
  | { readonly ok: true; readonly document: unknown }
  | {
      readonly ok: false;
      readonly status: number;
      readonly problem: ValueOf<typeof REFUSED>;
    };

interface GatewayAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Sends requests to the API of one gateway. */
export class GatewayClient implements AsyncDisposable {
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
      ? // Explicit, because an environment variable would turn it off.
        new HttpsAgent({ ...options, rejectUnauthorized: true })
      : new HttpAgent(options);
  }

  /**
   * Sends one request. `path` is the full path from `/api/v1` with its query.
   *
   * **Errors**: `gateway-unusable` if there is no answer, or it is not from the API.
   */
  async ask(method: 'GET' | 'POST', path: string): Promise<GatewayReply> {
    const isWrite = method !== 'GET';
    if (this.#address.namedTokenFile !== null || isWrite) this.#token ??= await this.#findToken();
    let sent = await this.#send(method, path);
    if (sent.status === 401 && this.#token === null) {
      this.#token = await this.#findToken();
      if (this.#token !== null) sent = await this.#send(method, path);
    }
    return this.#answerOf(sent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
  }

  /** Null if there is none to send; a named file must contain one. */
  async #findToken(): Promise<string | null> {
    const { namedTokenFile, ownTokenFile, url } = this.#address;
    if (namedTokenFile === null && !isLocal(url)) return null;
    const found = await readToken(namedTokenFile ?? ownTokenFile);
    if (found.ok) return found.token;
    if (namedTokenFile !== null) throw this.#unusable(found.finding.message);
    return null;
  }

  #send(method: string, path: string): Promise<GatewayAnswer> {
    const { url } = this.#address;
    const prefix = url.pathname.replace(/\/$/, '');
    const token = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    const deadline = openDeadline(this.#clock, SILENT_MS, this.#stop);
    const options = {
      ...{ method, agent: this.#agent, signal: deadline.signal },
      headers: { accept: 'application/json', 'user-agent': userAgent(), ...token },
    };
    const request = isTls(url) ? httpsRequest : httpRequest;
    const target = new URL(`${prefix}${path}`, url);
    const sent = new Promise<GatewayAnswer>((resolve, reject) => {
      const out = request(target, options, (response) => {
        this.#collect(response, deadline).then(resolve, reject);
      });
      out.on('error', (error) => reject(this.#failed(error, deadline)));
      out.end();
    });
    return sent.finally(() => deadline[Symbol.dispose]());
  }

  async #collect(response: IncomingMessage, deadline: Deadline): Promise<GatewayAnswer> {
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

  #answerOf({ status, type, text }: GatewayAnswer): GatewayReply {
    const json = jsonOrNothing(text);
    const isJson = status === 200 && type === 'application/json' && json !== undefined;
    if (isJson) return { ok: true, document: json };
    if (type !== PROBLEM_TYPE || !isRefused(json)) {
      const what = `found status ${status}${type === '' ? '' : ` and ${printable(type, 60)}`}`;
      throw this.#unusable(`the answer is not from Sluice’s API: ${what}`);
    }
    if (ANSWERED.includes(status)) return { ok: false, status, problem: json };
    if (status === 401) throw this.#unusable(this.#whyUnauthorized());
    throw this.#unusable(`found status ${status}: ${printable(json.detail, 500)}`);
  }

  #whyUnauthorized(): string {
    const { namedTokenFile, ownTokenFile, url } = this.#address;
    if (this.#token !== null) {
      return `it refuses the token in ${namedTokenFile ?? ownTokenFile}: it has another one`;
    }
    if (!isLocal(url)) return 'it needs a token: name its file with --token-file';
    return `it needs a token, and ${ownTokenFile} has none that can be read`;
  }

  #failed(error: unknown, { expired }: Deadline): Error {
    if (this.#stop.aborted) return new DOMException('stopped', 'AbortError');
    if (expired) return this.#unusable(`timeout: no answer for ${SILENT_MS / 1000} s`);
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

/** Renders the address of a gateway for people. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

function isTls({ protocol }: URL): boolean {
  return protocol === 'https:';
}

function isLocal({ hostname }: URL): boolean {
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'));
}
