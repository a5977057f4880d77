// A stand-in for an API server that costs next to nothing: what it will write is serialised before
// the clock starts, and written as fast as the client takes it. It serves namespaces, the list of
// Events in pages, and their watch, and takes what is created; everything else is 404. TLS, HTTP/1.1.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../../lib/kit/system.ts';
import { NEVER } from '../../support/never.ts';
import { eventOf, LISTED_VERSION, lineOf, type Mix, storedEventOf } from '../event-lines.ts';
import { serve, sharedNow } from '../rpc.ts';

/** What is served from now on. */
export interface Preparation extends Mix {
  /** How many Events the list has. */
  readonly stored: number;
  /** Whether the watch writes pieces as large as a socket takes, or line by line at a pace. */
  readonly as: 'pieces' | 'lines';
}

// About what a busy API server hands to a socket at once.
const CHUNK_BYTES = 64 * 1024;

let chunks: readonly Buffer[] = [];
let lines: readonly Buffer[] = [];
let stored: readonly string[] = [];
let open: ServerResponse | undefined;
let opened = Promise.withResolvers<null>();

function prepare({ stored: count, as, ...mix }: Preparation): null {
  stored = Array.from({ length: count }, (_, index) => JSON.stringify(storedEventOf(index)));
  lines = as === 'lines' ? linesOf(mix) : [];
  chunks = as === 'pieces' ? piecesOf(mix) : [];
  return null;
}

function linesOf(mix: Mix): readonly Buffer[] {
  return Array.from({ length: mix.count }, (_, index) => Buffer.from(lineOf(eventOf(index, mix))));
}

function piecesOf(mix: Mix): readonly Buffer[] {
  const made: Buffer[] = [];
  let waiting: string[] = [];
  let length = 0;
  const flush = (): void => {
    made.push(Buffer.from(waiting.join('')));
    waiting = [];
    length = 0;
  };
  for (let index = 0; index < mix.count; index += 1) {
    const line = lineOf(eventOf(index, mix));
    waiting.push(line);
    length += line.length;
    if (length >= CHUNK_BYTES) flush();
  }
  if (length > 0) flush();
  return made;
}

/** Writes everything to the open watch; answers when the first byte was written. */
function release(): number {
  const response = open;
  if (response === undefined) throw new Error('no watch is open');
  const startedAt = sharedNow();
  // A client that goes away early is its own affair.
  void pipeline(Readable.from(chunks), response, { end: false }).catch(() => undefined);
  return startedAt;
}

/** Writes line by line at a steady rate; answers when each was written, in ms of the shared clock. */
async function pace({ perSecond }: { readonly perSecond: number }): Promise<readonly number[]> {
  const response = open;
  if (response === undefined) throw new Error('no watch is open');
  const at: number[] = [];
  const startedAt = sharedNow();
  for (const [index, line] of lines.entries()) {
    const dueMs = startedAt + (index * 1000) / perSecond - sharedNow();
    if (dueMs > 0) await systemClock.sleep(dueMs, NEVER);
    at.push(sharedNow());
    response.write(line);
  }
  return at;
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://stand-in');
  if (request.method === 'POST') {
    void created(request, response);
  } else if (/^\/api\/v1\/namespaces\/[^/]+$/.test(url.pathname)) {
    const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    const metadata = {
      name,
      uid: `00000000-0000-4000-8000-${name.length.toString(16).padStart(12, '0')}`,
    };
    answer(response, JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata }));
  } else if (!/^\/api\/v1\/(?:namespaces\/[^/]+\/)?events$/.test(url.pathname)) {
    response.statusCode = 404;
    answer(response, JSON.stringify({ kind: 'Status', code: 404 }));
  } else if (['1', 'true'].includes(url.searchParams.get('watch') ?? '')) {
    watch(response);
  } else {
    list(url.searchParams, response);
  }
}

/** Takes any object, as the server it stands for would: 201 and the object itself. */
async function created(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.statusCode = 201;
  answer(response, await text(request));
}

function watch(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  open = response;
  opened.resolve(null);
  response.once('close', () => {
    if (open !== response) return;
    open = undefined;
    opened = Promise.withResolvers();
  });
}

function list(query: URLSearchParams, response: ServerResponse): void {
  const from = Number(query.get('continue') ?? '') || 0;
  const to = from + (Number(query.get('limit') ?? '') || stored.length);
  const more = to < stored.length ? { continue: String(to) } : {};
  const metadata = JSON.stringify({ resourceVersion: String(LISTED_VERSION), ...more });
  const items = stored.slice(from, to).join(',');
  const head = `{"kind":"EventList","apiVersion":"v1","metadata":${metadata},"items":[`;
  answer(response, `${head}${items}]}`);
}

function answer(response: ServerResponse, body: string): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(body);
}

async function listen({ cert, key }: { cert: string; key: string }): Promise<string> {
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `https://127.0.0.1:${port}`;
}

serve({
  listen,
  prepare,
  pace,
  release,
  watchOpen: () => opened.promise,
});
