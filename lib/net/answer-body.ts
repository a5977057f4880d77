// Bodies of answers, read within bounds: the beginning as text for people, or all bytes. A body that
// exceeds its bound or its time costs its connection.

import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../core/clock.ts';
import { codeOfFailure } from '../kit/file-trouble.ts';
import type { HttpOpened } from './http-client.ts';

/** Bounds of reading the beginning of a body. */
interface ExcerptBounds {
  /** Size of the kept beginning. */
  readonly excerptBytes: number;
  /** Bytes to read in total before the connection is closed. */
  readonly drainBytes: number;
}

/**
 * Reads the beginning of a body as text. A little more is read so that the connection can be
 * reused; beyond that it is closed. Nothing is decompressed, and no failure of the body is one of
 * the answer, whose status has been read.
 *
 * **Order and time**: resolves when the excerpt is complete or the body ends, possibly long before
 * the body is closed.
 */
export function readExcerpt(
  { headers, body }: { readonly headers: HttpOpened['headers']; readonly body: Readable },
  { excerptBytes, drainBytes }: ExcerptBounds,
  deadlines: BodyDeadlines,
): Promise<string> {
  return new Promise((resolve) => {
    const announced = Number(headers['content-length'] ?? 0);
    const chunks: Buffer[] = [];
    let bytes = 0;
    const giveUp = (): void => {
      resolve(textOf(chunks, headers, excerptBytes));
      body.destroy();
    };
    const take = (chunk: Buffer): void => {
      const missing = excerptBytes - bytes;
      bytes += chunk.length;
      const isEnough = missing <= chunk.length;
      // A copy: a slice would keep the whole chunk in memory for as long as the excerpt lives.
      if (missing > 0) chunks.push(isEnough ? Buffer.from(chunk.subarray(0, missing)) : chunk);
      if (missing > 0 && isEnough) resolve(textOf(chunks, headers, excerptBytes));
      if (isEnough && Math.max(bytes, announced) > drainBytes) giveUp();
    };
    const onOver = (): void => {
      deadlines.remove(giveUp);
      resolve(textOf(chunks, headers, excerptBytes));
    };
    body.on('data', take);
    body.on('end', onOver);
    body.on('close', onOver);
    deadlines.add(giveUp);
  });
}

function textOf(
  chunks: readonly Buffer[],
  headers: HttpOpened['headers'],
  excerptBytes: number,
): string {
  const encoding = headers['content-encoding'] ?? 'identity';
  // The server compressed the body although the request forbids it; it is not text then.
  if (chunks.length === 0 || encoding !== 'identity') return '';
  const bytes = Buffer.concat(chunks);
  if (bytes.length < excerptBytes) return bytes.toString('utf8');
  // Stream mode omits a character that was cut in two.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
}

/**
 * Reads a body whole, and decompresses it if it is gzip. Both sizes are bounded.
 *
 * **Errors**: throws if the body is cut or is not gzip although it says so.
 */
export async function readWhole(
  opened: HttpOpened,
  maxBytes: number,
): Promise<Buffer | 'too-large'> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early closes the connection.
  for await (const part of opened.body) {
    bytes += part.length;
    if (bytes > maxBytes) return 'too-large';
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  return opened.headers['content-encoding'] === 'gzip' ? unzip(whole, maxBytes) : whole;
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);

async function unzip(zipped: Buffer, maxBytes: number): Promise<Buffer | 'too-large'> {
  try {
    return await inflate(zipped, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOfFailure(error) === 'ERR_BUFFER_TOO_LARGE') return 'too-large';
    throw error;
  }
}

/**
 * Abandons each body `ms` after it was added, unless it was removed before. All bodies share one
 * timer, because nearly every body ends at once.
 */
export class BodyDeadlines implements Disposable {
  readonly #clock: Clock;
  readonly #ms: number;
  // In the order of adding, which is also the order of the deadlines.
  readonly #endsAt = new Map<() => void, number>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Starts the deadline of a body. */
  add(giveUp: () => void): void {
    this.#endsAt.set(giveUp, this.#clock.monotonic() + this.#ms);
    if (this.#cancel === null) this.#arm(this.#ms);
  }

  /** Removes a body that has ended. */
  remove(giveUp: () => void): void {
    this.#endsAt.delete(giveUp);
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    for (const giveUp of this.#endsAt.keys()) giveUp();
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#onTimer());
  }

  /** Runs once more after the last body, so that a series of bodies needs few timers. */
  #onTimer(): void {
    this.#cancel = null;
    for (const [giveUp, endsAt] of this.#endsAt) {
      const waitMs = endsAt - this.#clock.monotonic();
      if (waitMs > 0) {
        this.#arm(waitMs);
        return;
      }
      this.#endsAt.delete(giveUp);
      giveUp();
    }
  }
}
