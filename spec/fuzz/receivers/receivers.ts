// The target `receivers`: any bytes as the answer to a request, over a real socket, to what the HTTP
// client makes of them. Slower than the others: a connection each.

import { systemClock } from '../../../lib/kit/system.ts';
import type { HttpClient, HttpResult } from '../../../lib/net/http-client.ts';
import { createHttpClient } from '../../../lib/net/undici-client.ts';
import { NEVER } from '../../support/never.ts';
import { type FuzzTarget, must, mustBePrintable, shown } from '../target.ts';
import { anyBytes, type ReceiverInput } from './any-bytes.ts';
import { RawServer } from './raw-server.ts';

const EXCERPT_BYTES = 1_024;
// A connection that is just being closed may be taken once, and there are two.
const TRIES = 3;
const REACHED: readonly string[] = ['never', 'perhaps'];
const FAILURES: readonly string[] = ['reset', 'bad-answer', 'local', 'timeout'];

interface Bench {
  readonly server: RawServer;
  readonly client: HttpClient;
}

let bench: Promise<Bench> | undefined;

async function open(): Promise<Bench> {
  const server = await new RawServer().listen();
  const options = { maxSockets: 2, userAgent: 'sluice/fuzz', excerptBytes: EXCERPT_BYTES };
  return { server, client: createHttpClient(options, { clock: systemClock }) };
}

/** Any bytes as an answer over a socket. */
export const receivers: FuzzTarget<ReceiverInput> = {
  name: 'receivers',
  feeds: 'status lines, headers, chunks and garbage over a loopback socket to the HTTP client',
  make: anyBytes,
  check: async (input) => {
    bench ??= open();
    const { server, client } = await bench;
    const { method, headers, body } = input;
    const url = server.url(input);
    const request = { method, url, headers, body, isRepeatable: method !== 'POST' };
    let result = await client.send(request, NEVER);
    mustBeResult(result);
    if (input.sound !== null && !isOurs(result)) {
      for (let again = 1; again < TRIES && isReset(result); again += 1) {
        result = await client.send(request, NEVER);
      }
      mustBeRead(result, input.sound);
    }
    server.forget(url);
    await mustStillWork(server, client);
  },
  close: async () => {
    if (bench === undefined) return;
    const { server, client } = await bench;
    bench = undefined;
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  },
};

function isReset(result: HttpResult): boolean {
  return !result.answered && result.failure === 'reset';
}

/** What never went out because of the request's own headers. */
function isOurs(result: HttpResult): boolean {
  return !result.answered && result.failure === 'local' && result.reached === 'never';
}

function mustBeResult(result: HttpResult): void {
  if (!result.answered) {
    const { reached, failure, detail } = result;
    must(REACHED.includes(reached), () => `${reached} is how far it got`);
    must(FAILURES.includes(failure), () => `${failure} is how loopback fails: ${shown(detail)}`);
    mustBePrintable(detail, 'a detail');
    must(detail !== '' && detail.length <= 300, 'a detail says something, and not too much');
    return;
  }
  const { status, headers, excerpt } = result;
  must(Number.isInteger(status) && status >= 0 && status <= 999, () => `${status} is a status`);
  // After 101 a connection speaks something else, so it ends a request; other 1xx come before an answer.
  must(status < 100 || status >= 200 || status === 101, () => `${status} ends no request`);
  for (const [name, value] of Object.entries(headers)) {
    must(typeof value === 'string', () => `header ${shown(name)} is a text`);
    must(name === name.toLowerCase(), () => `header ${shown(name)} has small letters`);
    must(!/[\r\n\0]/.test(`${name}${value}`), () => `header ${shown(name)} is one line`);
  }
  must(Buffer.byteLength(excerpt) <= EXCERPT_BYTES * 3, () => `${excerpt.length} characters kept`);
}

/** A sound answer is read as it is. */
function mustBeRead(result: HttpResult, sound: NonNullable<ReceiverInput['sound']>): void {
  must(result.answered, () => `a sound answer is one: ${shown(result)}`);
  must(result.status === sound.status, () => `${result.status} is ${sound.status}`);
  const wanted = beginningOf(sound.body);
  must(result.excerpt === wanted, () => `${shown(result.excerpt)} is kept, not ${shown(wanted)}`);
}

/** As many whole characters as there is room for. */
function beginningOf(body: string): string {
  const bytes = Buffer.from(body);
  let end = Math.min(bytes.length, EXCERPT_BYTES);
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}

/** The client is as good as before: its places are free and the next answer is the next one's. */
async function mustStillWork(server: RawServer, client: HttpClient): Promise<void> {
  let last: HttpResult | null = null;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const sent = { method: 'POST', headers: {}, body: 'ping', isRepeatable: true } as const;
    const request = { ...sent, url: server.url() };
    last = await client.send(request, NEVER);
    if (last.answered && last.status === 200 && last.excerpt === 'good') return;
    must(isReset(last), () => `the answer is that of another request: ${shown(last)}`);
  }
  must(false, () => `the client works on: ${shown(last)}`);
}
