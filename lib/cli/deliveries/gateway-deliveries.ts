// Deliveries of a running gateway over its API. Bodies are parsed by the schemas with which the API
// describes them, in their open form, so that a command can ask a newer gateway. A token of `--token-file` is
// sent to whatever address is given. The gateway's own token is sent only to this machine, and only if a
// token is needed. Follows no redirect.

import { readToken } from '../../api/api-token.ts';
import { ACT_STATUSES } from '../../api/delivery-routes.ts';
import { PROBLEM_TYPE, REFUSED } from '../../api/problem-document.ts';
import type { Clock } from '../../core/clock.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ActName } from '../../delivery/actions.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { isLoopbackHost } from '../../kit/host-header.ts';
import { printable } from '../../kit/text/printable.ts';
import { userAgent } from '../../kit/version.ts';
import { Conversation, type WholeAnswer } from '../../net/conversation.ts';
import type { HttpFailed } from '../../net/http-client.ts';
import type { Deliveries, RefusedAct } from '../../views/deliveries.ts';
import { ACTED, DELIVERY, WHOLE_DELIVERY } from '../../views/delivery-documents.ts';
import * as s from '../../views/typed-schema.ts';

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
const ANSWERED: readonly number[] = [400, ...Object.values(ACT_STATUSES)];

const isRefused = s.guardOf(REFUSED);

/** A document, or the problem that refuses the request. */
type GatewayReply =
  | { readonly ok: true; readonly document: unknown }
  | {
      readonly ok: false;
      readonly status: number;
      readonly problem: s.ValueOf<typeof REFUSED>;
    };

/** Sends requests to the API of one gateway. */
class GatewayClient implements AsyncDisposable {
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

  async #send(method: 'GET' | 'POST', path: string): Promise<WholeAnswer> {
    const { url } = this.#address;
    const prefix = url.pathname.replace(/\/$/, '');
    using deadline = openDeadline(this.#clock, SILENT_MS, this.#stop);
    const request = {
      method,
      url: new URL(`${prefix}${path}`, url),
      headers: this.#token === null ? {} : { authorization: `Bearer ${this.#token}` },
      onProgress: () => deadline.extend(SILENT_MS),
    };
    const answer = await this.#conversation.ask(request, deadline.signal);
    if (!answer.answered) throw this.#failed(answer);
    return answer;
  }

  #answerOf({ status, headers, text }: WholeAnswer): GatewayReply {
    const type = (headers['content-type'] ?? '').replace(/;.*$/, '').trim();
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

const ROOT = '/api/v1/deliveries';
const PAGE = { next: s.TEXT_OR_NULL, total: s.NUMBER_OR_NULL };

const isPage = s.guardOf(s.listOf(DELIVERY, PAGE));
const isWholePage = s.guardOf(s.listOf(WHOLE_DELIVERY, PAGE));
const isWhole = s.guardOf(WHOLE_DELIVERY);
const isActed = s.guardOf(ACTED);

/** Opens the deliveries of a gateway; its connection opens at the first call. */
export function gatewayDeliveries(
  address: GatewayAddress,
  parts: { readonly clock: Clock; readonly stop: AbortSignal },
): Deliveries & AsyncDisposable {
  const client = new GatewayClient(address, parts);
  return {
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    list: async (query) => {
      const pairs = Object.entries(query).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      const reply = await client.ask('GET', `${ROOT}?${new URLSearchParams(pairs).toString()}`);
      if (reply.ok && query.whole) {
        return { ok: true, page: expected(reply, isWholePage, 'a page of complete deliveries') };
      }
      if (reply.ok) return { ok: true, page: expected(reply, isPage, 'a page of deliveries') };
      const { status, problem } = reply;
      if (status !== 400) throw unexpected(reply);
      return { ok: false, parameter: problem.parameter ?? '', detail: problem.detail };
    },
    find: async (id) => {
      const reply = await client.ask('GET', pathOf(id));
      if (reply.ok) return expected(reply, isWhole, 'a complete delivery');
      if (reply.status === 404) return null;
      throw unexpected(reply);
    },
    act: async (name, id) => {
      const reply = await client.ask('POST', pathOf(id, name));
      if (reply.ok) return { ok: true, acted: expected(reply, isActed, 'the result of an action') };
      const why = REFUSALS.find((one) => ACT_STATUSES[one] === reply.status);
      if (why === undefined) throw unexpected(reply);
      return { ok: false, why, ...reply.problem };
    },
  };
}

const REFUSALS = ['not-found', 'impossible', 'full'] as const satisfies RefusedAct['why'][];

type RefusedReply = GatewayReply & { readonly ok: false };

function pathOf(id: string, name?: ActName): string {
  return `${ROOT}/${encodeURIComponent(id)}${name === undefined ? '' : `/${name}`}`;
}

function expected<Document>(
  { document }: GatewayReply & { readonly ok: true },
  is: (value: unknown) => value is Document,
  what: string,
): Document {
  if (is(document)) return document;
  const message = `read the answer: it is not from Sluice’s API, or from another version (expected ${what})`;
  throw new SluiceError('gateway-unusable', message);
}

function unexpected({ status, problem }: RefusedReply): SluiceError {
  const message = `ask for deliveries: found status ${status}: ${problem.detail}`;
  return new SluiceError('gateway-unusable', message);
}

/** Renders the address of a gateway for people. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

function isLocal({ hostname }: URL): boolean {
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'));
}
