// Facts about the receiver at a URL that change how requests are sent: whether it permits deliveries
// (handshake) and whether it accepts compressed bodies. They are kept in memory only, for a limited
// time. Signing and sending are in sender.ts.
// Source: CloudEvents 1.0.2, HTTP 1.1 Web Hooks for Event Delivery §4 (abuse protection).
// RFC 9110 §8.4.1.3 (gzip), §15.5.16 (415). RFC 7694 §3 (415 refuses the coding).

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import type { Outcome, RetryReason, Unknown } from '../../core/delivery.ts';
import { aborted } from '../../kit/async/abort.ts';
import { quoted } from '../../kit/text/printable.ts';
import type { HttpResult } from '../../net/http-client.ts';
import { pausing } from '../asked-wait.ts';
import { outcomeOf, type SentAttempt } from './answer-table.ts';
import type { Content } from './body.ts';
import type { HttpSection } from './section.ts';
import type { Header } from './templates.ts';

// The profile names no time. With a day, a receiver with a new owner is soon asked again, and the
// requests are no load.
const PERMITTED_MS = 86_400_000;

/** Sends the OPTIONS request of a handshake with these headers. */
type Ask = (headers: readonly Header[]) => Promise<HttpResult>;

/** Handshakes of the CloudEvents webhook profile. The rate that a receiver grants is not enforced. */
export class Handshakes {
  readonly #origin: string;
  readonly #headers: readonly Header[];
  readonly #refusals: FactsByUrl<Promise<Outcome | null>>;

  constructor({ origin, rate }: NonNullable<HttpSection['handshake']>, clock: Clock) {
    this.#origin = origin;
    const limit: readonly Header[] =
      rate === undefined ? [] : [['webhook-request-rate', String(rate)]];
    this.#headers = [['webhook-request-origin', origin], ...limit];
    this.#refusals = new FactsByUrl(clock, PERMITTED_MS);
  }

  /**
   * Null if the receiver at this URL permits deliveries, else why nothing was sent to it.
   *
   * **Order and time**: attempts that need the same answer wait for one request. An attempt that is
   * aborted stops waiting.
   */
  async refusalOf(
    url: URL,
    ask: Ask,
    at: { tried: SentAttempt; signal: AbortSignal },
  ): Promise<Outcome | null> {
    const known = this.#refusals.get(url);
    if (known !== undefined) return Promise.race([known, stopped(at)]);
    const answer = ask(this.#headers).then((result) => this.#judge(result, at.tried));
    this.#refusals.set(url, answer);
    const refusal = await answer;
    if (refusal !== null) this.#refusals.delete(url);
    return refusal;
  }

  /** Makes the next attempt ask again, because a receiver that gave permission now refuses. */
  forget(url: URL): void {
    this.#refusals.delete(url);
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

async function stopped(at: { tried: SentAttempt; signal: AbortSignal }): Promise<Outcome> {
  await aborted(at.signal);
  const detail = `${at.tried.doing}: the attempt ended before the answer to the handshake`;
  return { outcome: 'retry', reason: 'unavailable', detail };
}

/** The outcome of a failed handshake: always a retry, because asking starts nothing. */
export function retryOf(result: HttpResult, tried: SentAttempt): Outcome {
  const outcome = outcomeOf(result, tried);
  switch (outcome.outcome) {
    case 'unknown':
      return { ...outcome, outcome: 'retry', reason: reasonOf(result, outcome) };
    case 'delivered':
    case 'refused': {
      const found = 'note' in outcome ? `${tried.doing}: ${outcome.note}` : tried.doing;
      const detail = 'detail' in outcome ? outcome.detail : found;
      return { outcome: 'retry', reason: 'not-permitted', detail, ...pausing(outcome.pauseMs) };
    }
    case 'retry':
      return outcome;
  }
}

function reasonOf({ answered }: HttpResult, { reason }: Unknown): RetryReason {
  if (reason === 'redirected') return 'redirected';
  return answered ? 'unavailable' : 'unreachable';
}

// An hour costs one wasted request each hour, and a receiver that was fixed gets compressed bodies on
// the same day.
const UNCOMPRESSED_MS = 3_600_000;

const GZIP: Header = ['content-encoding', 'gzip'];

const compress = promisify(gzip);

/** Compresses bodies for the receivers that accept it. */
export class Compression {
  readonly #refused: FactsByUrl<true>;

  constructor(clock: Clock) {
    this.#refused = new FactsByUrl(clock, UNCOMPRESSED_MS);
  }

  /** The content compressed, or as it is if the receiver at this URL refused compression. */
  async contentFor(url: URL, content: Content): Promise<Content> {
    if (this.#refused.get(url) !== undefined) return content;
    return { headers: [...content.headers, GZIP], body: await compress(content.body) };
  }

  /** Notes that the receiver answered 415 only if the body was compressed. */
  refusedAt(url: URL): void {
    this.#refused.set(url, true);
  }
}

/** Whether an answer refuses the form of a body. Nothing was started then. */
export function isFormRefused(result: HttpResult): boolean {
  return result.answered && result.status === 415;
}

// URLs with Event values may be many. The fact that was noted longest ago is forgotten first.
const URLS_AT_MOST = 1_000;

/** Facts by URL without its query, each known for a limited time. */
class FactsByUrl<Fact> {
  readonly #clock: Clock;
  readonly #lifeMs: number;
  /** In the order in which they were noted, with their times on the monotonic clock. */
  readonly #facts = new Map<string, { readonly fact: Fact; readonly at: number }>();

  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  get(url: URL): Fact | undefined {
    const known = this.#facts.get(keyOf(url));
    const isExpired = known === undefined || this.#clock.monotonic() - known.at >= this.#lifeMs;
    return isExpired ? undefined : known.fact;
  }

  set(url: URL, fact: Fact): void {
    const key = keyOf(url);
    this.#facts.delete(key);
    this.#facts.set(key, { fact, at: this.#clock.monotonic() });
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > URLS_AT_MOST && oldest !== undefined) this.#facts.delete(oldest);
  }

  delete(url: URL): void {
    this.#facts.delete(keyOf(url));
  }
}

function keyOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
