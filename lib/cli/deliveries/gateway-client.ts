// HTTP client of a running gateway. A token of `--token-file` is sent to whatever address is given. The
// gateway's own token is sent only to this machine, and only if a token is needed. Follows no redirect.

import { readToken } from '../../api/api-token.ts';
import type { DeliveryAnswer, DeliveryQuestion } from '../../api/documents/delivery-routes.ts';
import { PROBLEM_TYPE, type RefusalStatus } from '../../api/problem-document.ts';
import type { Clock } from '../../core/clock.ts';
import { SluiceError } from '../../core/errors.ts';
import { isJsonObject, stringAt } from '../../core/event.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { isLoopbackHost } from '../../kit/host-header.ts';
import { printable } from '../../kit/text/printable.ts';
import { userAgent } from '../../kit/version.ts';
import { Conversation } from '../../net/conversation.ts';
import type { HttpFailed } from '../../net/http-client.ts';
import type { DeliveryClient } from './delivery-client.ts';

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
const BOUNDS = { maxBytes: 128 * 1024 * 1024, connectTimeoutMs: SILENT_MS } as const;

// These refuse the request; every other status is a failure of the gateway or of the way to it.
const ANSWERED = [400, 404, 409, 507] as const satisfies RefusalStatus[];

interface GatewayAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Answers requests over HTTP. */
export class GatewayClient implements DeliveryClient {
  readonly #address: GatewayAddress;
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #conversation: Conversation;
  #token: string | null = null;

  constructor(address: GatewayAddress, { clock, stop }: { clock: Clock; stop: AbortSignal }) {
    this.#address = address;
    this.#clock = clock;
    this.#stop = stop;
    this.#conversation = new Conversation(
      // Every address is asked: the person who runs the command chose it.
      { ...BOUNDS, userAgent: userAgent(), addresses: 'any' },
      { clock },
    );
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
    await this.#conversation[Symbol.asyncDispose]();
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

  async #send(question: DeliveryQuestion): Promise<GatewayAnswer> {
    const { url } = this.#address;
    const prefix = url.pathname.replace(/\/$/, '');
    const query = question.query === '' ? '' : `?${question.query}`;
    using deadline = openDeadline(this.#clock, SILENT_MS, this.#stop);
    const request = {
      method: question.method,
      url: new URL(`${prefix}${question.path}${query}`, url),
      headers: this.#token === null ? {} : { authorization: `Bearer ${this.#token}` },
      onProgress: () => deadline.extend(SILENT_MS),
    };
    const answer = await this.#conversation.ask(request, deadline.signal);
    if (!answer.answered) throw this.#failed(answer);
    const { status, headers, text } = answer;
    const type = (headers['content-type'] ?? '').replace(/;.*$/, '').trim();
    return { status, type, text };
  }

  #answerOf({ status, type, text }: GatewayAnswer): DeliveryAnswer {
    const json = jsonOrNothing(text);
    if (status === 200 && type === 'application/json' && isJsonObject(json)) {
      return { ok: true, document: json };
    }
    if (type !== PROBLEM_TYPE || !isJsonObject(json)) {
      const what = `found status ${status}${type === '' ? '' : ` and ${printable(type, 60)}`}`;
      throw this.#unusable(`the answer is not from Sluice’s API: ${what}`);
    }
    const detail = stringAt(json, 'detail');
    const known = ANSWERED.find((one) => one === status);
    if (known !== undefined) return { ok: false, refusal: { ...json, status: known, detail } };
    if (status === 401) throw this.#unusable(this.#whyUnauthorized());
    throw this.#unusable(`found status ${status}: ${printable(detail, 500)}`);
  }

  #whyUnauthorized(): string {
    const { namedTokenFile, ownTokenFile, url } = this.#address;
    if (this.#token !== null) {
      return `it refuses the token in ${namedTokenFile ?? ownTokenFile}: it has another one`;
    }
    if (!isLocal(url)) return 'it needs a token: name its file with --token-file';
    return `it needs a token, and ${ownTokenFile} has none that can be read`;
  }

  #failed({ code, failure }: HttpFailed): Error {
    if (this.#stop.aborted) return new DOMException('stopped', 'AbortError');
    if (failure === 'timeout')
      return this.#unusable(`timeout: no answer for ${SILENT_MS / 1000} s`);
    return this.#unusable(failure === 'refused' ? 'nothing listens there' : code);
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

function isLocal({ hostname }: URL): boolean {
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'));
}
