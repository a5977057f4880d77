// What clients without manners can hold of a playback, over HTTP and HTTPS: the bounds of its listener, which
// leave quiet watches open.

import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { TlsPair } from '../../lib/kit/http/listen.ts';
import type { Playback } from '../../lib/playback/playback.ts';
import { Authority } from '../support/certificates.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';
import { anEntry, EVENTS, servedPerSpec, watch } from './support.ts';

const CONNECTIONS = 256;
const GET = 'GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

describe('clients of a playback', () => {
  const served = servedPerSpec();
  const clients: RawClient[] = [];
  let clock: FakeClock;
  beforeEach(() => void (clock = new FakeClock()));
  afterEach(() => {
    for (const client of clients.splice(0)) client[Symbol.dispose]();
  });
  const opened = ({ port }: Playback, begins: string): RawClient => {
    const client = new RawClient(port);
    client.write(begins);
    clients.push(client);
    return client;
  };

  const slow: Readonly<Record<string, string>> = {
    'sends nothing': '',
    'sends half a head': 'GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ',
    'stays after an answer': GET,
    'sends half a body': GET.replace('GET', 'POST').replace(
      '\r\n\r\n',
      '\r\nContent-Length: 9\r\n\r\n{',
    ),
  };
  for (const [what, begins] of Object.entries(slow)) {
    it(`are disconnected if one ${what}`, async () => {
      const client = opened(await served([], {}, clock), begins);
      await until(() => client.isConnected, 'the connection');
      await until(async () => {
        await clock.advance(1_000);
        return client.isEnded;
      }, 'the end');
    });
  }

  it('get a Status if they send no HTTP, or too large a head', async () => {
    const playback = await served([], {}, clock);
    const large = opened(playback, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`);
    const none = opened(playback, 'nonsense\r\n\r\n');
    await until(() => large.text.includes('"code":431'), 'the refusal of a large head');
    await until(() => none.text.includes('"code":400'), 'the refusal of no HTTP');
    expect(none.text)
      .to.match(/^HTTP\/1\.1 400 /)
      .and.include('"kind":"Status"');
  });

  it('that are idle longest make room for a newcomer, and a watch stays open', async () => {
    const playback = await served([anEntry('shop/a')], { afterWatches: 1 }, clock);
    const open = await watch(playback, `${EVENTS}?watch=1&resourceVersion=1000`);
    await open.has(1);
    const idle = Array.from({ length: CONNECTIONS }, () => opened(playback, ''));
    await until(() => idle.every(({ isConnected }) => isConnected), 'the connections');
    const newcomer = opened(playback, GET);
    await until(() => newcomer.text.startsWith('HTTP/1.1 200'), 'the answer');
    expect(idle.filter(({ isEnded }) => isEnded)).to.have.length.within(1, 3);
    await clock.advance(3_600_000);
    await playback[Symbol.asyncDispose]();
    expect(await open.ended, 'the watch ends cleanly').to.equal(1);
  });

  it('that watch keep 200 connections, as a gateway with a source for each of 200 namespaces', async () => {
    const playback = await served([anEntry('shop/a')], { afterWatches: 200 }, clock);
    const path = `${EVENTS}?watch=1&resourceVersion=1000`;
    const open = await Promise.all(Array.from({ length: 200 }, () => watch(playback, path)));
    const idle = Array.from({ length: CONNECTIONS }, () => opened(playback, ''));
    await until(() => idle.some(({ isEnded }) => isEnded), 'the bound');
    await clock.advance(3_600_000);
    await Promise.all(open.map((one) => one.has(1)));
    await playback[Symbol.asyncDispose]();
    const ends = await Promise.all(open.map(({ ended }) => ended));
    expect(new Set(ends), 'every watch ends cleanly').to.have.all.keys(1);
  });

  describe('over HTTPS', () => {
    let authority: Authority;
    let tls: TlsPair;
    before(() => {
      authority = new Authority();
      tls = authority.sign('playback');
    });
    after(() => authority[Symbol.dispose]());

    it('are disconnected if one never shakes hands', async () => {
      const client = opened(await served([], { tls }, clock), '');
      await until(() => client.isConnected, 'the connection');
      await until(async () => {
        await clock.advance(1_000);
        return client.isEnded;
      }, 'the end');
    });

    it('agree on HTTP/1.1 and are disconnected if one stays after an answer', async () => {
      const { port } = await served([], { tls }, clock);
      const socket = await secured(port);
      let text = '';
      let isEnded = false;
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      socket.on('end', () => (isEnded = true)).on('error', () => undefined);
      socket.write(GET);
      await until(() => text.startsWith('HTTP/1.1 200'), 'the answer');
      expect(socket.alpnProtocol).to.equal('http/1.1');
      await until(async () => {
        await clock.advance(1_000);
        return isEnded;
      }, 'the end');
      socket.destroy();
    });

    it('that speak no TLS do not end the playback', async () => {
      const playback = await served([], { tls }, clock);
      const client = opened(playback, GET);
      await until(() => client.isEnded, 'the end');
      const socket = await secured(playback.port);
      socket.destroy();
    });
  });
});

function secured(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const ALPNProtocols = ['h2', 'http/1.1'];
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols };
    const socket = connectTls(options, () => resolve(socket));
    socket.once('error', reject);
  });
}
