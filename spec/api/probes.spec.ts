// The probes listener over real sockets: what each path answers, and what it refuses.

import { createServer } from 'node:net';
import { expect } from 'chai';
import { openProbes } from '../../lib/api/probes.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Health } from '../../lib/core/observation.ts';
import type { Listener } from '../../lib/kit/http/listen.ts';
import { FakeClock } from '../support/fake-clock.ts';

const HERE = { host: '127.0.0.1', port: 0 };
const OTHERS = {
  clock: new FakeClock(),
  version: '1.2.3',
  checks: () => CHECKS,
  paths: { live: '/live', ready: '/__/ready', health: '/__/health', metrics: '/metrics' },
};
const CHECKS = [
  { name: 'store', healthy: true, message: '' },
  { name: 'source shop', healthy: false, message: 'reading has not started' },
];
const WAITING = 'events: listing /api/v1/namespaces/shop/events';

describe('the probes listener', () => {
  let health: Health;
  let metricsFail: boolean;
  let listener: Listener;

  beforeEach(async () => {
    health = { live: true, ready: true, why: [], notes: [] };
    metricsFail = false;
    listener = await openProbes(HERE, {
      ...OTHERS,
      health: () => health,
      metrics: async () => {
        if (metricsFail) throw new Error('registry lost');
        return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'sluice_x 1\n' };
      },
    });
  });

  afterEach(() => listener[Symbol.asyncDispose]());

  const get = (path: string, init?: RequestInit) =>
    fetch(`http://${listener.address}${path}`, init);

  const waiting: Health = { live: true, ready: false, why: [WAITING], notes: [] };
  const document = { application: 'sluice', version: '1.2.3', checks: CHECKS };
  const answers: readonly [string, Health, number, object][] = [
    [
      '/healthz',
      { live: true, ready: false, why: [WAITING], notes: [] },
      200,
      { live: true, why: [] },
    ],
    [
      '/healthz',
      { live: false, ready: false, why: ['stuck'], notes: [] },
      503,
      { live: false, why: ['stuck'] },
    ],
    ['/live', waiting, 200, { live: true, why: [] }],
    ['/__/ready', waiting, 503, { ready: false, why: [WAITING], notes: [] }],
    ['/__/health', waiting, 503, { ...document, healthy: false }],
    [
      '/__/health',
      { live: true, ready: true, why: [], notes: [] },
      200,
      { ...document, healthy: true },
    ],
    [
      '/readyz',
      { live: true, ready: true, why: [], notes: [] },
      200,
      { ready: true, why: [], notes: [] },
    ],
    [
      '/readyz',
      { live: true, ready: false, why: [WAITING], notes: [] },
      503,
      { ready: false, why: [WAITING], notes: [] },
    ],
  ];
  for (const [path, state, status, body] of answers) {
    it(`answers ${path} with ${status} and why for ${JSON.stringify(state)}`, async () => {
      health = state;
      const response = await get(path);
      expect(response.status).to.equal(status);
      expect(response.headers.get('content-type')).to.match(/^application\/json/);
      expect(await response.json()).to.deep.equal(body);
    });
  }

  it('hands the metrics through with their content type', async () => {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).to.equal(
      'text/plain; version=0.0.4; charset=utf-8',
    );
    expect(await response.text()).to.equal('sluice_x 1\n');
  });

  it('answers 500 without a stack if the metrics fail', async () => {
    metricsFail = true;
    const response = await get('/metrics');
    expect(response.status).to.equal(500);
    expect(await response.json()).to.deep.equal({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'registry lost',
    });
  });

  it('answers HEAD as GET without a body', async () => {
    const response = await get('/readyz', { method: 'HEAD' });
    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal('');
  });

  const refused: readonly [string, string, number][] = [
    ['GET', '/', 404],
    ['GET', '/api/v1/deliveries', 404],
    ['GET', '/%zz', 404],
    ['POST', '/readyz', 405],
    ['DELETE', '/metrics', 405],
  ];
  for (const [method, path, status] of refused) {
    it(`refuses ${method} ${path} with ${status} as a problem`, async () => {
      const response = await get(path, { method });
      expect(response.status).to.equal(status);
      expect(response.headers.get('content-type')).to.equal('application/problem+json');
      expect(await response.json()).to.include({ status });
    });
  }

  it('names no software', async () => {
    const response = await get('/readyz');
    expect(response.headers.get('x-powered-by')).to.equal(null);
    expect(response.headers.get('server')).to.equal(null);
  });

  it('refuses headers above its limit', async () => {
    const response = await get('/readyz', { headers: { 'x-long': 'a'.repeat(20_000) } });
    expect(response.status).to.equal(431);
    expect(response.headers.get('content-type')).to.equal('application/problem+json');
    expect(await response.json()).to.deep.equal({
      type: 'about:blank',
      title: 'Request Header Fields Too Large',
      status: 431,
      detail: 'found more than 16384 bytes of path and headers',
    });
  });

  it('frees its port when disposed of, also twice', async () => {
    const { port } = listener;
    await listener[Symbol.asyncDispose]();
    await listener[Symbol.asyncDispose]();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  it('names an address that is in use', async () => {
    const at = { host: '127.0.0.1', port: listener.port };
    const metrics = async () => ({ contentType: '', text: '' });
    const parts = { ...OTHERS, health: () => health, metrics };
    const error: unknown = await openProbes(at, parts).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(SluiceError);
    expect(error).to.include({ code: 'address-unusable' });
    expect(String(error)).to.contain(`listening on 127.0.0.1:${listener.port}: `);
  });
});
