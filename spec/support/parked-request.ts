// One request that waits for the spec to say what becomes of it: an answer, a stream of frames, a
// cut connection. Nothing happens until a method is called.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { gzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../lib/core/json-object.ts';
import type { RequestKind } from './scripted-api-server.ts';

/** A request over HTTP/1.1 or HTTP/2. */
export type SpokenRequest = IncomingMessage | Http2ServerRequest;

/** Its response. */
export type SpokenResponse = ServerResponse | Http2ServerResponse;

/** The received request. */
export interface Arrived {
  readonly request: SpokenRequest;
  readonly response: SpokenResponse;
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
  readonly headers: IncomingHttpHeaders;
  /** `1.1` or `2.0`. */
  readonly httpVersion: string;
  readonly body: string;
  readonly #response: SpokenResponse;
  readonly #now: (() => number) | undefined;

  constructor({ request, response, body, now }: Arrived) {
    const url = new URL(request.url ?? '/', 'http://server');
    this.method = request.method ?? '';
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.httpVersion = request.httpVersion;
    this.body = body;
    this.#response = response;
    this.#now = now;
    const isEvents = url.pathname.endsWith('/events');
    const kind = this.query.get('watch') === 'true' ? 'watch' : 'list';
    this.kind = isEvents && this.method === 'GET' ? kind : 'other';
  }

  /** Whether the client has gone, or the answer is complete. */
  get isOver(): boolean {
    return this.#stream.destroyed || this.#response.writableEnded;
  }

  /** Bytes written that the client has not taken yet. */
  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  /** Answers whole. */
  answer(status: number, body: Json = null, headers: Readonly<Record<string, string>> = {}): void {
    this.#head(status, { ...this.#usual(), ...headers });
    this.#response.end(body === null ? '' : JSON.stringify(body));
  }

  /** Answers whole and compressed. */
  answerZipped(status: number, body: Json): void {
    this.#head(status, { 'content-encoding': 'gzip' });
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
    this.#head(200, { ...this.#usual(), ...headers });
    return this;
  }

  /** Sends frames, a line each. */
  send(...frames: readonly JsonObject[]): this {
    for (const frame of frames) this.raw(`${JSON.stringify(frame)}\n`);
    return this;
  }

  /** Sends bytes as they are; answers whether the client keeps up. */
  raw(bytes: string | Uint8Array): boolean {
    const response: Pick<ServerResponse, 'write'> = this.#response;
    return response.write(bytes);
  }

  /** Ends the stream as a server that has had enough. */
  end(): void {
    this.#response.end();
  }

  /** Breaks the connection. */
  cut(): void {
    if (this.#response instanceof Http2ServerResponse) this.#response.stream.session?.destroy();
    else this.#response.destroy();
  }

  /** Sends the headers at once. */
  #head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#response instanceof Http2ServerResponse) this.#response.writeHead(status, headers);
    else this.#response.writeHead(status, headers).flushHeaders();
  }

  get #stream(): Pick<ServerResponse, 'destroyed' | 'writableLength'> {
    return this.#response instanceof Http2ServerResponse ? this.#response.stream : this.#response;
  }

  #usual(): Readonly<Record<string, string>> {
    const type = { 'content-type': 'application/json' };
    return this.#now === undefined ? type : { ...type, date: new Date(this.#now()).toUTCString() };
  }
}
