// Compressed bodies, and the URLs whose receiver takes none. What goes out compressed is signed
// compressed.
// Source: RFC 9110 §8.4.1.3 (gzip), §15.5.16 (415); RFC 7694 §3 (415 says that the coding is refused).

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Clock } from '../../../core/clock.ts';
import type { HttpResult } from '../../../net/http-client.ts';
import type { Content } from '../body.ts';
import type { Header } from '../header-templates.ts';

const compress = promisify(gzip);

const GZIP: Header = ['content-encoding', 'gzip'];

// An hour costs one request in vain each hour, and finds a receiver that was mended on the same day.
const LAPSE_MS = 3_600_000;
// URLs with an Event's values in them may be many; the one that refused longest ago is tried again.
const URLS_AT_MOST = 1_000;

/** Compresses bodies for the receivers that take them. */
export class Compression {
  readonly #clock: Clock;
  /** When a URL refused, on the monotonic clock; the latest last. */
  readonly #refused = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The content compressed; the content itself if the receiver at this URL takes none so. */
  async contentFor(url: URL, content: Content): Promise<Content> {
    const refusedAt = this.#refused.get(keyOf(url));
    const isRefused = refusedAt !== undefined && this.#clock.monotonic() - refusedAt < LAPSE_MS;
    if (isRefused) return content;
    return { headers: [...content.headers, GZIP], body: await compress(content.body) };
  }

  /** The receiver at this URL refused a compressed body and answered otherwise without. */
  refusedAt(url: URL): void {
    const key = keyOf(url);
    this.#refused.delete(key);
    this.#refused.set(key, this.#clock.monotonic());
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > URLS_AT_MOST && oldest !== undefined) this.#refused.delete(oldest);
  }
}

/** Whether an answer refuses the form of a body, by which nothing was started. */
export function isFormRefused(result: HttpResult): boolean {
  return result.answered && result.status === 415;
}

function keyOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
