// Bodies of answers over real sockets: the kept part, the read part, and that no failure of a body
// makes the answer a failure. Bytes are counted at the client's own sockets.

import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { OpenedSockets } from './support/opened-sockets.ts';
import { aClient, aRequest, httpReceiver, rawReceiver } from './support/receiver.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const HEAD = 'HTTP/1.1 200 OK\r\n';
// Node reads 64 KiB at a time, so the bound is passed by at most that, and by the head.
const SLACK = 66 * KIB;

describe('the body of an answer', () => {
  const kept = [
    ['below the bound', 'x'.repeat(100), 'x'.repeat(100)],
    ['at the bound', 'x'.repeat(16 * KIB), 'x'.repeat(16 * KIB)],
    ['above the bound', 'x'.repeat(40 * KIB), 'x'.repeat(16 * KIB)],
    [
      'with a character across the bound',
      `x${'é'.repeat(20 * KIB)}`,
      `x${'é'.repeat(8 * KIB - 1)}`,
    ],
    ['that is none', '', ''],
    ['with a byte order mark', '\ufeffab', '\ufeffab'],
    [
      'above the bound with a byte order mark',
      `\ufeff${'x'.repeat(20 * KIB)}`,
      `\ufeff${'x'.repeat(16 * KIB - 3)}`,
    ],
    ['that is not UTF-8', Buffer.from([0x68, 0x69, 0xff]), 'hi\ufffd'],
  ] as const;
  for (const [what, body, excerpt] of kept) {
    it(`is kept up to 16 KiB: ${what}`, async () => {
      await using receiver = await httpReceiver((_request, response) => response.end(body));
      await using client = aClient();
      const result = await client.send(aRequest(receiver.url()), NEVER);
      expect(result).to.have.property('excerpt', excerpt);
    });
  }

  it('is kept up to the configured bound', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('0123456789'));
    await using client = aClient({ excerptBytes: 4 });
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.have.property('excerpt', '0123');
  });

  it('is not decompressed and not shown compressed', async () => {
    await using receiver = await httpReceiver((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(MIB)));
    });
    await using client = aClient();
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.include({ answered: true, excerpt: '' });
  });

  it('is read to its end below 1 MiB, so that the connection is reused', async () => {
    await using receiver = await httpReceiver((_request, response) =>
      response.end(Buffer.alloc(900 * KIB, 'x')),
    );
    await using client = aClient({ maxSockets: 1 });
    for (let i = 0; i < 3; i++) await client.send(aRequest(receiver.url()), NEVER);
    expect(receiver.connections).to.equal(1);
  });

  it('closes the connection at once if 10 MiB are announced', async () => {
    await using receiver = await httpReceiver((_request, response) =>
      response.end(Buffer.alloc(10 * MIB, 'x')),
    );
    using opened = new OpenedSockets();
    await using client = aClient();
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.include({ answered: true, status: 200, excerpt: 'x'.repeat(16 * KIB) });
    await until(() => opened.isClosed, 'the connection to be closed');
    expect(opened.bytesRead).to.be.below(2 * SLACK);
  });

  it('closes the connection at 1 MiB if it never ends', async () => {
    await using receiver = await rawReceiver((socket) => {
      const chunk = `10000\r\n${'x'.repeat(64 * KIB)}\r\n`;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
        socket.once('drain', pour);
      };
      socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
      pour();
    });
    using opened = new OpenedSockets();
    await using client = aClient();
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.include({ answered: true, excerpt: 'x'.repeat(16 * KIB) });
    await until(() => opened.isClosed, 'the connection to be closed');
    expect(opened.bytesRead).to.be.within(MIB, MIB + 2 * SLACK);
  });

  it('is abandoned at its deadline, with the part that arrived', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.write(`${HEAD}content-length: 100\r\n\r\nslow`);
    });
    const clock = new FakeClock();
    using opened = new OpenedSockets();
    await using client = aClient({}, { clock });
    const sent = client.send(aRequest(receiver.url()), NEVER);
    await until(() => opened.bytesRead > HEAD.length, 'the head');
    await until(async () => {
      await clock.advance(1000);
      return opened.isClosed;
    }, 'the connection to be closed');
    expect(await sent).to.include({ answered: true, status: 200, excerpt: 'slow' });
  });

  it('may break off: the status is kept, and the next request is sent', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.end(`${HEAD}content-length: 100\r\n\r\nhalf`);
    });
    await using client = aClient({ maxSockets: 1 }, { clock: new FakeClock() });
    for (let i = 0; i < 2; i++) {
      const result = await client.send(aRequest(receiver.url()), NEVER);
      expect(result).to.include({ answered: true, status: 200, excerpt: 'half' });
    }
  });

  it('may be garbage: the status is kept', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\nnot a chunk\r\n`);
    });
    await using client = aClient();
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.include({ answered: true, status: 200 });
  });

  it('may be cut short by an abort: the status is kept', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.write(`${HEAD}content-length: 100\r\n\r\nhalf`);
    });
    using opened = new OpenedSockets();
    await using client = aClient({}, { clock: new FakeClock() });
    const stop = new AbortController();
    const sent = client.send(aRequest(receiver.url()), stop.signal);
    await until(() => opened.bytesRead > HEAD.length + 10, 'the head');
    stop.abort();
    expect(await sent).to.include({ answered: true, status: 200, excerpt: 'half' });
    await until(() => opened.isClosed, 'the connection to be closed');
  });
});
