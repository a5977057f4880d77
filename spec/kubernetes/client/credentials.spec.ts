// Credentials over real HTTP and TLS on loopback: rotation, exec plugins, and each fault that makes
// a kubeconfig unusable.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SluiceError } from '../../../lib/core/errors.ts';
import type { ConnectOptions } from '../../../lib/kubernetes/client/connection.ts';
import type { Pair } from '../../support/certificates.ts';
import { base64, bodyOf, ConnectionBench, GET, SECRET } from '../../support/connection-bench.ts';
import { NEVER } from '../../support/never.ts';
import { ScriptedApiServer } from '../../support/scripted-api-server.ts';

async function errorOf(bench: ConnectionBench, options: ConnectOptions): Promise<SluiceError> {
  try {
    await bench.open(options);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it connected');
}

describe('credentials', () => {
  let bench: ConnectionBench;
  beforeEach(() => (bench = new ConnectionBench()));
  afterEach(() => bench[Symbol.dispose]());

  describe('rotation', () => {
    for (const [spelling, name] of [
      ['tokenFile', 'an absolute path'],
      ['tokenFile', 'a path relative to the kubeconfig'],
      ['token-file', 'an absolute path'],
    ] as const) {
      it(`reads ${spelling} with ${name} again within a minute`, async () => {
        await using server = await bench.greeter('http');
        const path = bench.file('token', 'old');
        const user = {
          [spelling]: name === 'an absolute path' ? path : 'token',
          token: 'constant',
        };
        await using opened = await bench.open({
          kubeconfig: bench.kubeconfig({ server: server.url, user }),
        });
        const { api, clock } = opened;
        bench.file('token', 'new\n');
        expect(bodyOf(await api.request(GET, NEVER))).to.include({ authorization: 'Bearer old' });
        await clock.advance(60_000);
        expect(bodyOf(await api.request(GET, NEVER))).to.include({ authorization: 'Bearer new' });
      });
    }

    it('reads a token again after a 401, once, and repeats the request once', async () => {
      await using server = await ScriptedApiServer.start();
      server.answerBy((request) => {
        request.answer(request.headers.authorization === 'Bearer new' ? 200 : 401);
        return true;
      });
      const user = { tokenFile: bench.file('token', 'old') };
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url, user }),
      });
      const { api, observed } = opened;
      bench.file('token', 'new');
      expect(await api.request({ ...GET, method: 'POST', body: { a: 1 } }, NEVER)).to.include({
        status: 200,
      });
      expect(server.log.map(({ body }) => body)).to.deep.equal(['{"a":1}', '{"a":1}']);
      expect(observed.of('credentials-reread')).to.have.length(1);
    });

    it('returns a 401 without a second request if the credentials are the same', async () => {
      await using server = await ScriptedApiServer.start();
      server.answerBy((request) => {
        request.answer(401);
        return true;
      });
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url }),
      });
      const { api, observed } = opened;
      expect(await api.request(GET, NEVER)).to.include({ status: 401 });
      expect(server.log).to.have.length(1);
      expect(observed.of('credentials-reread')).to.deep.equal([]);
    });

    it('opens new connections with a new client certificate, and ends no open stream', async () => {
      await using server = await ScriptedApiServer.start({
        ...bench.serverPair,
        ca: bench.authority.cert,
        requestCert: true,
      });
      const names: string[] = [];
      server.onSecure((socket) => names.push(String(socket.getPeerCertificate().subject.CN)));
      const write = (pair: Pair): object => ({
        'client-certificate': bench.file('crt', pair.cert),
        'client-key': bench.file('key', pair.key),
      });
      const cluster = bench.trusting;
      const user = write(bench.authority.sign('first'));
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url, user, cluster }),
      });
      const { api } = opened;
      const opening = api.open({ ...GET, path: '/api/v1/events', query: { watch: 'true' } }, NEVER);
      const watch = (await server.next('watch')).open();
      const stream = await opening;
      write(bench.authority.sign('second'));
      const answering = api.request(GET, NEVER);
      (await server.next('other')).answer(200);
      expect((await answering).ok).to.equal(true);
      expect(names).to.deep.equal(['first', 'second']);
      watch.raw('still here');
      watch.end();
      if (!('chunks' in stream)) throw new Error('no stream');
      const parts: string[] = [];
      for await (const chunk of stream.chunks) parts.push(Buffer.from(chunk).toString());
      expect(parts.join('')).to.equal('still here');
    });
  });

  describe('exec plugins', () => {
    function plugin(status: string): object {
      const script = bench.file(
        'plugin.mjs',
        `import { appendFileSync, readFileSync } from 'node:fs';
        appendFileSync(${JSON.stringify(join(bench.folder, 'runs'))}, 'x');
        const runs = readFileSync(${JSON.stringify(join(bench.folder, 'runs'))}).length;
        console.log(JSON.stringify({ kind: 'ExecCredential', status: ${status} }));`,
      );
      const apiVersion = 'client.authentication.k8s.io/v1';
      return { exec: { apiVersion, command: process.execPath, args: [script] } };
    }
    const runs = (): number => readFileSync(join(bench.folder, 'runs')).length;

    it('run once, and again after a 401', async () => {
      await using server = await ScriptedApiServer.start();
      server.answerBy((request) => {
        request.answer(request.headers.authorization === 'Bearer token-1' ? 401 : 200);
        return true;
      });
      const user = plugin('{ token: `token-${runs}` }');
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url, user }),
      });
      const { api, clock } = opened;
      expect(await api.request(GET, NEVER)).to.include({ status: 200 });
      expect(runs()).to.equal(2);
      await clock.advance(120_000);
      expect(await api.request(GET, NEVER)).to.include({ status: 200 });
      expect(runs(), 'kept without an expiry').to.equal(2);
      expect(server.log.at(-1)?.headers.authorization).to.equal('Bearer token-2');
    });

    it('run again after the credential has expired', async () => {
      await using server = await bench.greeter('http');
      const user = plugin(
        '{ token: `token-${runs}`, expirationTimestamp: "2020-01-01T00:00:00Z" }',
      );
      await using opened = await bench.open({
        kubeconfig: bench.kubeconfig({ server: server.url, user }),
      });
      const { api } = opened;
      expect(bodyOf(await api.request(GET, NEVER))).to.include({ authorization: 'Bearer token-2' });
    });

    it('have their standard error quoted in the message', async () => {
      const script = bench.file('plugin.mjs', 'console.error("please log in"); process.exit(1);');
      const user = { exec: { command: process.execPath, args: [script] } };
      const error = await errorOf(bench, {
        kubeconfig: bench.kubeconfig({ server: 'http://127.0.0.1:1', user }),
      });
      expect(error.message).to.match(/exec plugin failed: please log in/);
    });

    it('never have their output quoted as a credential', async () => {
      const script = bench.file('plugin.mjs', `console.log('{"status": ${SECRET}')`);
      const user = { exec: { command: process.execPath, args: [script] } };
      const error = await errorOf(bench, {
        kubeconfig: bench.kubeconfig({ server: 'http://127.0.0.1:1', user }),
      });
      expect(error.message).to.include('printed no ExecCredential');
      expect(error.message).not.to.include(SECRET);
    });
  });

  describe('refuses', () => {
    const user = { token: SECRET };
    const server = 'https://127.0.0.1:1';
    const cases: readonly [string, () => ConnectOptions, RegExp][] = [
      [
        'a file that is not there',
        () => ({ kubeconfig: join(bench.folder, 'none') }),
        /none: no such file/,
      ],
      ['an empty file', () => ({ kubeconfig: bench.file('c', '') }), /it is empty/],
      [
        'broken YAML',
        () => ({ kubeconfig: bench.file('c', `users:\n- token: ${SECRET}\n  x: [`) }),
        /no YAML \(line \d/,
      ],
      [
        'a cluster without a server',
        () => ({ kubeconfig: bench.file('c', '{"clusters":[{"name":"c"}]}') }),
        /clusters\[0\]\.cluster is missing/,
      ],
      [
        'no current context',
        () => ({ kubeconfig: bench.file('c', '{"clusters":[]}') }),
        /no current-context/,
      ],
      [
        'an unknown context',
        () => ({ kubeconfig: bench.kubeconfig({ server, user }), context: 'there' }),
        /context "there" is not in it/,
      ],
      [
        'a server that is no URL',
        () => ({ kubeconfig: bench.kubeconfig({ server: 'ftp://x', user }) }),
        /no http or https URL/,
      ],
      [
        'a certificate file that is not there',
        () => ({
          kubeconfig: bench.kubeconfig({ server, user: { 'client-certificate': 'gone.crt' } }),
        }),
        /gone\.crt/,
      ],
      [
        'a certificate that is none',
        () => ({
          kubeconfig: bench.kubeconfig({
            server,
            user: { 'client-certificate-data': base64('x') },
          }),
        }),
        /use the certificates of/,
      ],
      [
        'a SOCKS proxy',
        () => ({
          kubeconfig: bench.kubeconfig({ server, user, cluster: { 'proxy-url': 'socks5://x' } }),
        }),
        /proxy-url/,
      ],
      ['nothing at all', () => ({}), /found no --kubeconfig/],
    ];
    for (const [name, options, message] of cases) {
      it(`${name}, as kubeconfig-unusable and without a secret`, async () => {
        const error = await errorOf(bench, options());
        expect(error.code).to.equal('kubeconfig-unusable');
        expect(error.message).to.match(message);
        expect(error.message).not.to.include(SECRET);
      });
    }

    it('credentials in the server’s URL, which it leaves out of messages', async () => {
      await using opened = await bench.open({ master: `http://joe:${SECRET}@127.0.0.1:1` });
      expect(opened.api.server).to.equal('http://127.0.0.1:1');
    });
  });
});
