// The body of an answer: its beginning is kept as text for people, a little more is read so that the
// connection can be used again, and beyond that the connection is closed. Nothing is decompressed,
// and nothing that happens to a body makes the answer a failure: its status has been read.

import type { IncomingMessage } from 'node:http';

import type { BodyDeadlines, Bounded } from './body-deadlines.ts';

/** What may be read of a body. */
export interface BodyBounds {
  /** How much is kept. */
  readonly excerptBytes: number;
  /** How much is read in all before the connection is closed. */
  readonly drainBytes: number;
}

/** One body being read; it is read to its end or its bound whether anybody waits or not. */
export class AnswerBody implements Bounded {
  readonly #response: IncomingMessage;
  readonly #bounds: BodyBounds;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #onExcerpt: (excerpt: string) => void = () => undefined;

  constructor(response: IncomingMessage, bounds: BodyBounds) {
    this.#response = response;
    this.#bounds = bounds;
  }

  /**
   * Reads; `done` is called once, when the connection is free again or closed.
   *
   * **Order and time**: resolves when the excerpt is there or the body is over, often long before
   * `done`.
   */
  read(deadlines: BodyDeadlines, done: () => void): Promise<string> {
    return new Promise((resolve) => {
      this.#onExcerpt = resolve;
      let isOver = false;
      const onOver = (): void => {
        if (isOver) return;
        isOver = true;
        deadlines.remove(this);
        resolve(this.#excerpt());
        done();
      };
      const response = this.#response;
      response.on('data', (chunk: Buffer) => this.#take(chunk));
      response.on('end', onOver);
      response.on('close', onOver);
      // A body that breaks off is closed next; the answer stands.
      response.on('error', () => undefined);
      deadlines.add(this);
    });
  }

  /** Ends the reading where it stands, and the connection with it. */
  giveUp(): void {
    this.#response.destroy();
    this.#onExcerpt(this.#excerpt());
  }

  #take(chunk: Buffer): void {
    const { excerptBytes, drainBytes } = this.#bounds;
    const missing = excerptBytes - this.#bytes;
    this.#bytes += chunk.length;
    // A copy: a slice would keep the whole chunk in memory for as long as the excerpt lives.
    const isEnough = missing <= chunk.length;
    if (missing > 0) this.#chunks.push(isEnough ? Buffer.from(chunk.subarray(0, missing)) : chunk);
    if (missing > 0 && isEnough) this.#onExcerpt(this.#excerpt());
    if (isEnough && Math.max(this.#bytes, this.#announced()) > drainBytes) this.giveUp();
  }

  #announced(): number {
    return Number(this.#response.headers['content-length'] ?? 0);
  }

  #excerpt(): string {
    if (this.#chunks.length === 0 || isEncoded(this.#response)) return '';
    const bytes = Buffer.concat(this.#chunks);
    if (bytes.length < this.#bounds.excerptBytes) return bytes.toString('utf8');
    // In stream mode a character that the cut went through is left out.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
  }
}

/** Whether a server compressed although it was asked not to; what it sent is not text then. */
function isEncoded(response: IncomingMessage): boolean {
  const encoding = response.headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}
