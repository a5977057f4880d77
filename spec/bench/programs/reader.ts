// The floors: what reading costs where nothing is decided. A bare watch over HTTPS that splits
// lines, parses them, or posts each of them on. It lists nothing, resumes nothing and tells nothing.

import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { serve, sharedNow } from '../rpc.ts';

/** What a reader does with each line, the cheapest first. */
export type Work = 'split' | 'parse' | 'post' | 'post-axios';

/** What a reader is told. */
export interface Reading {
  readonly url: string;
  readonly ca: string;
  readonly work: Work;
  /** How many lines there will be. */
  readonly count: number;
  /** Where `post` goes, and how many requests may be under way. */
  readonly receiver?: string;
  readonly concurrency?: number;
}

const NEWLINE = 0x0a;
// Lines that wait to be posted before the reading pauses: as many as a page of a list.
const QUEUE_BOUND = 500;

type Handle = (line: Buffer) => void;
type Post = (body: string) => Promise<void>;

const done = Promise.withResolvers<number>();

async function read(reading: Reading): Promise<null> {
  const request = get(`${reading.url}/api/v1/events?watch=1`, { ca: reading.ca });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const handle = await handlerOf(reading, response);
  const counted = counter(reading.count);
  splitLines(response, (line) => {
    handle(line);
    counted();
  });
  return null;
}

function splitLines(response: IncomingMessage, take: Handle): void {
  let rest: Buffer = Buffer.alloc(0);
  response.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = bytes.indexOf(NEWLINE); to !== -1; to = bytes.indexOf(NEWLINE, from)) {
      take(bytes.subarray(from, to));
      from = to + 1;
    }
    rest = bytes.subarray(from);
  });
}

function counter(count: number): () => void {
  let seen = 0;
  return () => {
    seen += 1;
    if (seen === count) done.resolve(sharedNow());
  };
}

async function handlerOf(reading: Reading, response: IncomingMessage): Promise<Handle> {
  switch (reading.work) {
    case 'split':
      return () => undefined;
    case 'parse':
      return (line) => void JSON.parse(line.toString('utf8'));
    case 'post':
      return poster(response, { post: nodePost(reading), ...reading });
    case 'post-axios':
      return poster(response, { post: await axiosPost(reading), ...reading });
  }
}

/** Posts with so many under way, and pauses the reading while too many lines wait. */
function poster(
  response: IncomingMessage,
  { post, concurrency = 16 }: Reading & { readonly post: Post },
): Handle {
  const queue: string[] = [];
  let underWay = 0;
  const next = (): void => {
    while (underWay < concurrency) {
      const body = queue.shift();
      if (body === undefined) break;
      underWay += 1;
      void post(body).then(() => {
        underWay -= 1;
        next();
      });
    }
    if (queue.length < QUEUE_BOUND / 2 && response.isPaused()) response.resume();
  };
  return (line) => {
    const { object } = JSON.parse(line.toString('utf8')) as { readonly object: unknown };
    queue.push(JSON.stringify(object));
    if (queue.length >= QUEUE_BOUND) response.pause();
    next();
  };
}

function nodePost({ receiver = '', concurrency = 16 }: Reading): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = { 'Content-Type': 'application/json' };
  return async (body) => {
    const length = { 'Content-Length': Buffer.byteLength(body) };
    const request = httpRequest(receiver, {
      method: 'POST',
      agent,
      headers: { ...headers, ...length },
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
  };
}

async function axiosPost({ receiver = '', concurrency = 16 }: Reading): Promise<Post> {
  const { default: axios } = await import('axios');
  const httpAgent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const client = axios.create({ httpAgent, proxy: false });
  const headers = { 'Content-Type': 'application/json' };
  return async (body) => {
    await client.post(receiver, body, { headers });
  };
}

serve({ read, done: () => done.promise });
