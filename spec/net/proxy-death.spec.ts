// A proxy that dies, over real sockets: before, during and between requests. What may have arrived
// is said, and a client works again as soon as the proxy does.

import { createServer } from 'node:https';
import { expect } from 'chai';
import type { HttpClient } from '../../lib/net/http-client.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { type Proxy, proxyTo } from './support/proxy.ts';
import { aClient, aRequest, httpsReceiver, Receiver, rawReceiver } from './support/receiver.ts';

const TARGETS = ['https://ci.example.test/', 'http://ci.example.test/'] as const;

/** Ends all connections of a proxy at once, as its death does. */
function kill({ sockets }: Receiver): void {
  for (const socket of sockets) socket.destroy();
}

describe('a proxy that dies', () => {
  let authority: Authority;
  let pair: Pair;
  before(() => {
    authority = new Authority();
    pair = authority.sign('receiver', 2, ['ci.example.test']);
  });
  after(() => authority[Symbol.dispose]());

  const through = ({ settings }: Proxy): HttpClient =>
    aClient({ proxy: settings, tls: { ca: authority.cert } });

  for (const target of TARGETS) {
    const url = new URL(target);

    it(`while its connection to ${target} is idle costs nothing, also what cannot be repeated`, async () => {
      await using receiver = await httpsReceiver(pair);
      await using proxy = await proxyTo(receiver.port);
      await using client = through(proxy);
      for (const isRepeatable of [true, false, true, false]) {
        const result = await client.send(aRequest(url, { isRepeatable }), NEVER);
        expect(result).to.include({ answered: true, status: 200 });
        kill(proxy);
        await until(() => proxy.sockets.size === 0, 'the connections to be closed');
      }
      expect(proxy.asked).to.have.length(4);
    });

    it(`and stays away leaves requests to ${target} unsent, until it is back`, async () => {
      await using receiver = await httpsReceiver(pair);
      const first = await proxyTo(receiver.port);
      const { port } = first;
      await using client = through(first);
      expect(await client.send(aRequest(url), NEVER)).to.include({ answered: true });
      await first[Symbol.asyncDispose]();
      for (const isRepeatable of [true, false]) {
        const result = await client.send(aRequest(url, { isRepeatable }), NEVER);
        expect(result).to.include({ reached: 'never', failure: 'proxy', code: 'ECONNREFUSED' });
      }
      await using second = await proxyTo(receiver.port);
      await new Promise((resolve) => second.server.close(resolve));
      await new Promise<void>((resolve) => second.server.listen(port, '127.0.0.1', resolve));
      expect(await client.send(aRequest(url), NEVER)).to.include({ answered: true });
    });
  }

  it('with a request in its tunnel: it may have arrived, and is not sent again', async () => {
    let requests = 0;
    const server = createServer(pair, () => {
      requests += 1;
      kill(proxy);
    });
    await using receiver = await new Receiver(server).listen();
    await using proxy = await proxyTo(receiver.port);
    await using client = through(proxy);
    const request = aRequest(new URL(TARGETS[0]), { isRepeatable: true });
    expect(await client.send(request, NEVER)).to.include({ reached: 'perhaps', failure: 'reset' });
    expect(requests).to.equal(1);
  });

  it('with a request in the absolute form: it may have arrived', async () => {
    await using proxy = await rawReceiver((socket) => socket.resetAndDestroy());
    await using client = aClient({ proxy: { url: proxy.url('/') } });
    const result = await client.send(aRequest(new URL(TARGETS[1])), NEVER);
    expect(result).to.include({ reached: 'perhaps', failure: 'reset', code: 'ECONNRESET' });
  });

  it('within an answer cuts an open body, and keeps the status of a sent request', async () => {
    await using proxy = await rawReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', () => socket.destroy());
    });
    await using client = aClient({ proxy: { url: proxy.url('/') } });
    const url = new URL(TARGETS[1]);
    const sent = await client.send(aRequest(url), NEVER);
    expect(sent).to.include({ answered: true, status: 200, excerpt: 'half' });
    const opened = await client.open(aRequest(url, { method: 'GET', body: null }), NEVER);
    if (!opened.answered) expect.fail(opened.detail);
    let isCut = false;
    try {
      const reader = opened.body[Symbol.asyncIterator]();
      while ((await reader.next()).done !== true);
    } catch {
      isCut = true;
    }
    expect(isCut).to.equal(true);
  });
});
