// A fake receiver for the kind http: it keeps all requests and answers by a script. It verifies nothing
// and opens no socket. real-receiver.ts has a socket.

import { once } from 'node:events';
import type { Trigger } from '../../../../lib/core/ports/trigger.ts';
import type {
  HttpAnswered,
  HttpFailed,
  HttpRequest,
  HttpResult,
} from '../../../../lib/net/http-client.ts';
import type { ClientSettings } from '../../../../lib/triggers/http/request-credentials.ts';
import type { HttpSection } from '../../../../lib/triggers/http/section.ts';
import type { SendingClient } from '../../../../lib/triggers/http/sender.ts';
import { createHttpTrigger } from '../../../../lib/triggers/http.ts';
import type { TriggerParts } from '../../../../lib/triggers/trigger-kind.ts';
import { someParts } from '../../support/parts.ts';

/** The default URL of sections. */
export const URL_OF_SPECS = 'https://ci.example.test/hooks/k8s';

/** A signing secret of 32 bytes of 7. */
export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** An answer; 200 by default. */
export function anAnswer(overrides: Partial<HttpAnswered> = {}): HttpAnswered {
  return { answered: true, status: 200, headers: {}, excerpt: '', ...overrides };
}

/** A missing answer; by default the connection was reset after the request was sent. */
export function aFailure(overrides: Partial<HttpFailed> = {}): HttpFailed {
  const detail = 'the fake says so';
  const code = overrides.failure ?? 'reset';
  return { answered: false, reached: 'perhaps', failure: 'reset', code, detail, ...overrides };
}

/** Answers a request. */
export type Script = (request: HttpRequest) => HttpResult;

/** Keeps requests, and answers them by `script`. */
export class FakeReceiver {
  readonly requests: HttpRequest[] = [];
  /** The settings of every client. */
  readonly clients: ClientSettings[] = [];
  /** Number of closed clients. */
  closed = 0;
  script: Script = () => anAnswer();
  /** Whether it accepts requests and never answers. */
  silent = false;

  /** Creates a client of this receiver. */
  readonly create = (settings: ClientSettings): SendingClient => {
    this.clients.push(settings);
    let isClosed = false;
    const close = async (): Promise<void> => {
      if (!isClosed) this.closed += 1;
      isClosed = true;
    };
    return {
      send: (request, signal) => this.#take(request, signal),
      retire: close,
      [Symbol.asyncDispose]: close,
    };
  };

  /** Creates a trigger that sends to this receiver. */
  trigger(section: Partial<HttpSection> = {}, parts: Partial<TriggerParts> = {}): Trigger {
    return createHttpTrigger({ url: URL_OF_SPECS, ...section }, someParts(parts), this.create);
  }

  /** The requests with deliveries. */
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
