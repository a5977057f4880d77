// Paths, single objects, and the id of the cluster.

import { expect } from 'chai';
import { parseYaml } from '../../../lib/config/parse-yaml.ts';
import { type Connection, connect } from '../../../lib/kubernetes/client/connection.ts';
import { create, get, resourcePath } from '../../../lib/kubernetes/client/objects.ts';
import { findCluster } from '../../../lib/kubernetes/cluster-id.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { ScriptedApiServer } from '../../support/scripted-api-server.ts';
import { until } from '../../support/until.ts';

interface Bench extends AsyncDisposable {
  readonly server: ScriptedApiServer;
  readonly api: Connection;
  readonly clock: FakeClock;
  readonly observed: ReturnType<typeof recordingObserve>;
}

async function openBench(): Promise<Bench> {
  const server = await ScriptedApiServer.start();
  const clock = new FakeClock();
  const observed = recordingObserve();
  const around = { clock, observe: observed.observe, environment: {}, parseYaml };
  const api = await connect({ master: server.url }, around);
  const dispose = async (): Promise<void> => {
    await api[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return { server, api, clock, observed, [Symbol.asyncDispose]: dispose };
}

describe('resourcePath', () => {
  for (const [address, expected] of [
    [{ group: '', version: 'v1', namespace: null, plural: 'events' }, '/api/v1/events'],
    [
      { group: 'batch', version: 'v1', namespace: 'ci', plural: 'jobs', name: 'a' },
      '/apis/batch/v1/namespaces/ci/jobs/a',
    ],
    [
      { group: '', version: 'v1', namespace: 'a/../b', plural: 'secrets', name: 'ü?x' },
      '/api/v1/namespaces/a%2F..%2Fb/secrets/%C3%BC%3Fx',
    ],
    [
      { group: '', version: 'v1', namespace: '..', plural: 'secrets', name: '.' },
      '/api/v1/namespaces/%2E%2E/secrets/%2E',
    ],
  ] as const) {
    it(`is ${expected}`, () => {
      expect(resourcePath(address)).to.equal(expected);
    });
  }
});

describe('objects', () => {
  it('creates with strict validation, and returns the server’s answer', async () => {
    await using bench = await openBench();
    const path = '/api/v1/namespaces/ci/secrets';
    const answering = create(bench.api, { path, object: { kind: 'Secret' } }, NEVER);
    const request = await bench.server.next('other');
    expect([request.method, request.path, request.body]).to.deep.equal([
      'POST',
      path,
      '{"kind":"Secret"}',
    ]);
    expect(request.query.get('fieldValidation')).to.equal('Strict');
    expect(request.headers['content-type']).to.equal('application/json');
    request.refuse(409, { reason: 'AlreadyExists' });
    expect(await answering).to.deep.include({ ok: true, status: 409 });
  });

  it('reads an object', async () => {
    await using bench = await openBench();
    const answering = get(bench.api, '/api/v1/namespaces/ci/secrets/a', NEVER);
    (await bench.server.next('other')).answer(200, { kind: 'Secret' });
    expect(await answering).to.deep.include({ status: 200, body: { kind: 'Secret' } });
  });
});

describe('findCluster', () => {
  type FindParts = Parameters<typeof findCluster>[1];

  const SYSTEM = '/api/v1/namespaces/kube-system';
  const OWN = '/api/v1/namespaces/shop';

  function find(bench: Bench, over: Partial<FindParts> = {}): ReturnType<typeof findCluster> {
    const { api, clock } = bench;
    const { observe } = bench.observed;
    const common = { namespace: 'shop', clock, random: () => 0, observe, needsSystemUid: true };
    return findCluster(api, { ...common, ...over }, NEVER);
  }

  async function secondThought(bench: Bench): Promise<void> {
    await until(() => bench.clock.sleepers === 1, 'the second thought');
    await bench.clock.advance(3_000);
  }

  async function refuseSystemTwice(bench: Bench): Promise<void> {
    (await bench.server.next('other', SYSTEM)).refuse(403);
    await secondThought(bench);
    (await bench.server.next('other', SYSTEM)).refuse(403);
  }

  it('returns the uid of kube-system', async () => {
    await using bench = await openBench();
    const finding = find(bench);
    (await bench.server.next('other', SYSTEM)).answer(200, { metadata: { uid: 'u-1' } });
    expect(await finding).to.deep.equal({ id: 'u-1', from: 'kube-system' });
    expect(bench.server.log).to.have.length(1);
  });

  it('returns the uid of its own namespace after a second try for kube-system', async () => {
    await using bench = await openBench();
    const finding = find(bench);
    await refuseSystemTwice(bench);
    (await bench.server.next('other', OWN)).answer(200, { metadata: { uid: 'u-2' } });
    expect(await finding).to.deep.equal({ id: 'u-2', from: 'namespace' });
    expect(bench.server.log).to.have.length(3);
  });

  it('does not try twice if the uid of kube-system is not needed', async () => {
    await using bench = await openBench();
    const finding = find(bench, { needsSystemUid: false });
    (await bench.server.next('other', SYSTEM)).refuse(403);
    (await bench.server.next('other', OWN)).answer(200, { metadata: { uid: 'u-2' } });
    expect(await finding).to.deep.equal({ id: 'u-2', from: 'namespace' });
    expect(bench.clock.sleepers).to.equal(0);
  });

  it('returns no id if it can read neither, with the reason', async () => {
    await using bench = await openBench();
    const finding = find(bench);
    await refuseSystemTwice(bench);
    (await bench.server.next('other', OWN)).refuse(403);
    const found = await finding;
    expect(found.id).to.equal(null);
    expect(found)
      .to.have.property('why')
      .that.matches(/kube-system: forbidden; .*shop: forbidden/);
  });

  for (const code of [403, 404]) {
    for (const namespace of ['shop', '']) {
      it(`returns the uid that a server which first says ${code} shows a moment later (own namespace '${namespace}')`, async () => {
        await using bench = await openBench();
        const finding = find(bench, { namespace });
        (await bench.server.next('other', SYSTEM)).refuse(code);
        await secondThought(bench);
        (await bench.server.next('other', SYSTEM)).answer(200, { metadata: { uid: 'u-1' } });
        expect(await finding).to.deep.equal({ id: 'u-1', from: 'kube-system' });
        expect(bench.server.log, 'its own namespace was not asked for').to.have.length(2);
      });
    }
  }

  for (const [name, answer] of [
    ['a login page', [200, { 'content-type': 'text/html' }]],
    ['that of a web server without such a page', [404, { 'content-type': 'text/html' }]],
    ['that of a router without such a path', [404, { 'content-type': 'text/plain' }]],
    ['the refusal of a proxy', [403, { 'content-type': 'text/html' }]],
    ['a redirect to a login', [302, { location: 'https://login.example.test/?state=s3cr3t' }]],
  ] as const) {
    it(`waits while the answer is ${name}, reports it, and chooses no id`, async () => {
      await using bench = await openBench();
      const [status, headers] = answer;
      bench.server.answerBy((request) => {
        if (bench.observed.of('cluster-waiting').length < 2) request.answer(status, null, headers);
        else request.answer(200, { metadata: { uid: 'u-1' } });
        return true;
      });
      const finding = find(bench);
      await until(async () => {
        await bench.clock.advance(1_000);
        return bench.observed.of('cluster-waiting').length === 2;
      }, 'two tries');
      const [waiting] = bench.observed.of('cluster-waiting');
      expect(waiting?.why).to.match(/no-api-server: .*this is no API server/);
      expect(waiting?.why).not.to.include('s3cr3t');
      await bench.clock.advance(60_000);
      expect(await finding).to.deep.equal({ id: 'u-1', from: 'kube-system' });
    });
  }

  for (const [name, fail] of [
    ['is unavailable', (request: ParkedRequest) => request.refuse(503)],
    ['hangs up', (request: ParkedRequest) => request.cut()],
    ['says 401', (request: ParkedRequest) => request.refuse(401)],
  ] as const) {
    it(`waits for a server that ${name}, and reports it`, async () => {
      await using bench = await openBench();
      bench.server.answerBy((request) => {
        if (bench.observed.of('cluster-waiting').length < 2) fail(request);
        else request.answer(200, { metadata: { uid: 'u-1' } });
        return true;
      });
      const finding = find(bench);
      await until(async () => {
        await bench.clock.advance(1_000);
        return bench.observed.of('cluster-waiting').length === 2;
      }, 'two tries');
      await bench.clock.advance(10_000);
      expect(await finding).to.deep.equal({ id: 'u-1', from: 'kube-system' });
      expect(bench.observed.of('cluster-waiting')[0]?.server).to.equal(bench.server.url);
    });
  }
});
