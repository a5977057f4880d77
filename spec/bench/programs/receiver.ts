// A receiver of HTTP requests that counts: instant, slow, or one that accepts and never answers. It
// notes when the request about each Event came, by the number in the name of the Event's object.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../lib/kit/system.ts';
import { NEVER } from '../../support/never.ts';
import { LAST_OBJECT, OBJECT } from '../event-lines.ts';
import { serve, sharedNow } from '../rpc.ts';

/** How requests are answered from now on. */
export interface Manner {
  /** Null: never. */
  readonly delayMs: number | null;
  /** What is counted; `requests` where absent. */
  readonly counts?: 'requests' | 'deliveries';
}

/** What came since the receiver was last told its manner. */
export interface Received {
  /** Of what its manner says is counted. */
  readonly count: number;
  /** The most requests that were in it at one moment. */
  readonly most: number;
  readonly connections: number;
  /** Number of an Event and when its first request came. */
  readonly arrivals: readonly (readonly [number, number])[];
}

const OK = '{}';
const NUMBER = new RegExp(`${OBJECT}(\\d+)`);
// Each delivery of a batch has one Event, and each Event one of these.
const DELIVERY = '"involvedObject":';

let manner: Manner = { delayMs: 0 };
let count = 0;
let inside = 0;
let most = 0;
let connections = 0;
let arrivals = new Map<number, number>();
let last = Promise.withResolvers<number>();
let wanted: { count: number; reached: PromiseWithResolvers<number> } | undefined;

function behave(next: Manner): null {
  manner = next;
  count = 0;
  inside = 0;
  most = 0;
  connections = 0;
  arrivals = new Map();
  last = Promise.withResolvers();
  wanted = undefined;
  return null;
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const at = sharedNow();
  inside += 1;
  most = Math.max(most, inside);
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => void parts.push(part));
  request.once('end', () => {
    note(Buffer.concat(parts).toString('latin1'), at);
    void reply(response);
  });
  response.once('close', () => (inside -= 1));
}

function note(body: string, at: number): void {
  count += manner.counts === 'deliveries' ? body.split(DELIVERY).length - 1 : 1;
  const [, number] = NUMBER.exec(body) ?? [];
  if (number !== undefined && !arrivals.has(Number(number))) arrivals.set(Number(number), at);
  if (body.includes(LAST_OBJECT)) last.resolve(at);
  if (wanted !== undefined && count >= wanted.count) wanted.reached.resolve(at);
}

async function reply(response: ServerResponse): Promise<void> {
  const { delayMs } = manner;
  if (delayMs === null) return;
  if (delayMs > 0) await systemClock.sleep(delayMs, NEVER);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': OK.length });
  response.end(OK);
}

async function listen(): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handle);
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/hook`;
}

serve({
  listen,
  behave,
  last: () => last.promise,
  counted: (number: number) => {
    const reached = Promise.withResolvers<number>();
    wanted = { count: number, reached };
    if (count >= number) reached.resolve(sharedNow());
    return reached.promise;
  },
  received: (): Received => ({ count, most, connections, arrivals: [...arrivals] }),
});
