// The live feed as Server-Sent Events. Each client reads from the ring of recent activity at its own
// pace, so nothing is buffered for it. A client that falls behind the ring, or reads nothing for long,
// is disconnected and may resume. Without a client the feed costs nothing.
// Source: HTML Living Standard, Server-sent events.

import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { Alarm } from '../kit/async/alarm.ts';
import { escapedJson } from '../telemetry/line-format.ts';
import { toDecisionDocument, toMoveDocument } from '../views/decision-documents.ts';
import type { Happening, RecentActivity } from '../views/recent-activity.ts';
import type { Refusal } from './problem-document.ts';

/** Interval of heartbeats in a quiet feed; below 60 s, the usual idle timeout of proxies. */
export const HEARTBEAT_MS = 15_000;
/** Time after which a client that reads nothing is disconnected. */
export const SLOW_MS = 30_000;
/** Largest number of clients: some people and a dashboard; each holds a connection. */
export const FEED_CLIENTS = 16;
const RETRY_MS = 2_000;

/** Dependencies of the feed. */
interface FeedParts {
  readonly recent: RecentActivity;
  readonly clock: Clock;
  /** Ends every client. */
  readonly stop: AbortSignal;
}

/** Sends decisions and moves to its clients. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #clients = new Set<Promise<void>>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Number of clients. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Refuses one more client; null if there is room. */
  refusal(): Refusal | null {
    if (this.#clients.size < FEED_CLIENTS) return null;
    const detail = `limit reached: ${FEED_CLIENTS} clients read the feed; retry`;
    return { status: 503, detail, headers: { 'Retry-After': '5' } };
  }

  /**
   * Serves a client until it disconnects, falls behind or the feed stops. `after` is the last number
   * that the client has seen; null: it wants only new ones.
   */
  async serve(response: ServerResponse, after: number | null): Promise<void> {
    // Its `close` was already emitted and would not end the feed.
    if (response.destroyed) return;
    const served = this.#serve(response, after);
    this.#clients.add(served);
    await served.finally(() => this.#clients.delete(served));
  }

  /** Resolves after `stop`, once every response has ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#clients);
  }

  async #serve(response: ServerResponse, after: number | null): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    // A client that disconnects is not an error; `close` follows.
    response.on('error', () => undefined);
    const signal = AbortSignal.any([left.signal, this.#parts.stop]);
    const outcome = await new FeedClient(response, this.#parts, signal).run(after);
    if (outcome === 'slow') response.destroy();
    else response.end();
  }
}

class FeedClient {
  readonly #response: ServerResponse;
  readonly #recent: RecentActivity;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #alarm = new Alarm();
  /** Number of the next entry to send. */
  #next = 0;

  constructor(response: ServerResponse, { recent, clock }: FeedParts, signal: AbortSignal) {
    this.#response = response;
    this.#recent = recent;
    this.#clock = clock;
    this.#signal = signal;
  }

  async run(after: number | null): Promise<'over' | 'slow'> {
    const unlisten = this.#recent.listen(() => this.#alarm.ring());
    try {
      this.#begin(after);
      while (!this.#signal.aborted) {
        if ((await this.#catchUp()) === 'slow') return 'slow';
        await this.#alarm.wait(this.#clock, HEARTBEAT_MS, this.#signal);
        if (this.#next === this.#recent.next) this.#response.write(': heartbeat\n\n');
      }
      return 'over';
    } finally {
      unlisten();
    }
  }

  #begin(after: number | null): void {
    const { oldest, next } = this.#recent;
    this.#response.write(`retry: ${RETRY_MS}\n\n`);
    this.#next = after === null ? next : after + 1;
    if (this.#next >= oldest && this.#next <= next) return;
    this.#next = oldest;
    this.#response.write(`event: lost\ndata: ${JSON.stringify({ after, oldest })}\n\n`);
  }

  /** Sends all entries in memory, as fast as the client reads. */
  async #catchUp(): Promise<'caught-up' | 'slow'> {
    while (!this.#signal.aborted) {
      if (this.#response.writableNeedDrain && !(await this.#drained())) return 'slow';
      if (this.#next === this.#recent.next) return 'caught-up';
      const happening = this.#recent.get(this.#next);
      if (happening === null) return 'slow';
      this.#next += 1;
      this.#response.write(toFrame(happening));
    }
    return 'caught-up';
  }

  async #drained(): Promise<boolean> {
    const drained = new Alarm();
    const ring = (): void => drained.ring();
    this.#response.once('drain', ring);
    await drained.wait(this.#clock, SLOW_MS, this.#signal);
    this.#response.off('drain', ring);
    return this.#signal.aborted || !this.#response.writableNeedDrain;
  }
}

/** Renders one entry. Its JSON contains no line break, so no Event can inject a field of the stream. */
function toFrame({ sequence, at, what }: Happening): string {
  const [event, document] =
    what.kind === 'decision'
      ? ['decision', toDecisionDocument({ sequence, at, what })]
      : ['delivery', toMoveDocument({ sequence, at, what })];
  return `id: ${sequence}\nevent: ${event}\ndata: ${escapedJson(document, 0)}\n\n`;
}
