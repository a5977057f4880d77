// What a receiver may write back, by chance: answers of HTTP with something wrong in every part, and
// bytes that were never an answer. What is a sound answer says so, with what must be read of it.

import type { FuzzRandom } from '../random.ts';
import { anyText, FRAGMENTS } from '../texts.ts';

/** An answer as bytes. */
export interface ReceiverInput {
  /** What is written, piece by piece. */
  readonly pieces: readonly string[];
  /** How the connection ends after it. */
  readonly end: 'end' | 'destroy' | 'reset';
  /** Of a sound answer. */
  readonly sound: { readonly status: number; readonly body: string } | null;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'OPTIONS';
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 103 Early Hints',
  'HTTP/1.1 000 Zero',
  'HTTP/1.1 99 Low',
  'HTTP/1.1 999 High',
  'HTTP/1.1 1000 Higher',
  'HTTP/1.1 -1 Below',
  'HTTP/1.1 2e2 Odd',
  'HTTP/1.1  200 OK',
  'HTTP/2 200',
  'HTTP/9.9 200 OK',
  'http/1.1 200 ok',
  'HTTP/1.1 503 \u0007\u001b[31m',
  'ICY 200 OK',
  'SSH-2.0-OpenSSH_9.9',
  'PRI * HTTP/2.0',
  '220 mail ready',
  '{"ok":true}',
  '',
] as const;

const HEADERS = [
  'content-length: 0',
  'content-length: 5',
  'content-length: 5, 5',
  'content-length: -1',
  'content-length: 99999999999999999999',
  'content-length: 0x5',
  'content-length: ',
  'transfer-encoding: chunked',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding: identity',
  'transfer-encoding : chunked',
  'content-encoding: gzip',
  'connection: close',
  'connection: keep-alive',
  'connection: upgrade',
  'upgrade: websocket',
  'keep-alive: timeout=0',
  'retry-after: 5',
  'location: http://169.254.169.254/latest',
  'set-cookie: a=1',
  'set-cookie: b=2',
  '__proto__: x',
  'constructor: y',
  'x: \u0000',
  'x: \u0007',
  'x: é',
  ': no name',
  'no colon',
  ' folded: yes',
  'x:',
  'trailer: x',
] as const;

const BODIES = [
  'hello',
  '',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  '5;ext=1\r\nhello\r\n0\r\nx: y\r\n\r\n',
  'FFFFFFFFFFFFFFFF\r\nx',
  '-5\r\nhello\r\n',
  'zz\r\n',
  '0\r\n\r\n',
  '5\r\nhelloX\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno',
] as const;

/** What a receiver writes back. */
export function anyBytes(random: FuzzRandom): ReceiverInput {
  const sound = random.oneIn(3) ? soundAnswer(random) : null;
  const bytes = sound?.bytes ?? Buffer.from(anyAnswer(random), random.oneIn(2) ? 'utf8' : 'latin1');
  const isWhole = sound !== null;
  return {
    pieces: cut(random, isWhole || !random.oneIn(4) ? bytes : damaged(random, bytes)),
    end: isWhole ? 'end' : random.pick(['end', 'end', 'destroy', 'reset']),
    sound: isWhole ? { status: sound.status, body: sound.body } : null,
    method: random.pick(['POST', 'PUT', 'PATCH', 'OPTIONS']),
    body: random.oneIn(4) ? null : anyText(random).slice(0, 500),
    headers: anyHeaders(random),
  };
}

function soundAnswer(random: FuzzRandom): { bytes: Buffer; status: number; body: string } {
  const status = random.pick([200, 201, 202, 299, 301, 400, 404, 409, 429, 500, 503, 599]);
  const text = anyText(random).repeat(random.oneIn(3) ? random.between(1, 80) : 1);
  const body = text.slice(0, 2_500).toWellFormed();
  const octets = Buffer.from(body);
  const early = random.oneIn(5) ? 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n' : '';
  const head = `${early}HTTP/1.1 ${status} ${random.pick(['OK', '', 'No'])}\r\nx-a: b\r\n`;
  const framed = random.oneIn(2)
    ? [Buffer.from(`${head}content-length: ${octets.length}\r\nconnection: close\r\n\r\n`), octets]
    : [
        Buffer.from(`${head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`),
        ...chunksOf(random, octets),
        Buffer.from('0\r\n\r\n'),
      ];
  return { bytes: Buffer.concat(framed), status, body };
}

function chunksOf(random: FuzzRandom, octets: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < octets.length; ) {
    const size = random.between(1, 400);
    const part = octets.subarray(from, from + size);
    chunks.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    from += size;
  }
  return chunks;
}

function anyAnswer(random: FuzzRandom): string {
  if (random.oneIn(12))
    return random.times(random.below(30), () => random.pick(FRAGMENTS)).join('');
  const ending = random.oneIn(12) ? '\n' : '\r\n';
  const lines = [
    random.oneIn(3) ? random.pick(STATUS_LINES) : 'HTTP/1.1 200 OK',
    ...random.times(random.below(4), () => random.pick(HEADERS)),
    ...(random.oneIn(60) ? [`x-long: ${'a'.repeat(random.between(1_000, 40_000))}`] : []),
  ];
  return `${lines.join(ending)}${ending}${ending}${random.pick(BODIES)}`;
}

function damaged(random: FuzzRandom, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  if (random.oneIn(2)) return bytes.subarray(0, at);
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = random.below(256);
  return copy;
}

function cut(random: FuzzRandom, bytes: Buffer): readonly string[] {
  const count = random.oneIn(2) ? 1 : random.between(2, 5);
  const places = random.times(count - 1, () => random.below(bytes.length + 1));
  const bounds = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  return bounds.slice(1).map((to, index) => bytes.subarray(bounds[index], to).toString('base64'));
}

function anyHeaders(random: FuzzRandom): Readonly<Record<string, string>> {
  const name = random.pick([
    'x-a',
    'content-type',
    'connection',
    'host',
    'x a',
    'expect',
    '__proto__',
  ]);
  const value = random.oneIn(3) ? anyText(random).slice(0, 300) : 'plain';
  return Object.fromEntries(random.oneIn(3) ? [[name, value]] : [['x-plain', 'yes']]);
}
