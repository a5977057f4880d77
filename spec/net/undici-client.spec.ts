// The client over real sockets: sent requests, answers, and how far a failed request got.

import type { LookupFunction, Socket } from 'node:net';
import { expect } from 'chai';
import type { HttpResult } from '../../lib/net/http-client.ts';
import { LONGEST_IDLE_MS } from '../../lib/net/undici-client.ts';
import { withVariable } from '../support/environment-variable.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { aClient, aRequest, closedPort, httpReceiver, rawReceiver } from './support/receiver.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi';

describe('an HTTP client', () => {
  it('answers with status, headers and the body as text', async () => {
    await using receiver = await httpReceiver((_request, response) => {
      response.writeHead(202, { 'X-Build': '7', 'set-cookie': ['a=1', 'b=2'] });
      response.end('queued ✓');
    });
    await using client = aClient();
    const result = await client.send(aRequest(receiver.url()), NEVER);
    expect(result).to.include({ answered: true, status: 202, excerpt: 'queued ✓' });
    expect(result)
      .to.have.property('headers')
      .that.includes({ 'x-build': '7', 'set-cookie': 'a=1, b=2' });
  });

  for (const method of ['POST', 'PUT', 'PATCH', 'OPTIONS'] as const) {
    for (const body of [null, '', 'grüße', Buffer.from([0, 255, 13, 10])]) {
      it(`sends ${method} with ${body === null ? 'no body' : `${body.length} of body`}`, async () => {
        const seen: string[] = [];
        await using receiver = await httpReceiver((request, response, text) => {
          const { 'content-length': length = 'none' } = request.headers;
          seen.push(request.method ?? '', request.url ?? '', length, text);
          response.end();
        });
        await using client = aClient();
        const url = receiver.url('/a%20b?x=1&y=%2F');
        await client.send(aRequest(url, { method, body }), NEVER);
        const bytes = Buffer.from(body ?? '');
        expect(seen).to.deep.equal([
          method,
          '/a%20b?x=1&y=%2F',
          // RFC 9110 §8.6: no length if there is no body and the method does not anticipate one.
          method === 'OPTIONS' && bytes.length === 0 ? 'none' : String(bytes.length),
          bytes.toString(),
        ]);
      });
    }
  }

  it('sends exactly the given headers and its own few', async () => {
    let seen: readonly string[] = [];
    await using receiver = await httpReceiver((request, response) => {
      seen = request.rawHeaders;
      response.end();
    });
    await using client = aClient();
    const headers = {
      'content-type': 'application/json',
      'x-name': 'grüße ✓',
      authorization: 'Bearer s',
    };
    await client.send(aRequest(receiver.url(), { headers, body: '{"ü":1}' }), NEVER);
    const utf8 = Buffer.from('grüße ✓').toString('latin1');
    expect(Object.fromEntries(pairs(seen))).to.deep.equal({
      accept: '*/*',
      'accept-encoding': 'identity',
      authorization: 'Bearer s',
      connection: 'keep-alive',
      'content-length': '8',
      'content-type': 'application/json',
      host: `127.0.0.1:${receiver.port}`,
      'user-agent': 'sluice/spec',
      'x-name': utf8,
    });
  });

  const refused = [
    ['a header of the connection', { 'transfer-encoding': 'chunked' }, 'transfer-encoding'],
    ['a length of its own', { 'content-length': '1' }, 'content-length'],
    ['a line break in a value', { 'x-a': 'secret\r\nx-b: 1' }, 'x-a'],
    ['a name that is none', { 'x a': '1' }, 'name'],
  ] as const;
  for (const [what, headers, named] of refused) {
    it(`sends nothing with ${what} and does not quote the value`, async () => {
      await using receiver = await httpReceiver((_request, response) => response.end());
      await using client = aClient();
      const result = await client.send(aRequest(receiver.url(), { headers }), NEVER);
      expect(result).to.include({ answered: false, reached: 'never', failure: 'local' });
      expect(detailOf(result)).to.include(named).and.not.include('secret');
      expect(receiver.connections).to.equal(0);
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    it(`returns ${status} as an answer and follows no redirect`, async () => {
      let requests = 0;
      await using receiver = await httpReceiver((_request, response) => {
        requests += 1;
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
      await using client = aClient();
      const result = await client.send(aRequest(receiver.url()), NEVER);
      expect(result).to.include({ answered: true, status });
      expect(requests).to.equal(1);
    });
  }

  it('ignores proxies of the environment', async () => {
    await using receiver = await httpReceiver((request, response) => {
      response.end(`asked for ${request.url ?? ''}`);
    });
    const proxy = `http://127.0.0.1:${await closedPort()}`;
    const result = await withVariable(['http_proxy', proxy], async () => {
      await using client = aClient({}, { lookup: loopback });
      return await client.send(aRequest(receiver.url('/', 'ci.example.test')), NEVER);
    });
    expect(result).to.include({ answered: true, excerpt: 'asked for /' });
  });

  it('reuses a connection', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    await using client = aClient();
    for (let i = 0; i < 5; i++) await client.send(aRequest(receiver.url()), NEVER);
    expect(receiver.connections).to.equal(1);
  });

  it('respects the bound of connections and sends waiting requests in turn', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    await using client = aClient({ maxSockets: 3 });
    const all = Array.from({ length: 30 }, () => client.send(aRequest(receiver.url()), NEVER));
    expect((await Promise.all(all)).every(({ answered }) => answered)).to.equal(true);
    expect(receiver.connections).to.equal(3);
  });

  it('closes an idle connection before usual receivers do', async () => {
    // Node and Apache close after 5 s.
    expect(LONGEST_IDLE_MS).to.equal(4000);
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    await using client = aClient({ idleMs: 50 });
    await client.send(aRequest(receiver.url()), NEVER);
    await until(() => receiver.sockets.size === 0, 'the idle connection to be closed', 1_000);
  });

  it('closes an idle connection before a receiver that announces its timeout', async () => {
    await using receiver = await rawReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n');
    });
    await using client = aClient();
    await client.send(aRequest(receiver.url()), NEVER);
    await until(() => receiver.sockets.size === 0, 'the connection to be closed', 900);
  });
});

