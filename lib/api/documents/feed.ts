// The feed: what happens, as it happens, as Server-Sent Events. Each client reads from the ring at
// its own pace, so nothing is buffered for it; who falls out of the ring or takes nothing for long is
// cut off and may resume. Without a client it costs nothing.
// Source: HTML Living Standard, Server-sent events.

import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { Json } from '../../core/event.ts';
import { Alarm } from '../../kit/async/alarm.ts';
import { escapedJson } from '../../telemetry/line-format.ts';
import type { Refusal } from '../problem-document.ts';
import { isDecision, toDecisionDocument, toMoveDocument } from './decision-documents.ts';
import type { Happening, RecentActivity, RecentMove } from './recent-activity.ts';

/** How often a quiet feed says that it lives; below the 60 s after which proxies give up. */
export const HEARTBEAT_MS = 15_000;
/** How long a client may take nothing before it is cut off. */
export const SLOW_MS = 30_000;
/** People and a dashboard; each holds a connection for as long as it likes. */
export const FEED_CLIENTS = 16;
const RETRY_MS = 2_000;

/** What a feed works with. */
interface FeedParts {
  readonly recent: RecentActivity;
  readonly clock: Clock;
  /** Ends every client. */
  readonly stop: AbortSignal;
}

/** Hands what happens to whoever listens. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #clients = new Set<Promise<void>>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** How many listen. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Why nobody more may listen; null where there is room. */
  refusal(): Refusal | null {
    if (this.#clients.size < FEED_CLIENTS) return null;
    const detail = `${FEED_CLIENTS} clients listen already, which is the most`;
    return { status: 503, detail, headers: { 'Retry-After': '5' } };
  }

  /**
   * Feeds a client until it leaves, falls behind or the feed stops; `after` is the last number it
   * has seen, null where it wants what comes now.
   */
  async serve(response: ServerResponse, after: number | null): Promise<void> {
    // Its `close` came already.
    if (response.destroyed) return;
    const served = this.#serve(response, after);
    this.#clients.add(served);
    await served.finally(() => this.#clients.delete(served));
  }

  /** Resolves once every client has been told the end, after `stop`. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#clients);
  }

  async #serve(response: ServerResponse, after: number | null): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    // A client that vanishes is no trouble of ours; `close` follows.
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
  /** The number of the next one to send. */
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

  /** Sends what is there, as fast as it is taken. */
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

/** JSON has no line end in it, so no Event can begin a field of its own. */
function toFrame(happening: Happening): string {
  const isOne = isDecision(happening);
  const document = isOne
    ? toDecisionDocument(happening)
    : toMoveDocument(happening as MoveHappening);
  const event = isOne ? 'decision' : 'delivery';
  return `id: ${happening.sequence}\nevent: ${event}\ndata: ${escapedJson(document as Json, 0)}\n\n`;
}

type MoveHappening = Happening & { readonly what: RecentMove };
