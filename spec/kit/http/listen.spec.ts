// What clients without manners can hold: every bound of a listener over real sockets and a clock that
// the spec moves. Each row takes all the connections there are; then a newcomer must be answered, and
// after the announced time no connection of the row may be left.

import { expect } from 'chai';
import express from 'express';
import { readBody } from '../../../lib/api/explain-request.ts';
import { renderRefusal } from '../../../lib/api/problem-document.ts';
import { type Listener, listen, sendDocument } from '../../../lib/kit/http/listen.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RawClient } from '../../support/raw-client.ts';
import { turnsOfTheLoop, until } from '../../support/until.ts';

const CONNECTIONS = 8;
const REQUEST_MS = 10_000;
// More than the buffers of both ends of a connection on loopback.
const LARGE = Buffer.alloc(24 * 1024 * 1024, 'x');
const HOST = 'Host: 127.0.0.1\r\n';
const GET = `GET /small HTTP/1.1\r\n${HOST}\r\n`;
const post = (bytes: number): string =>
  `POST /body HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${bytes}\r\n`;

interface Attack {
  /** What a client does at first. */
  readonly begins: string;
  /** What it writes each second from then on. */
  readonly trickles?: string;
  /** It takes nothing of the answer. */
  readonly isStalled?: true;
  /** After so many seconds at the latest the connection is gone. */
  readonly seconds: number;
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'that never send a byte': { begins: '', seconds: 7 },
  'that send half a head': { begins: `GET /small HTTP/1.1\r\n${HOST}X: `, seconds: 7 },
  'that send a head byte by byte': {
    ...{ begins: `GET /small HTTP/1.1\r\n${HOST}X: `, trickles: 'a', seconds: 7 },
  },
  'that stay after an answer': { begins: GET, seconds: 12 },
  'that send empty lines after an answer': { begins: GET, trickles: '\r\n', seconds: 12 },
  'that send half a head after an answer': {
    ...{ begins: `${GET}GET /small HTTP/1.1\r\nX: `, trickles: 'a', seconds: 12 },
  },
  'that send no HTTP': { begins: 'nonsense\r\n\r\n', trickles: 'nonsense', seconds: 3 },
  'that send too large a head': {
    ...{ begins: `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, trickles: 'a', seconds: 3 },
  },
  'that send half a body': { begins: `${post(100)}\r\n{`, seconds: 13 },
  'that send a body byte by byte': { begins: `${post(100_000)}\r\n{`, trickles: ' ', seconds: 13 },
  'that announce a body above the bound': {
    ...{ begins: `${post(10_000_000)}\r\n{`, trickles: ' ', seconds: 3 },
  },
  'that send a bad chunk of a body': {
    begins: `POST /body HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ...{ trickles: 'z', seconds: 3 },
  },
  'that send a body which no handler reads': {
    begins: `${post(1_000_000).replace('/body', '/small')}\r\n{`,
    ...{ trickles: ' ', seconds: 3 },
  },
  'that wait to be asked for their body': {
    begins: `${post(100)}Expect: 100-continue\r\n\r\n`,
    seconds: 13,
  },
  'that take nothing of a large answer': {
    ...{ begins: `GET /large HTTP/1.1\r\n${HOST}\r\n`, isStalled: true, seconds: 33 },
  },
  'that take nothing of a large answer and send empty lines': {
    begins: `GET /large HTTP/1.1\r\n${HOST}\r\n`,
    ...{ isStalled: true, trickles: '\r\n', seconds: 33 },
  },
  'that send many requests at once and take nothing': {
    begins: `GET /large HTTP/1.1\r\n${HOST}\r\n`.repeat(50),
    ...{ isStalled: true, seconds: 33 },
  },
  'that ask for another protocol': {
    begins: `GET /small HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ...{ trickles: 'x', seconds: 12 },
  },
  'that ask for a tunnel': {
    begins: `CONNECT 127.0.0.1:1 HTTP/1.1\r\n${HOST}\r\n`,
    ...{ trickles: 'x', seconds: 3 },
  },
};

describe('connections of a listener', () => {
  let clock: FakeClock;
  let listener: Listener;
  const clients: RawClient[] = [];
  beforeEach(async () => {
    clock = new FakeClock();
    const limits = { connections: CONNECTIONS, requestMs: REQUEST_MS, isKeptAlive: true };
    const parts = { limits, clock, render: renderRefusal };
    listener = await listen(app(), { host: '127.0.0.1', port: 0 }, parts);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client[Symbol.dispose]();
    await listener[Symbol.asyncDispose]();
  });

  const opened = (): RawClient => {
    const client = new RawClient(listener.port);
    clients.push(client);
    return client;
  };
  const attacked = ({ begins, isStalled }: Attack): readonly RawClient[] =>
    Array.from({ length: CONNECTIONS }, () => {
      const client = opened();
      if (isStalled === true) client.stall();
      client.write(begins);
      return client;
    });
  const answered = async (what: string): Promise<void> => {
    const client = opened();
    client.write(GET);
    await until(() => client.text.startsWith('HTTP/1.1 200'), what, 2_000);
  };

  for (const [what, attack] of Object.entries(ATTACKS)) {
    it(`answers a newcomer although clients ${what} have every connection`, async () => {
      const attackers = attacked(attack);
      await until(() => attackers.every(({ isConnected }) => isConnected), 'the attack');
      await answered('the newcomer to be answered');
      expect(listener.connections).to.be.at.most(CONNECTIONS);
    });

    it(`closes connections of clients ${what} within ${attack.seconds} s`, async () => {
      const attackers = attacked(attack);
      await until(() => attackers.every(({ isConnected }) => isConnected), 'the attack');
      await arrival();
      for (let second = 0; second < attack.seconds; second += 1) {
        for (const attacker of attackers) attacker.write(attack.trickles ?? '');
        await arrival();
        await clock.advance(1_000);
      }
      await until(() => listener.connections === 0, 'every connection to be closed', 2_000);
    });
  }

  it('keeps a connection for the next request', async () => {
    const client = opened();
    for (const many of [1, 2, 3]) {
      client.write(GET);
      await until(() => client.text.match(/HTTP\/1\.1 200/g)?.length === many, 'the answer');
    }
    expect(client.text).to.include('Keep-Alive: timeout=5');
    expect(listener.connections).to.equal(1);
  });

  it('answers the first of several requests sent at once, and closes', async () => {
    const client = opened();
    client.write(GET.repeat(3));
    await until(() => client.isEnded, 'the end');
    expect(client.text.match(/^HTTP\/1\.1 /gm)).to.have.length(1);
    expect(client.text).to.match(/^HTTP\/1\.1 200 .*small$/s);
  });

  it('allows a client to read a large answer slowly', async () => {
    const client = opened();
    client.stall();
    client.write(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
    await until(() => client.isConnected, 'the connection');
    for (let turn = 0; client.text.length < LARGE.length; turn += 1) {
      const before = client.text.length;
      client.read();
      await until(() => client.text.length > before, 'more of the answer');
      client.stall();
      if (turn < 20) await clock.advance(20_000);
    }
    expect(client.text.split('\r\n\r\n')[1]).to.have.length(LARGE.length);
  });

  it('tells a client why it is refused, although it goes on sending', async () => {
    const client = opened();
    client.write(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`);
    for (let more = 0; more < 20; more += 1) client.write('a'.repeat(100_000));
    await until(() => client.text.includes('"status":431'), 'the refusal');
    expect(client.text.match(/HTTP\/1\.1/g)).to.have.length(1);
  });

  it('says that a request came too late, and closes', async () => {
    const client = opened();
    client.write(`GET /small HTTP/1.1\r\n${HOST}X: `);
    await until(() => listener.connections === 1, 'the connection');
    await until(async () => {
      await clock.advance(1_000);
      return client.text.includes('"status":408');
    }, 'the refusal');
    await clock.advance(2_000);
    await until(() => listener.connections === 0, 'the end');
  });

  it('closes what is open when it is disposed of', async () => {
    const client = opened();
    client.write(`GET /small HTTP/1.1\r\n${HOST}X: `);
    await until(() => listener.connections === 1, 'the connection');
    await listener[Symbol.asyncDispose]();
    await until(() => client.isEnded, 'the end');
    expect(listener.connections).to.equal(0);
  });
});

/**
 * Lets the listener take what its clients wrote, and clients what it answered, before the clock goes
 * on: both are in this process, so that a few turns bring bytes from one to the other.
 */
async function arrival(): Promise<void> {
  await turnsOfTheLoop(20);
}

function app(): express.Express {
  const made = express();
  made.all('/small', (_request, response) => void response.end('small'));
  made.get('/large', (_request, response) => void sendDocument(response, LARGE));
  made.post('/body', async (request, response) => {
    const body = await readBody(request, response, { json: 1_000_000, yaml: 0 }).catch(() => null);
    response.statusCode = body !== null && 'text' in body ? 200 : 413;
    response.end();
  });
  return made;
}