describe('a request that fails', () => {
  it('never arrives if nothing listens', async () => {
    const port = await closedPort();
    await using client = aClient();
    const url = new URL(`http://127.0.0.1:${port}/?token=secret`);
    expect(await client.send(aRequest(url), NEVER)).to.deep.equal({
      answered: false,
      reached: 'never',
      failure: 'refused',
      code: 'ECONNREFUSED',
      detail: `ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('leaves no timer behind', async () => {
    const clock = new FakeClock();
    await using client = aClient({}, { clock });
    const url = new URL(`http://127.0.0.1:${await closedPort()}/`);
    expect(await client.send(aRequest(url), NEVER)).to.include({ failure: 'refused' });
    await until(() => clock.sleepers === 0, 'the countdown to be stopped');
  });

  it('never arrives if the name is unknown', async () => {
    await using client = aClient(
      {},
      {
        lookup: (hostname, _options, callback) =>
          callback(Object.assign(new Error(), { code: 'ENOTFOUND', hostname }), []),
      },
    );
    const result = await client.send(aRequest(new URL('http://nowhere.test/')), NEVER);
    expect(result).to.deep.equal({
      answered: false,
      reached: 'never',
      failure: 'name-not-found',
      code: 'ENOTFOUND',
      detail: 'ENOTFOUND nowhere.test',
    });
  });

  it('never arrives if the connection takes too long, including the look-up', async () => {
    const clock = new FakeClock();
    await using client = aClient({ connectTimeoutMs: 700 }, { clock, lookup: () => undefined });
    const sent = client.send(aRequest(new URL('http://slow.test:81/')), NEVER);
    await until(() => clock.sleepers > 0, 'the countdown');
    await clock.advance(700);
    expect(await sent).to.deep.equal({
      answered: false,
      reached: 'never',
      failure: 'connect-timeout',
      code: 'connect-timeout',
      detail: 'no connection to slow.test:81 within 700 ms',
    });
  });

  const afterwards: readonly (readonly [string, string, (socket: Socket) => void])[] = [
    ['reset', 'is reset', (socket) => socket.resetAndDestroy()],
    ['reset', 'is closed', (socket) => socket.end()],
    ['reset', 'ends within the head', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a')],
    ['bad-answer', 'brings garbage', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
    [
      'bad-answer',
      'brings a head without end',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
    ],
    [
      'bad-answer',
      'switches to what nobody asked for',
      (socket) =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
        ),
    ],
  ];
  for (const [failure, what, act] of afterwards) {
    it(`may have arrived if the connection ${what} after it was read: ${failure}`, async () => {
      await using receiver = await rawReceiver((socket) => act(socket));
      await using client = aClient();
      const result = await client.send(aRequest(receiver.url()), NEVER);
      expect(result).to.include({ answered: false, reached: 'perhaps', failure });
      expect(receiver.received).to.include('ping');
    });
  }

  const reasons = [
    ['timeout', new DOMException('late', 'TimeoutError')],
    ['aborted', new DOMException('stop', 'AbortError')],
    ['aborted', undefined],
  ] as const;
  for (const [failure, reason] of reasons) {
    it(`may have arrived if no head arrives: ${failure} for ${reason?.name ?? 'no reason'}`, async () => {
      await using receiver = await rawReceiver(() => undefined);
      await using client = aClient();
      const stop = new AbortController();
      const sent = client.send(aRequest(receiver.url()), stop.signal);
      await until(() => receiver.received.includes('ping'), 'the request');
      stop.abort(reason);
      expect(await sent).to.include({ answered: false, reached: 'perhaps', failure });
      await until(() => receiver.sockets.size === 0, 'the connection to be closed');
    });

    it(`never arrives if it was aborted before: ${failure} for ${reason?.name ?? 'no reason'}`, async () => {
      await using receiver = await httpReceiver((_request, response) => response.end());
      await using client = aClient();
      const result = await client.send(aRequest(receiver.url()), AbortSignal.abort(reason));
      expect(result).to.include({ answered: false, reached: 'never', failure });
      expect(receiver.connections).to.equal(0);
    });
  }

  it('never arrives if it is aborted during the look-up of the name', async () => {
    await using client = aClient({}, { lookup: () => undefined });
    const stop = new AbortController();
    const sent = client.send(aRequest(new URL('http://slow.test/')), stop.signal);
    stop.abort();
    expect(await sent).to.include({ answered: false, reached: 'never', failure: 'aborted' });
  });

  it('never arrives if it is aborted while it waits for a connection', async () => {
    await using receiver = await rawReceiver(() => undefined);
    await using client = aClient({ maxSockets: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const sent = client.send(aRequest(receiver.url()), first.signal);
    const queued = client.send(aRequest(receiver.url('/second')), second.signal);
    await until(() => receiver.received.includes('ping'), 'the request');
    second.abort();
    expect(await queued).to.include({ answered: false, reached: 'never', failure: 'aborted' });
    first.abort();
    expect(await sent).to.include({ reached: 'perhaps' });
    expect(receiver.received).not.to.include('/second');
  });

  it('frees its slot for the next request', async () => {
    await using receiver = await rawReceiver((socket) => socket.resetAndDestroy());
    await using client = aClient({ maxSockets: 1 });
    for (let i = 0; i < 3; i++) {
      expect(await client.send(aRequest(receiver.url()), NEVER)).to.include({
        failure: 'reset',
      });
    }
  });
});

describe('disposing of an HTTP client', () => {
  it('closes its connections, aborts running requests and is idempotent', async () => {
    await using receiver = await rawReceiver((socket, { received }) => {
      if (received.includes('/quick')) socket.write(OK);
    });
    const client = aClient({ maxSockets: 1 });
    await client.send(aRequest(receiver.url('/quick')), NEVER);
    receiver.received = '';
    const sent = client.send(aRequest(receiver.url('/slow')), NEVER);
    const queued = client.send(aRequest(receiver.url('/queued')), NEVER);
    await until(() => receiver.received.includes('/slow'), 'the request');
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    expect(await sent).to.include({ answered: false, reached: 'perhaps', failure: 'aborted' });
    expect(await queued).to.include({ answered: false, reached: 'never', failure: 'aborted' });
    await until(() => receiver.sockets.size === 0, 'the connections to be closed');
    const late = await client.send(aRequest(receiver.url()), NEVER);
    expect(late).to.include({ answered: false, reached: 'never', failure: 'aborted' });
  });
});

const loopback: LookupFunction = (_name, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));
}

function detailOf(result: HttpResult): string {
  return result.answered ? '' : result.detail;
}
