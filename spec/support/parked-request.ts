// One request that waits for the spec to say what becomes of it: an answer, a stream of frames, a
// cut connection. Nothing happens until a method is called.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../lib/core/event.ts';
import type { RequestKind } from './scripted-api-server.ts';

/** The received request. */
export interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  /** Time of the server's clock, ms since 1970; absent: the system's. */
  readonly now?: () => number;
}

/** A list to answer with. */
export interface ListAnswer {
  readonly resourceVersion: string;
  readonly items?: readonly JsonObject[];
  readonly continue?: string;
}

/** One request that waits for the spec. */
export class ParkedRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly #response: ServerResponse;
  readonly #now: (() => number) | undefined;

  constructor({ request, response, body, now }: Arrived) {
    const url = new URL(request.url ?? '/', 'http://server');
    this.method = request.method ?? '';
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.body = body;
    this.#response = response;
    this.#now = now;
    const isEvents = url.pathname.endsWith('/events');
    const kind = this.query.get('watch') === 'true' ? 'watch' : 'list';
    this.kind = isEvents && this.method === 'GET' ? kind : 'other';
  }

  /** Whether the client has gone, or the answer is complete. */
  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Bytes written that the client has not taken yet. */
  get unsentBytes(): number {
    return this.#response.writableLength;
  }

  /** Answers whole. */
  answer(status: number, body: Json = null, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, { ...this.#usual(), ...headers });
    this.#response.end(body === null ? '' : JSON.stringify(body));
  }

  /** Answers whole and compressed. */
  answerZipped(status: number, body: Json): void {
    this.#response.writeHead(status, { 'content-encoding': 'gzip' });
    this.#response.end(gzipSync(JSON.stringify(body)));
  }

  /** Answers as an API server refuses. */
  refuse(
    code: number,
    status: JsonObject = {},
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.answer(code, { kind: 'Status', apiVersion: 'v1', code, ...status }, headers);
  }

  /** Answers with a list of Events. */
  list({ resourceVersion, items = [], ...rest }: ListAnswer): void {
    const token = rest.continue === undefined ? {} : { continue: rest.continue };
    const metadata = { resourceVersion, ...token };
    this.answer(200, { kind: 'EventList', apiVersion: 'v1', metadata, items });
  }

  /** Answers with the headers of a stream. */
  open(headers: Readonly<Record<string, string>> = {}): this {
    this.#response.writeHead(200, { ...this.#usual(), ...headers });
    this.#response.flushHeaders();
    return this;
  }

  /** Sends frames, a line each. */
  send(...frames: readonly JsonObject[]): this {
    for (const frame of frames) this.raw(`${JSON.stringify(frame)}\n`);
    return this;
  }

  /** Sends bytes as they are; answers whether the client keeps up. */
  raw(bytes: string | Uint8Array): boolean {
    return this.#response.write(bytes);
  }

  /** Ends the stream as a server that has had enough. */
  end(): void {
    this.#response.end();
  }

  /** Breaks the connection. */
  cut(): void {
    this.#response.destroy();
  }

  #usual(): Readonly<Record<string, string>> {
    const type = { 'content-type': 'application/json' };
    return this.#now === undefined ? type : { ...type, date: new Date(this.#now()).toUTCString() };
  }
}
