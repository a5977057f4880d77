// An HTTP proxy over real sockets: CONNECT for https, the absolute form for http, and how far
// a request got if the proxy fails. The choice of the proxy: proxy-choice.spec.ts.

import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import type { HttpClientOptions, HttpProxy } from '../../lib/net/undici-client.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { BASIC, CREDENTIALS, proxyTo } from './support/proxy.ts';
import {
  aClient,
  aRequest,
  closedPort,
  httpsReceiver,
  Receiver,
  rawReceiver,
} from './support/receiver.ts';

describe('a request through a proxy', () => {
  let authority: Authority;
  let pair: Pair;
  before(() => {
    authority = new Authority();
    pair = authority.sign('receiver', 2, ['ci.example.test']);
  });
  after(() => authority[Symbol.dispose]());

  function trusting(
    proxy: HttpProxy,
    more: Partial<HttpClientOptions> = {},
  ): Partial<HttpClientOptions> {
    return { proxy, tls: { ca: authority.cert }, ...more };
  }

  it('goes to an https receiver by CONNECT, with TLS inside and the name resolved by the proxy', async () => {
    await using target = await httpsReceiver(pair);
    await using proxy = await proxyTo(target.port);
    await using client = aClient(trusting(proxy.settings), {
      lookup: () => expect.fail('the name was looked up here'),
    });
    const url = new URL('https://ci.example.test:8443/hook?x=1');
    const result = await client.send(aRequest(url), NEVER);
    expect(result).to.include({ answered: true, status: 200 });
    expect(proxy.asked).to.deep.equal(['CONNECT ci.example.test:8443 ci.example.test:8443']);
    expect(proxy.authorizations).to.deep.equal([BASIC]);
    expect(JSON.stringify(result)).to.include('ci.example.test:8443').and.not.include('proxy-');
  });

  it('names the default port of https and puts an IPv6 address in brackets', async () => {
    await using target = await httpsReceiver(pair);
    await using proxy = await proxyTo(target.port);
    await using client = aClient(
      trusting(proxy.settings, { tls: { ca: authority.cert, serverName: 'ci.example.test' } }),
    );
    await client.send(aRequest(new URL('https://[2001:db8::1]/')), NEVER);
    expect(proxy.asked).to.deep.equal(['CONNECT [2001:db8::1]:443 [2001:db8::1]:443']);
  });

  it('goes to an http receiver in the absolute form, with the host in the header', async () => {
    await using proxy = await proxyTo(0);
    await using client = aClient({ proxy: proxy.settings });
    const url = new URL('http://ci.example.test/hook?x=1');
    for (let i = 0; i < 2; i++) {
      const result = await client.send(aRequest(url), NEVER);
      expect(result).to.include({ answered: true, excerpt: 'by the proxy' });
    }
    const line = 'POST http://ci.example.test/hook?x=1 ci.example.test';
    expect(proxy.asked).to.deep.equal([line, line]);
    expect(proxy.authorizations).to.deep.equal([BASIC, BASIC]);
    expect(proxy.connections).to.equal(1);
  });

  it('sends no credentials if none are configured', async () => {
    await using proxy = await proxyTo(0);
    await using client = aClient({ proxy: { url: proxy.url('/') } });
    await client.send(aRequest(new URL('http://ci.example.test/')), NEVER);
    expect(proxy.authorizations).to.deep.equal([undefined]);
  });

  it('keeps its tunnel for the next request and respects the bound of connections', async () => {
    await using target = await httpsReceiver(pair);
    await using proxy = await proxyTo(target.port);
    await using client = aClient(trusting(proxy.settings, { maxSockets: 2 }));
    const url = new URL('https://ci.example.test/');
    const sent = Array.from({ length: 10 }, () => client.send(aRequest(url), NEVER));
    expect((await Promise.all(sent)).every(({ answered }) => answered)).to.equal(true);
    expect(proxy.connections).to.equal(2);
  });

  for (const status of ['403 Forbidden', '407 Proxy Authentication Required', '502 Bad Gateway']) {
    it(`never arrives if the proxy answers CONNECT with ${status}`, async () => {
      await using proxy = await proxyTo(0, {
        tunnelled: `HTTP/1.1 ${status}\r\nx: secret\r\n\r\n`,
      });
      await using client = aClient({ proxy: proxy.settings });
      const result = await client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
      expect(result).to.deep.equal({
        answered: false,
        reached: 'never',
        failure: 'proxy',
        code: 'ERR_PROXY_TUNNEL',
        detail: `proxy 127.0.0.1:${proxy.port} answered CONNECT with ${status.slice(0, 3)}`,
        proxyStatus: Number(status.slice(0, 3)),
      });
      await until(() => proxy.sockets.size === 0, 'the connection to be closed');
    });
  }

  for (const target of ['https://ci.example.test/', 'http://ci.example.test/']) {
    it(`never arrives at ${target} if the proxy is down`, async () => {
      const port = await closedPort();
      await using client = aClient({
        proxy: { url: new URL(`http://127.0.0.1:${port}`), credentials: CREDENTIALS },
      });
      expect(await client.send(aRequest(new URL(target)), NEVER)).to.deep.equal({
        answered: false,
        reached: 'never',
        failure: 'proxy',
        code: 'ECONNREFUSED',
        detail: `proxy 127.0.0.1:${port}: ECONNREFUSED 127.0.0.1:${port}`,
      });
    });

    it(`is not made to ${target} if the proxy is at a forbidden address`, async () => {
      await using client = aClient({ proxy: { url: new URL('http://169.254.169.254:3128') } });
      const result = await client.send(aRequest(new URL(target)), NEVER);
      expect(result).to.include({ reached: 'never', failure: 'forbidden-address' });
    });
  }

  const odd: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['closes the connection', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['speaks another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
  ];
  for (const [what, act] of odd) {
    it(`never arrives if the proxy ${what}`, async () => {
      await using proxy = await rawReceiver(act);
      await using client = aClient({ proxy: { url: proxy.url('/') } });
      const result = await client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
      expect(result).to.include({ answered: false, reached: 'never', failure: 'proxy' });
    });
  }

  it('never arrives if the receiver behind the tunnel has the wrong certificate', async () => {
    await using target = await httpsReceiver(pair);
    await using proxy = await proxyTo(target.port);
    await using client = aClient({ proxy: proxy.settings });
    const result = await client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
    expect(result).to.include({ answered: false, reached: 'never', failure: 'tls' });
  });

  it('may have arrived at an http receiver if the proxy resets the connection', async () => {
    await using proxy = await rawReceiver((socket) => socket.resetAndDestroy());
    await using client = aClient({ proxy: { url: proxy.url('/') } });
    const result = await client.send(aRequest(new URL('http://ci.example.test/')), NEVER);
    expect(result).to.include({ answered: false, reached: 'perhaps', failure: 'reset' });
  });

  it('may have arrived at an https receiver that resets the connection', async () => {
    const server = createHttpsServer(pair, (request) => request.socket.destroy());
    await using target = await new Receiver(server).listen();
    await using proxy = await proxyTo(target.port);
    await using client = aClient(trusting(proxy.settings));
    const result = await client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
    expect(result).to.include({ answered: false, reached: 'perhaps', failure: 'reset' });
  });

  it('never arrives if the client is disposed before the proxy is resolved', async () => {
    const proxy = { url: new URL('http://proxy.example.test:3128') };
    const client = aClient({ proxy }, { lookup: () => undefined });
    const sent = client.send(aRequest(new URL('http://ci.example.test/')), NEVER);
    await client[Symbol.asyncDispose]();
    expect(await sent).to.include({ answered: false, reached: 'never', failure: 'aborted' });
  });

  it('never arrives if the tunnel takes too long', async () => {
    await using proxy = await rawReceiver(() => undefined);
    const clock = new FakeClock();
    await using client = aClient({ proxy: { url: proxy.url('/') } }, { clock });
    const sent = client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
    await until(() => proxy.received.includes('CONNECT'), 'the CONNECT');
    await clock.advance(5000);
    expect(await sent).to.include({ reached: 'never', failure: 'connect-timeout' });
    await until(() => proxy.sockets.size === 0, 'the connection to be closed');
  });

  it('never arrives if it is aborted before the tunnel is open', async () => {
    await using proxy = await rawReceiver(() => undefined);
    const client = aClient({ proxy: { url: proxy.url('/') } });
    const stop = new AbortController();
    const sent = client.send(aRequest(new URL('https://ci.example.test/')), stop.signal);
    await until(() => proxy.received.includes('CONNECT'), 'the CONNECT');
    stop.abort();
    expect(await sent).to.include({ reached: 'never', failure: 'aborted' });
    await client[Symbol.asyncDispose]();
    await until(() => proxy.sockets.size === 0, 'the connection to be closed');
  });

  for (const target of ['https://169.254.169.254/', 'http://0xa9fea9fe/', 'https://[fe80::1]/']) {
    it(`is not made for ${target}`, async () => {
      await using proxy = await proxyTo(0);
      await using client = aClient({ proxy: proxy.settings });
      const result = await client.send(aRequest(new URL(target)), NEVER);
      expect(result).to.include({ reached: 'never', failure: 'forbidden-address' });
      expect(proxy.connections).to.equal(0);
    });
  }
});
