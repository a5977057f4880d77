// Open answers over real sockets: reading as fast as the consumer pulls, ends from both sides,
// bounded whole bodies, and a client that is retired. Bytes are counted at the client's own sockets.

import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import { readWhole } from '../../lib/net/answer-body.ts';
import type { HttpClient, HttpFailed, HttpOpened } from '../../lib/net/http-client.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { OpenedSockets } from './support/opened-sockets.ts';
import {
  aClient,
  aRequest,
  closedPort,
  httpReceiver,
  type Receiver,
  rawReceiver,
} from './support/receiver.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** A server that answers with zeros, as fast as they are read, up to a length. */
async function pouring(bytes: number): Promise<Receiver> {
  const chunk = Buffer.alloc(64 * KIB);
  return rawReceiver((socket) => {
    let left = bytes;
    const pour = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= chunk.length;
        if (!socket.write(chunk)) {
          socket.once('drain', pour);
          return;
        }
      }
    };
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
    pour();
  });
}

async function opened(
  client: HttpClient,
  receiver: Receiver,
  signal: AbortSignal = NEVER,
): Promise<HttpOpened> {
  const request = aRequest(receiver.url(), { method: 'GET', body: null, connection: 'own' });
  return mustBeOpen(await client.open(request, signal));
}

function mustBeOpen(answer: HttpOpened | HttpFailed): HttpOpened {
  if (!answer.answered) expect.fail(`found ${answer.detail}`);
  return answer;
}

/** Reads chunks as text until the body ends or throws. */
async function textsOf({ body }: HttpOpened): Promise<readonly string[]> {
  const texts: string[] = [];
  try {
    for await (const chunk of body) texts.push(Buffer.from(chunk).toString());
  } catch (error) {
    texts.push(error instanceof Error ? `threw ${error.name}` : 'threw');
  }
  return texts;
}

describe('an open answer', () => {
  it('is there with the head, and yields the body as it arrives', async () => {
    let say: (text: string) => void = () => undefined;
    await using receiver = await rawReceiver((socket) => {
      say = (text) => void socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
      socket.write(CHUNKED);
    });
    await using client = aClient({ maxSockets: Number.POSITIVE_INFINITY });
    const answer = await opened(client, receiver);
    expect(answer).to.include({ answered: true, status: 200 });
    const reader = answer.body[Symbol.asyncIterator]();
    for (const text of ['one', 'two']) {
      say(text);
      expect(Buffer.from((await reader.next()).value ?? '').toString()).to.equal(text);
    }
    answer.close();
    answer.close();
    await until(() => receiver.sockets.size === 0, 'the connection to be closed');
  });

  it('announces that its own connection is closed, and shares it with no other', async () => {
    await using receiver = await rawReceiver((socket) => void socket.write(OK));
    await using client = aClient();
    for (let sent = 1; sent <= 2; sent += 1) {
      expect(await textsOf(await opened(client, receiver))).to.deep.equal(['ok']);
    }
    expect(receiver.received).to.match(/connection: close/i);
    expect(receiver.connections).to.equal(2);
    await until(() => receiver.sockets.size === 0, 'the connections to be closed');
  });

  it('keeps a connection that was read to its end for the next request', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    await using client = aClient();
    for (let sent = 1; sent <= 3; sent += 1) {
      const request = aRequest(receiver.url(), { method: 'GET', body: null });
      await textsOf(mustBeOpen(await client.open(request, NEVER)));
    }
    expect(receiver.connections).to.equal(1);
  });

  it('pauses its connection while the consumer does not pull', async () => {
    await using receiver = await pouring(64 * MIB);
    using sockets = new OpenedSockets();
    await using client = aClient();
    const answer = await opened(client, receiver);
    const reader = answer.body[Symbol.asyncIterator]();
    await reader.next();
    // Its buffers, undici's and the socket's, fill up; then the server cannot write any more.
    let before = -1;
    await until(async () => {
      const isStill = before === sockets.bytesRead;
      before = sockets.bytesRead;
      for (let turn = 0; turn < 50; turn += 1) await systemClock.turn();
      return isStill && before > 0;
    }, 'the reading to stop');
    expect(before).to.be.below(MIB);
    let bytes = 0;
    for await (const chunk of { [Symbol.asyncIterator]: () => reader }) bytes += chunk.length;
    expect(bytes).to.be.above(63 * MIB);
  });

  it('throws if the connection is cut', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.write(`${CHUNKED}2\r\nab\r\n`, () => socket.resetAndDestroy());
    });
    await using client = aClient();
    const texts = await textsOf(await opened(client, receiver));
    expect(texts.at(-1)).to.match(/^threw /);
  });

  it('ends with the signal', async () => {
    await using receiver = await rawReceiver(
      (socket) => void socket.write(`${CHUNKED}2\r\nab\r\n`),
    );
    await using client = aClient();
    const stop = new AbortController();
    const answer = await opened(client, receiver, stop.signal);
    const reading = textsOf(answer);
    stop.abort(new DOMException('stop', 'AbortError'));
    expect((await reading).at(-1)).to.equal('threw AbortError');
    await until(() => receiver.sockets.size === 0, 'the connection to be closed');
  });

  it('needs no reader: an answer that nobody reads ends the process of nothing', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.write(`${CHUNKED}2\r\nab\r\n`, () => socket.resetAndDestroy());
    });
    await using client = aClient({ maxSockets: 1 });
    await opened(client, receiver);
    await until(() => receiver.sockets.size === 0, 'the connection to be closed');
    await opened(client, receiver);
  });

  it('is none if nothing listens', async () => {
    await using client = aClient();
    const url = new URL(`http://127.0.0.1:${await closedPort()}/`);
    const answer = await client.open(aRequest(url, { method: 'GET', body: null }), NEVER);
    expect(answer).to.include({ answered: false, reached: 'never', code: 'ECONNREFUSED' });
  });

  it('reaches an address that is refused elsewhere if the operator chose it', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    const url = receiver.url('/', '0.0.0.0');
    await using guarded = aClient();
    const request = aRequest(url, { method: 'GET', body: null });
    expect(await guarded.open(request, NEVER)).to.include({ failure: 'forbidden-address' });
    await using client = aClient({ addresses: 'any' });
    expect(await textsOf(mustBeOpen(await client.open(request, NEVER)))).to.deep.equal(['ok']);
  });
});

