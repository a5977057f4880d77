// The handshake of the CloudEvents webhook profile: before the first delivery to a URL the receiver
// is asked whether it wants any from us. Asking starts nothing, so whatever goes wrong may be tried
// again. What was agreed is kept in memory only; the rate that a receiver grants is not enforced.
// Source: CloudEvents 1.0.2, HTTP 1.1 Web Hooks for Event Delivery §4 (abuse protection).

import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/trigger.ts';
import { aborted } from '../../kit/aborted.ts';
import { quoted } from '../../kit/printable.ts';
import type { HttpResult } from '../../net/http-client.ts';
import type { Header } from './header-templates.ts';
import { retryOf, type Tried } from './outcome.ts';
import type { HttpSection } from './section.ts';

/** Sends the question. */
export type Ask = (headers: readonly Header[]) => Promise<HttpResult>;

// The profile names no lapse. A day asks often enough that a receiver which changed hands is not
// sent to for long, and seldom enough to be no load.
const LAPSE_MS = 86_400_000;
// URLs with an Event's values in them may be many; the least recently agreed is asked again.
const URLS_AT_MOST = 1_000;

type Asked = Promise<Outcome | null>;

/** What receivers agreed to, by URL. */
export class Handshakes {
  readonly #origin: string;
  readonly #question: readonly Header[];
  readonly #clock: Clock;
  readonly #asked = new Map<string, { readonly answer: Asked; readonly at: number }>();

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
  async agreed(url: URL, ask: Ask, at: { tried: Tried; signal: AbortSignal }): Asked {
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

  #remember(key: string, asked: { readonly answer: Asked; readonly at: number }): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > URLS_AT_MOST && oldest !== undefined) this.#asked.delete(oldest);
  }

  #judge(result: HttpResult, tried: Tried): Outcome | null {
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

async function stopped({ tried, signal }: { tried: Tried; signal: AbortSignal }): Promise<Outcome> {
  await aborted(signal);
  const detail = `${tried.doing}: ended while the receiver was being asked`;
  return { outcome: 'retry', reason: 'unavailable', detail };
}
