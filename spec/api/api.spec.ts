// The API over real sockets: each route by method, token, Host and Origin, what it answers, and that
// nothing a client or an Event says gets through it.

import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import { ROUTES } from '../../lib/api/routes.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import { aCommit, aDelivery, aGap, anEvent } from '../support/builders.ts';
import {
  type Answered,
  ApiBench,
  type Asked,
  benchPerSpec,
  itemsOf,
  NAMED_HOST,
  TOKEN,
} from './api-bench.ts';

const RIGHT = { authorization: `Bearer ${TOKEN}` };
const JSON_BODY = { 'content-type': 'application/json' };
const SAFE = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

describe('the API', () => {
  let bench: ApiBench;
  benchPerSpec((made) => void (bench = made));

  const ask = (path: string, more: Partial<Asked> = {}): Promise<Answered> =>
    bench.ask({ path: `/api/v1/${path}`, ...more });

  describe('grants access to', () => {
    const { id } = aDelivery();
    const reads = ROUTES.filter(
      ({ mediaType, isRead }) => isRead && mediaType === 'application/json',
    ).map((route): Asked => {
      const path = route.path.replace('{sequence}', 'NUMBER').replace('{id}', id);
      if (route.body === undefined) return { path };
      return { path, method: 'POST', headers: JSON_BODY, body: JSON.stringify(anEvent()) };
    });
    type Row = readonly [what: string, headers: Record<string, string>, number];
    const rows: readonly Row[] = [
      ['over loopback without a token', {}, 200],
      ['under localhost', { host: 'localhost:1' }, 200],
      ['with the token', RIGHT, 200],
      ['with a wrong token', { authorization: 'Bearer wrong' }, 401],
      ['under a name of http.hosts without a token', { host: NAMED_HOST }, 401],
      ['under a name of http.hosts with the token', { host: NAMED_HOST, ...RIGHT }, 200],
      ['under another name', { host: 'evil.example', ...RIGHT }, 421],
      ['from its own origin', { host: 'localhost:1', origin: 'http://localhost:1' }, 200],
      ['from another origin', { origin: 'http://evil.example', ...RIGHT }, 403],
      ['from a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
      ['with an address that a proxy claims', { 'x-forwarded-for': '203.0.113.9' }, 200],
      ['with a loopback that a proxy claims', { host: NAMED_HOST, 'x-forwarded-for': '::1' }, 401],
      [
        'with a host that a proxy claims',
        { host: 'evil.example', 'x-forwarded-host': 'localhost' },
        421,
      ],
    ];
    for (const [what, headers, status] of rows) {
      it(`${what}: every read answers ${status}`, async () => {
        const number = String(bench.decide());
        await bench.commit([aDelivery()]);
        for (const read of reads) {
          const path = read.path.replace('NUMBER', number);
          const answered = await bench.ask({
            ...read,
            path,
            headers: { ...read.headers, ...headers },
          });
          expect(answered.status, `${read.method ?? 'GET'} ${path}`).to.equal(status);
          expect(answered.headers).to.include(SAFE);
          expect(answered.headers).to.not.have.any.keys(
            'access-control-allow-origin',
            'x-powered-by',
          );
          const challenge = answered.headers['www-authenticate'] !== undefined;
          expect(challenge, 'a challenge').to.equal(status === 401);
        }
      });
    }

    describe('where http.api.requireToken is set', () => {
      const config = 'version: 1\nhttp: { api: { requireToken: true } }\nfilters: []\n';
      const everything = ROUTES.map(
        ({ method, path }): Asked => ({
          method,
          path: path.replace('{sequence}', '1').replace('{id}', id),
        }),
      );

      it('no route over loopback without the token, the feed and unknown paths and methods included', async () => {
        await using strict = await ApiBench.open({ config });
        const others: readonly Asked[] = [
          { path: '/' },
          { path: '/api/v1/nothing' },
          { path: '/api/v1/decisions/%zz' },
          { method: 'PUT', path: '/api/v1/status' },
          { method: 'POST', path: `/api/v1/deliveries/${id}` },
        ];
        for (const asked of [...everything, ...others]) {
          const what = `${asked.method ?? 'GET'} ${asked.path}`;
          const answered = await strict.ask(asked);
          expect(answered.status, what).to.equal(401);
          expect(answered.headers['www-authenticate'], what).to.equal('Bearer realm="sluice"');
        }
      });

      it('reads with the token, and the document says that every request needs it', async () => {
        await using strict = await ApiBench.open({ config });
        const answered = await strict.ask({ path: '/api/v1/openapi.json', headers: RIGHT });
        expect(answered.status).to.equal(200);
        expect(answered.json).to.have.deep.property('security', [{ token: [] }]);
        expect(JSON.stringify(answered.json)).to.include('Every request needs');
        expect((await ask('openapi.json')).json).to.have.deep.property('security', [
          { token: [] },
          {},
        ]);
      });

      it('nothing if there is no usable token', async () => {
        await using strict = await ApiBench.open({ config, token: null });
        expect((await strict.ask({ path: '/api/v1/rules' })).status).to.equal(503);
        expect((await strict.ask({ path: '/api/v1/rules', headers: RIGHT })).status).to.equal(503);
      });
    });

    it('reads over loopback also without a token, and then refuses a name of http.hosts', async () => {
      await using open = await ApiBench.open({ token: null });
      expect((await open.ask({ path: '/api/v1/rules' })).status).to.equal(200);
      const named = { path: '/api/v1/rules', headers: { host: NAMED_HOST, ...RIGHT } };
      expect((await open.ask(named)).status).to.equal(503);
    });
  });

  const refused: readonly (readonly [method: string, path: string, status: number])[] = [
    ['GET', '/', 404],
    ['GET', '/api/v1', 404],
    ['GET', '/api/v1/', 404],
    ['GET', '/api/v1/status/', 404],
    ['GET', '/API/v1/status', 404],
    ['GET', '/api/v1/../../etc/passwd', 404],
    ['GET', '/api/v1/%2e%2e/status', 404],
    ['GET', '//evil.example/api/v1/status', 404],
    ['GET', 'http://evil.example/api/v1/status', 400],
    ['OPTIONS', '*', 400],
    ['GET', '/api/v1/decisions/..%2f..%2fetc', 400],
    ['GET', '/api/v1/decisions/__proto__', 400],
    ['GET', '/api/v1/decisions/%zz', 400],
    ['GET', '/api/v1/decisions/1e3', 400],
    ['GET', '/api/v1/decisions/99999999999999999999', 400],
    ['GET', '/api/v1/decisions/1', 404],
    ['POST', '/api/v1/status', 405],
    ['OPTIONS', '/api/v1/status', 405],
    ['DELETE', '/api/v1/decisions', 405],
    ['PUT', '/api/v1/explain', 405],
    ['GET', '/api/v1/explain', 405],
    ['POST', '/api/v1/feed', 405],
    ['GET', '/api/v1/decisions?limit=0', 400],
    ['GET', '/api/v1/decisions?limit=501', 400],
    ['GET', '/api/v1/decisions?limit=1.5', 400],
    ['GET', '/api/v1/decisions?limit=', 400],
    ['GET', '/api/v1/decisions?limit=1&limit=2', 400],
    ['GET', '/api/v1/decisions?limit[]=1', 400],
    ['GET', '/api/v1/decisions?__proto__=1', 400],
    ['GET', '/api/v1/decisions?action=maybe', 400],
    ['GET', '/api/v1/decisions?trail=yes', 400],
    ['GET', '/api/v1/status?pretty', 400],
    ['GET', '/api/v1/feed?after=x', 400],
    ['GET', `/api/v1/decisions?kind=${'k'.repeat(20_000)}`, 431],
  ];
  for (const [method, path, status] of refused) {
    it(`refuses ${method} ${path.slice(0, 60)} with ${status}, as a problem`, async () => {
      const answered = await bench.ask({ method, path });
      expect(answered.status).to.equal(status);
      expect(answered.headers).to.include(SAFE);
      expect(answered.headers.allow !== undefined).to.equal(status === 405);
      expect(answered.json).to.include({ type: 'about:blank', status });
    });
  }

  it('names the methods that there are', async () => {
    const allow = async (path: string, method: string): Promise<unknown> =>
      (await ask(path, { method })).headers.allow;
    expect(await allow('status', 'PUT')).to.equal('GET, HEAD');
    expect(await allow('explain', 'PUT')).to.equal('POST');
  });

  it('says of a bad parameter which it is, what was found and what was expected', async () => {
    expect((await ask('decisions?limit=none')).json).to.deep.include({
      parameter: 'limit',
      detail: 'parameter limit: found "none", expected a whole number from 1 to 500',
    });
    expect((await ask('decisions?acton=accept')).json)
      .to.have.property('detail')
      .that.includes('did you mean action?');
  });

  it('answers HEAD as GET without a body', async () => {
    for (const path of ['status', 'feed']) {
      const answered = await ask(path, { method: 'HEAD' });
      expect([answered.status, answered.text]).to.deep.equal([200, '']);
    }
  });

  it('answers 406 if the Accept header excludes its media type', async () => {
    const answers = async (path: string, accept: string): Promise<number> =>
      (await ask(path, { headers: { accept } })).status;
    expect(await answers('status', 'text/html')).to.equal(406);
    expect(await answers('feed', 'application/json')).to.equal(406);
    expect(await answers('status', 'text/html, */*;q=0.1')).to.equal(200);
  });

  it('refuses what is no HTTP, and a request without one Host, with a problem', async () => {
    const head = 'GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n';
    const two = `${head}Host: localhost\r\nHost: evil.example\r\n\r\n`;
    for (const sent of ['nonsense\r\n\r\n', `${head}\r\n`, two]) {
      const socket = connect(bench.port, '127.0.0.1');
      socket.end(sent);
      const answered = await textOf(socket);
      expect(answered).to.match(/^HTTP\/1\.1 400 /);
      expect(answered).to.include('application/problem+json').and.include('"status":400');
    }
  });

  it('answers a bug with 500 and nothing about it, and reports it', async () => {
    bench.failing.fail(new Error('inner secret'), 'positions');
    const { status, text } = await ask('status');
    expect(status).to.equal(500);
    expect(text).to.not.include('inner secret');
    expect(bench.recording.of('bug')).to.have.nested.property('[0].where', 'GET /api/v1/status');
  });

  it('answers 503 if the store is unavailable, and reports no bug', async () => {
    const message = 'reading from /data/sluice.db: disk I/O error';
    bench.failing.fail(new SluiceError('store-unavailable', message), 'list');
    const { status, headers, json } = await ask('deliveries');
    expect([status, headers['retry-after']]).to.deep.equal([503, '5']);
    expect(json).to.have.property('detail', message);
    expect(bench.recording.of('bug')).to.deep.equal([]);
  });

  it('names an address that is in use', async () => {
    const error: unknown = await ApiBench.open({ port: bench.port }).catch(
      (cause: unknown) => cause,
    );
    expect(error).to.be.instanceOf(SluiceError).and.include({ code: 'address-unusable' });
  });

  it('counts the hits of each rule in the order of the file, the default rejection last', async () => {
    bench.decide();
    bench.decide();
    bench.decide({ reason: 'Pulled' });
    const lastHitAt = '2026-01-31T12:00:00.000Z';
    const never = { hits: 0, lastHitAt: null };
    expect(itemsOf(await ask('rules'))).to.deep.equal([
      { index: 0, name: 'noise', action: 'reject', triggers: [], ...never },
      { index: 1, name: null, action: 'reject', triggers: [], ...never },
      { index: 2, name: 'crash-loop', action: 'accept', triggers: ['build'], hits: 2, lastHitAt },
      { index: null, name: null, action: 'reject', triggers: [], hits: 1, lastHitAt },
    ]);
  });

  it('tells the gaps, newest first', async () => {
    const to = { resourceVersion: '2', at: Number.NaN };
    const gap = aGap({ loss: 'coalesced', why: '410', to });
    const from = { resourceVersion: '1', at: 0 };
    const gaps = [aGap({ ...gap, path: '/a' }), aGap({ ...gap, path: '/b', from })];
    await bench.store.journal.commit(aCommit({ gaps }));
    const items = itemsOf(await ask('gaps'));
    expect(items.map(({ path }) => path)).to.have.members(['/a', '/b']);
    expect(itemsOf(await ask('gaps?loss=none,coalesced'))).to.have.length(2);
    expect(itemsOf(await ask('gaps?loss=possible-loss'))).to.have.length(0);
    expect(itemsOf(await ask('gaps?since=1h')), 'no time to tell').to.have.length(0);
    expect(itemsOf(await ask('gaps?limit=1'))).to.have.length(1);
    expect(items.find(({ path }) => path === '/b')).to.deep.equal({
      ...{ source: 'shop', path: '/b', loss: 'coalesced', why: '410' },
      from: { resourceVersion: '1', at: '1970-01-01T00:00:00.000Z' },
      to: { resourceVersion: '2', at: null },
    });
  });
});
