// A receiver as far as the kind http sees one: it keeps what it is sent and answers what a spec
// tells it to. It drops nothing, verifies nothing and opens no socket.

import { once } from 'node:events';
import type { Trigger } from '../../../../lib/core/trigger.ts';
import type {
  HttpAnswered,
  HttpClient,
  HttpFailed,
  HttpRequest,
  HttpResult,
} from '../../../../lib/net/http-client.ts';
import type { ClientSettings } from '../../../../lib/triggers/http/request-credentials.ts';
import type { HttpSection } from '../../../../lib/triggers/http/section.ts';
import { createHttpTrigger } from '../../../../lib/triggers/http.ts';
import type { TriggerParts } from '../../../../lib/triggers/trigger-kind.ts';
import { someParts } from '../../support/parts.ts';

/** Where the sections of specs send to. */
export const URL_OF_SPECS = 'https://ci.example.test/hooks/k8s';

/** A signing secret; 32 bytes of 7. */
export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** An answer, 200 unless told otherwise. */
export function anAnswer(overrides: Partial<HttpAnswered> = {}): HttpAnswered {
  return { answered: true, status: 200, headers: {}, excerpt: '', ...overrides };
}

/** No answer: a connection reset after the request was sent, unless told otherwise. */
export function aFailure(overrides: Partial<HttpFailed> = {}): HttpFailed {
  const detail = 'the fake says so';
  return { answered: false, reached: 'perhaps', failure: 'reset', detail, ...overrides };
}

/** What it answers to a request. */
export type Script = (request: HttpRequest) => HttpResult;

/** A receiver of a few lines. */
export class FakeReceiver {
  readonly requests: HttpRequest[] = [];
  /** The settings of every client that was made. */
  readonly clients: ClientSettings[] = [];
  /** How many of them were closed. */
  closed = 0;
  script: Script = () => anAnswer();
  /** Whether it takes requests and never answers them. */
  silent = false;

  /** A client of it. */
  readonly create = (settings: ClientSettings): HttpClient => {
    this.clients.push(settings);
    let isClosed = false;
    return {
      send: (request, signal) => this.#take(request, signal),
      [Symbol.asyncDispose]: async () => {
        if (!isClosed) this.closed += 1;
        isClosed = true;
      },
    };
  };

  /** A trigger that sends to it. */
  trigger(section: Partial<HttpSection> = {}, parts: Partial<TriggerParts> = {}): Trigger {
    return createHttpTrigger({ url: URL_OF_SPECS, ...section }, someParts(parts), this.create);
  }

  /** The requests that carried deliveries. */
  get sent(): readonly HttpRequest[] {
    return this.requests.filter(({ method }) => method !== 'OPTIONS');
  }

  async #take(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    if (signal.aborted) return aFailure({ reached: 'never', failure: 'aborted' });
    this.requests.push(request);
    if (!this.silent) return this.script(request);
    await once(signal, 'abort');
    const why: unknown = signal.reason;
    const isTime = why instanceof Error && why.name === 'TimeoutError';
    return aFailure({ failure: isTime ? 'timeout' : 'aborted' });
  }
}

/** The body of a request as text. */
export function bodyOf(request: HttpRequest | undefined): string {
  return request?.body?.toString() ?? '';
}