describe('a whole body', () => {
  const bodies = [
    ['as it is', 'x'.repeat(100), {}],
    ['decompressed', gzipSync('x'.repeat(100)), { 'content-encoding': 'gzip' }],
  ] as const;
  for (const [what, body, headers] of bodies) {
    it(`is read ${what}`, async () => {
      await using receiver = await httpReceiver((_request, response) =>
        response.writeHead(200, headers).end(body),
      );
      await using client = aClient();
      const whole = await readWhole(await opened(client, receiver), 100);
      expect(whole.toString()).to.equal('x'.repeat(100));
    });
  }

  const large = [
    ['its bytes', 'x'.repeat(101), {}],
    ['its decompressed bytes', gzipSync(Buffer.alloc(10 * MIB)), { 'content-encoding': 'gzip' }],
  ] as const;
  for (const [what, body, headers] of large) {
    it(`is refused if it has more than the bound in ${what}`, async () => {
      await using receiver = await httpReceiver((_request, response) =>
        response.writeHead(200, headers).end(body),
      );
      await using client = aClient();
      expect(await readWhole(await opened(client, receiver), 100)).to.equal('too-large');
    });
  }

  it('of 1 GB is refused after its bound was read, and its connection is closed', async () => {
    await using receiver = await pouring(1024 * MIB);
    using sockets = new OpenedSockets();
    await using client = aClient();
    expect(await readWhole(await opened(client, receiver), 4 * MIB)).to.equal('too-large');
    await until(() => sockets.isClosed, 'the connection to be closed');
    expect(sockets.bytesRead).to.be.within(4 * MIB, 5 * MIB);
  });
});

describe('a retired client', () => {
  it('lets an open answer end, and closes its connection then', async () => {
    let end: () => void = () => undefined;
    await using receiver = await rawReceiver((socket, { lastChunk }) => {
      if (!lastChunk.includes('GET /hook')) {
        socket.write(OK);
        return;
      }
      end = () => void socket.write('3\r\nend\r\n0\r\n\r\n');
      socket.write(CHUNKED);
    });
    await using client = aClient();
    await client.send(aRequest(receiver.url('/kept')), NEVER);
    const request = aRequest(receiver.url(), { method: 'GET', body: null, isRepeatable: true });
    const answer = mustBeOpen(await client.open(request, NEVER));
    await client.send(aRequest(receiver.url('/idle')), NEVER);
    expect(receiver.sockets.size).to.equal(2);
    const retiring = client.retire();
    await until(() => receiver.sockets.size === 1, 'the idle connection to be closed');
    const late = await client.send(aRequest(receiver.url()), NEVER);
    expect(late).to.include({ answered: false, reached: 'never', failure: 'aborted' });
    end();
    expect(await textsOf(answer)).to.deep.equal(['end']);
    await until(() => receiver.sockets.size === 0, 'the last connection to be closed', 1_000);
    await retiring;
  });

  it('without a connection is over at once', async () => {
    await using client = aClient();
    await client.retire();
  });
});
