// HTTP/2 over real sockets: many requests share a connection if the server speaks it, each ends
// alone, and a server without it is used as before.

import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { HttpFailed, HttpOpened } from '../../lib/net/http-client.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { aClient, aRequest, httpsReceiver } from './support/receiver.ts';

/** A server of HTTP/2 that counts its sessions, and answers by path. */
class Http2Receiver implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly sessions = new Set<{ destroy(): void; goaway(): void; closed: boolean }>();
  opened = 0;
  /** Requests without an answer. */
  silent = 0;
  /** Bytes of an answer without end. */
  poured = 0;
  readonly streams: ServerHttp2Stream[] = [];

  constructor(pair: Pair) {
    this.#server = createSecureServer(pair);
    this.#server.on('session', (session) => {
      this.opened += 1;
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => undefined);
    });
    this.#server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      if (headers[':path'] === '/silent') {
        this.silent += 1;
        return;
      }
      if (headers[':path'] === '/pour') {
        this.#pour(stream);
        return;
      }
      stream.respond({ ':status': 200, 'x-path': headers[':path'] ?? '' });
      if (headers[':path'] === '/open') {
        this.streams.push(stream);
        stream.write('open');
      } else stream.end('ok');
    });
  }

  /** Writes zeros as fast as they are read. */
  #pour(stream: ServerHttp2Stream): void {
    const chunk = Buffer.alloc(16 * 1024);
    const more = (): void => {
      while (!stream.destroyed) {
        this.poured += chunk.length;
        if (!stream.write(chunk)) break;
      }
      stream.once('drain', more);
    };
    stream.respond({ ':status': 200 });
    more();
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  url(path: string): URL {
    return new URL(`https://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function mustBeOpen(answer: HttpOpened | HttpFailed): HttpOpened {
  if (!answer.answered) expect.fail(`found ${answer.detail}`);
  return answer;
}

async function textOf({ body }: HttpOpened): Promise<string> {
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
}

describe('HTTP/2', () => {
  let authority: Authority;
  let pair: Pair;
  before(() => {
    authority = new Authority();
    pair = authority.sign('receiver', 2, ['ci.example.test']);
  });
  after(() => authority[Symbol.dispose]());

  const offering = () =>
    aClient({ maxSockets: 1_000, http2: 'offered', tls: { ca: authority.cert } });
  const get = (url: URL) => aRequest(url, { method: 'GET', body: null });

  it('carries all requests on one connection, those that came before it was open too', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const open = Array.from({ length: 20 }, () => client.open(get(receiver.url('/open')), NEVER));
    const streams = (await Promise.all(open)).map(mustBeOpen);
    expect(await client.send(aRequest(receiver.url('/post')), NEVER)).to.include({
      ...{ answered: true, status: 200, excerpt: 'ok' },
    });
    expect(receiver.opened).to.equal(1);
    for (const stream of streams) stream.close();
  });

  it('shares no connection that a request has for itself, and is not used unless it is offered', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    for (let sent = 1; sent <= 2; sent += 1) {
      const own = { ...get(receiver.url('/x')), connection: 'own' } as const;
      expect(await textOf(mustBeOpen(await client.open(own, NEVER)))).to.equal('ok');
    }
    expect(receiver.opened).to.equal(2);
    await using off = aClient({ tls: { ca: authority.cert } });
    expect(await off.send(aRequest(receiver.url('/x')), NEVER)).to.include({ answered: false });
  });

  it('has 100 requests on a connection, and the others on the next one', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const open = Array.from({ length: 150 }, () => client.open(get(receiver.url('/open')), NEVER));
    const streams = (await Promise.all(open)).map(mustBeOpen);
    expect(receiver.opened).to.equal(2);
    for (const stream of streams) stream.close();
  });

  it('ends one request and no other', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const stop = new AbortController();
    const stopped = mustBeOpen(await client.open(get(receiver.url('/open')), stop.signal));
    const closed = mustBeOpen(await client.open(get(receiver.url('/open')), NEVER));
    const kept = mustBeOpen(await client.open(get(receiver.url('/open')), NEVER));
    stop.abort(new Error('stop'));
    closed.close();
    const failed = await textOf(stopped).then(
      () => 'ended',
      (error: unknown) => String(error),
    );
    expect(failed).to.equal('Error: stop');
    receiver.streams[2]?.end(' end');
    expect(await textOf(kept)).to.equal('open end');
    expect(receiver.opened).to.equal(1);
  });

  it('pauses an answer that nobody reads, and no other', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const answer = mustBeOpen(await client.open(get(receiver.url('/pour')), NEVER));
    const reader = answer.body[Symbol.asyncIterator]();
    await reader.next();
    for (let sent = 1; sent <= 200; sent += 1) {
      expect(await client.send(aRequest(receiver.url('/x')), NEVER)).to.include({ answered: true });
    }
    expect(receiver.opened).to.equal(1);
    // The windows of the stream and the buffers on both sides.
    expect(receiver.poured).to.be.below(2 * 1024 * 1024);
    const before = receiver.poured;
    while (receiver.poured < before + 4 * 1024 * 1024) await reader.next();
    answer.close();
  });

  it('ends a request that has no answer yet, and no other', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const kept = mustBeOpen(await client.open(get(receiver.url('/open')), NEVER));
    const stop = new AbortController();
    const sending = client.send(aRequest(receiver.url('/silent')), stop.signal);
    await until(() => receiver.silent === 1, 'the request');
    stop.abort();
    expect(await sending).to.include({ answered: false, reached: 'perhaps', failure: 'aborted' });
    receiver.streams[0]?.end(' end');
    expect(await textOf(kept)).to.equal('open end');
    expect(receiver.opened).to.equal(1);
  });

  it('needs a new connection after the other side closed it, also for a request that is repeated', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    for (let sent = 1; sent <= 3; sent += 1) {
      const answer = await client.send(aRequest(receiver.url('/x')), NEVER);
      expect(answer, `request ${sent}`).to.include({ answered: true });
      for (const session of receiver.sessions) session.destroy();
    }
  });

  it('lets an open answer end in a retired client', async () => {
    await using receiver = await new Http2Receiver(pair).listen();
    await using client = offering();
    const answer = mustBeOpen(await client.open(get(receiver.url('/open')), NEVER));
    const retired = client.retire();
    receiver.streams[0]?.end(' end');
    expect(await textOf(answer)).to.equal('open end');
    await retired;
    await until(() => receiver.sessions.size === 0, 'the session to be closed');
  });

  it('is not used with a server that does not speak it', async () => {
    await using receiver = await httpsReceiver(pair);
    await using client = offering();
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    const all = Array.from({ length: 4 }, () => client.send(aRequest(url), NEVER));
    expect((await Promise.all(all)).every(({ answered }) => answered)).to.equal(true);
    const before = receiver.connections;
    for (let sent = 1; sent <= 4; sent += 1) await client.send(aRequest(url), NEVER);
    expect(receiver.connections).to.equal(before);
  });

  it('is one failure for all that wait for a connection that cannot be opened', async () => {
    await using receiver = await httpsReceiver(pair);
    await using client = aClient({ maxSockets: 100, http2: 'offered' });
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    const all = await Promise.all(
      Array.from({ length: 4 }, () => client.send(aRequest(url), NEVER)),
    );
    for (const result of all) expect(result).to.include({ reached: 'never', failure: 'tls' });
  });
});
