// The connection over real HTTP and TLS on loopback: its configuration, its refusals, and how far a
// failed request got. Rotation and exec plugins are in credentials.spec.ts.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { parseYaml } from '../../../lib/config/parse-yaml.ts';
import { systemClock } from '../../../lib/kit/system.ts';
import { connect } from '../../../lib/kubernetes/client/connection.ts';
import { Authority } from '../../support/certificates.ts';
import { base64, bodyOf, ConnectionBench, GET, SECRET } from '../../support/connection-bench.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { withVariable } from '../../support/environment-variable.ts';
import { NEVER } from '../../support/never.ts';
import { ScriptedApiServer } from '../../support/scripted-api-server.ts';
import { turnsOfTheLoop, until } from '../../support/until.ts';

describe('connect', () => {
  let bench: ConnectionBench;
  beforeEach(() => (bench = new ConnectionBench()));
  afterEach(() => bench[Symbol.dispose]());

  describe('finds the cluster', () => {
    it('uses a kubeconfig with a token, over TLS with its CA', async () => {
      await using server = await bench.greeter('https');
      const cluster = bench.trusting;
      const path = bench.kubeconfig({ server: server.url, user: { token: SECRET }, cluster });
      await using opened = await bench.open({ kubeconfig: path });
      const { api } = opened;
      expect(bodyOf(await api.request(GET, NEVER))).to.include({
        authorization: `Bearer ${SECRET}`,
      });
      expect(api.namespace).to.equal('shop');
      expect(api.server).to.equal(server.url);
    });

    it('sends the name and version of the program', async () => {
      await using server = await bench.greeter('http');
      await using opened = await bench.open({ master: server.url });
      await opened.api.request(GET, NEVER);
      const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
      expect(server.log[0]?.headers['user-agent']).to.equal(`sluice/${version}`);
    });

    for (const [what, cluster, isAnswered] of [
      ['verifies the certificate', {}, false],
      [
        'accepts any certificate if the kubeconfig says so',
        { 'insecure-skip-tls-verify': true },
        true,
      ],
    ] as const) {
      it(`${what}, whatever the environment says`, async () => {
        await using server = await bench.greeter('https');
        const path = bench.kubeconfig({ server: server.url, user: { token: SECRET }, cluster });
        const off = ['NODE_TLS_REJECT_UNAUTHORIZED', '0'] as const;
        await using opened = await bench.open({ kubeconfig: path });
        const answer = await withVariable(off, () => opened.api.request(GET, NEVER));
        expect(answer.ok).to.equal(isAnswered);
        expect(server.log).to.have.length(isAnswered ? 1 : 0);
      });
    }

    it('reads KUBECONFIG as a list of files, some of which may be missing', async () => {
      await using server = await bench.greeter('http');
      const path = bench.kubeconfig({ server: server.url });
      await using opened = await bench.open(
        {},
        { KUBECONFIG: `${join(bench.folder, 'none')}:${path}` },
      );
      const { api } = opened;
      expect((await api.request(GET, NEVER)).ok).to.equal(true);
    });

    it('uses the service account of the pod', async () => {
      await using server = await bench.greeter('https');
      bench.file('token', `${SECRET}\n`);
      bench.file('ca.crt', bench.authority.cert);
      const environment = {
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(server.port),
      };
      await using opened = await bench.open({}, environment);
      const { api } = opened;
      expect(bodyOf(await api.request(GET, NEVER))).to.include({
        authorization: `Bearer ${SECRET}`,
      });
    });

    it('uses --master alone over plain http, without credentials of another cluster', async () => {
      await using server = await bench.greeter('http');
      await using opened = await bench.open(
        { master: `${server.url}/base/` },
        { HOME: bench.folder },
      );
      const { api } = opened;
      expect(bodyOf(await api.request(GET, NEVER))).to.deep.equal({
        authorization: '',
        path: '/base/api/v1/things',
      });
    });

    it('uses --master instead of the kubeconfig’s server, with its credentials', async () => {
      await using server = await bench.greeter('http');
      const path = bench.kubeconfig({ server: 'https://192.0.2.1', user: { token: SECRET } });
      await using opened = await bench.open({ kubeconfig: path, master: server.url });
      const { api } = opened;
      expect(bodyOf(await api.request(GET, NEVER))).to.include({
        authorization: `Bearer ${SECRET}`,
      });
    });

    for (const form of ['data', 'path'] as const) {
      it(`sends a client certificate from ${form}`, async () => {
        await using server = await bench.greeter('https');
        const pair = bench.authority.sign('jane');
        const user =
          form === 'data'
            ? { 'client-certificate-data': base64(pair.cert), 'client-key-data': base64(pair.key) }
            : {
                'client-certificate': bench.file('crt', pair.cert),
                'client-key': bench.file('key', pair.key),
              };
        const cluster = { 'certificate-authority': bench.file('ca.crt', bench.authority.cert) };
        const path = bench.kubeconfig({ server: server.url, user, cluster });
        let seen = '';
        server.onSecure(
          (socket: TLSSocket) => (seen = String(socket.getPeerCertificate().subject.CN)),
        );
        await using opened = await bench.open({ kubeconfig: path });
        const { api } = opened;
        expect((await api.request(GET, NEVER)).ok).to.equal(true);
        expect(seen).to.equal('jane');
      });
    }
  });

  describe('a request that fails', () => {
    it('never reached a port that refuses the connection', async () => {
      await using opened = await bench.open({ master: 'http://127.0.0.1:1' });
      const { api } = opened;
      expect(await api.request(GET, NEVER)).to.include({ reached: 'never', code: 'ECONNREFUSED' });
    });

    it('never reached a server with a certificate of another authority', async () => {
      await using server = await bench.greeter('https');
      using other = new Authority('other');
      const cluster = { 'certificate-authority-data': base64(other.cert) };
      const path = bench.kubeconfig({ server: server.url, user: { token: SECRET }, cluster });
      await using opened = await bench.open({ kubeconfig: path });
      const { api } = opened;
      const answer = await api.request(GET, NEVER);
      expect(answer).to.include({ ok: false, reached: 'never' });
      expect(server.log).to.have.length(0);
    });

    it('was not sent if a URL would resolve its path to another one', async () => {
      await using server = await bench.greeter('http');
      await using opened = await bench.open({ master: server.url });
      for (const path of ['/api/v1/namespaces/%2E%2E/secrets', '/api/v1/../v1/things']) {
        const answer = await opened.api.request({ ...GET, path }, NEVER);
        expect(answer).to.include({ ok: false, reached: 'never', code: 'local' });
      }
      expect(server.log).to.have.length(0);
    });

    it('perhaps reached a server that closed the connection', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const { api } = opened;
      const answering = api.request(GET, NEVER);
      (await server.next('other')).cut();
      expect(await answering).to.include({ reached: 'perhaps', code: 'ECONNRESET' });
    });

    it('perhaps reached a server that closed the connection within its answer', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const answering = opened.api.request(GET, NEVER);
      const request = (await server.next('other')).open();
      request.raw('{"a":');
      await turnsOfTheLoop(10);
      request.cut();
      expect(await answering).to.deep.equal({
        ...{ ok: false, reached: 'perhaps', code: 'ECONNRESET' },
        detail: 'ECONNRESET while the answer arrived',
      });
    });

    it('perhaps reached a server that did not answer in time', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const { api, clock } = opened;
      const answering = api.request(GET, NEVER);
      const request = await server.next('other');
      await clock.advance(10_000);
      expect(await answering).to.include({ reached: 'perhaps', code: 'timeout' });
      await until(() => request.isOver, 'the connection to be closed');
    });

    it('is cut by its signal, also while the body arrives', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const { api } = opened;
      const stop = new AbortController();
      const answering = api.request(GET, stop.signal);
      (await server.next('other')).open().raw('{');
      stop.abort();
      expect(await answering).to.include({ reached: 'perhaps', code: 'aborted' });
    });

    it('was answered above its bound', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const { api } = opened;
      const bounded = { ...GET, maxBytes: 1_000 };
      const plain = api.request(bounded, NEVER);
      (await server.next('other')).answer(200, { a: 'x'.repeat(2_000) });
      expect(await plain).to.include({ reached: 'answered', code: 'too-large' });
      const zipped = api.request(bounded, NEVER);
      (await server.next('other')).answerZipped(200, { a: 'x'.repeat(20_000) });
      expect(await zipped).to.include({ reached: 'answered', code: 'too-large' });
    });
  });

  describe('the agent', () => {
    it('keeps one connection for many requests', async () => {
      await using server = await bench.greeter('https');
      const cluster = bench.trusting;
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url, cluster }),
      });
      const { api } = opened;
      for (let count = 0; count < 20; count += 1) await api.request(GET, NEVER);
      expect(server.connections).to.equal(1);
    });

    it('reads compressed answers', async () => {
      await using server = await ScriptedApiServer.start();
      await using opened = await bench.open({ master: server.url });
      const { api } = opened;
      const answering = api.request(GET, NEVER);
      const request = await server.next('other');
      expect(request.headers['accept-encoding']).to.equal('gzip');
      request.answerZipped(200, { a: 1 });
      expect(bodyOf(await answering)).to.deep.equal({ a: 1 });
    });

    it('closes all connections when disposed of', async () => {
      await using server = await bench.greeter('http');
      const { api } = await bench.open({ master: server.url });
      await api.request(GET, NEVER);
      await api[Symbol.asyncDispose]();
      await until(() => server.open === 0, 'no open connection');
      expect(await api.request(GET, NEVER)).to.include({ reached: 'never' });
    });
  });

  it('works on the system clock', async () => {
    await using server = await bench.greeter('http');
    const { observe } = recordingObserve();
    const parts = { clock: systemClock, observe, environment: {}, parseYaml };
    await using api = await connect({ master: server.url }, parts);
    expect((await api.request(GET, NEVER)).ok).to.equal(true);
  });
});
