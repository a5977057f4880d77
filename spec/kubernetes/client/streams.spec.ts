// Streams and large answers over real sockets with TLS, over HTTP/1.1 and over HTTP/2: pauses,
// bounds, rotation, and a proxy that dies.

import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { ApiStream } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { codeOf } from '../../../lib/net/failure.ts';
import { ConnectProxy } from '../../e2e/support/connect-proxy.ts';
import type { Pair } from '../../support/certificates.ts';
import { ConnectionBench, GET, type Opened } from '../../support/connection-bench.ts';
import { NEVER } from '../../support/never.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { ScriptedApiServer } from '../../support/scripted-api-server.ts';
import { turnsOfTheLoop, until } from '../../support/until.ts';

const WATCH = { ...GET, path: '/api/v1/events', query: { watch: 'true' } } as const;
const MIB = Buffer.alloc(1024 * 1024, 'x');

/** More than the buffers of both sockets and of the client. */
const BUFFERED_MIB = 16;

for (const [protocol, http2, version] of [
  ['HTTP/1.1', 'off', '1.1'],
  ['HTTP/2', 'offered', '2.0'],
] as const) {
  describe(`over ${protocol}`, () => {
    let bench: ConnectionBench;
    let server: ScriptedApiServer;
    beforeEach(async () => {
      bench = new ConnectionBench();
      server = await ScriptedApiServer.start({ ...bench.asking, rejectUnauthorized: false });
    });
    afterEach(async () => {
      await server[Symbol.asyncDispose]();
      bench[Symbol.dispose]();
    });

    const open = (user: object = {}, cluster: object = {}): Promise<Opened> => {
      const parts = { server: server.url, user, cluster: { ...bench.trusting, ...cluster } };
      return bench.open({ kubeconfig: bench.kubeconfig(parts) }, {}, http2);
    };

    async function openWatch({
      api,
    }: Opened): Promise<{ watch: ParkedRequest; stream: ApiStream }> {
      const opening = api.open(WATCH, NEVER);
      const watch = (await server.next('watch')).open();
      expect(watch.httpVersion).to.equal(version);
      const stream = await opening;
      if (!('chunks' in stream)) throw new Error('no stream');
      return { watch, stream };
    }

    it('pauses the connection of a stream that nobody reads, and reads all of it later', async () => {
      await using opened = await open();
      const { watch, stream } = await openWatch(opened);
      const total = 64 * MIB.length;
      for (let sent = 0; sent < total; sent += MIB.length) watch.raw(MIB);
      let unsent = 0;
      await until(async () => {
        const before = unsent;
        await turnsOfTheLoop(100);
        unsent = watch.unsentBytes;
        return unsent === before;
      }, 'the connection to stop');
      expect(unsent).to.be.above(total - BUFFERED_MIB * MIB.length);
      watch.end();
      let bytes = 0;
      for await (const chunk of stream.chunks) bytes += chunk.length;
      expect(bytes).to.equal(total);
    });

    it('ends an answer of 1 GiB at its bound', async () => {
      await using opened = await open();
      const answering = opened.api.request(GET, NEVER);
      const request = (await server.next('other')).open();
      let sent = 0;
      for (; sent < 1024 && !request.isOver; sent += 1) {
        request.raw(MIB);
        await until(() => request.isOver || request.unsentBytes < MIB.length, 'room');
      }
      expect(await answering).to.include({ ok: false, reached: 'answered', code: 'too-large' });
      expect(sent).to.be.below(32 + BUFFERED_MIB);
      await until(() => request.isOver, 'the answer to be ended');
    });

    it('ends a stream when it is closed, and when its signal aborts', async () => {
      await using opened = await open();
      const first = await openWatch(opened);
      first.stream.close();
      await until(() => first.watch.isOver, 'the first to end');
      const stop = new AbortController();
      const opening = opened.api.open(WATCH, stop.signal);
      const watch = (await server.next('watch')).open();
      const stream = await opening;
      if (!('chunks' in stream)) throw new Error('no stream');
      const pulling = stream.chunks[Symbol.asyncIterator]().next();
      stop.abort();
      expect(await pulling.catch(codeOf)).to.be.a('string');
      await until(() => watch.isOver && server.open === 0, 'the second to end');
    });

    it('reads a token again after the 401 of a stream', async () => {
      server.answerBy((request) => {
        const isKnown = request.headers.authorization === 'Bearer new';
        if (!isKnown) request.refuse(401);
        return !isKnown;
      });
      await using opened = await open({ tokenFile: bench.file('token', 'old') });
      bench.file('token', 'new');
      const { watch, stream } = await openWatch(opened);
      watch.raw('hello');
      watch.end();
      expect(await textOf(stream)).to.equal('hello');
      expect(server.log).to.have.length(2);
    });

    it('uses a rotated certificate for new requests, and an open watch keeps the old one', async () => {
      const names: string[] = [];
      server.onSecure((socket: TLSSocket) =>
        names.push(String(socket.getPeerCertificate().subject.CN)),
      );
      const write = (pair: Pair): object => ({
        'client-certificate': bench.file('crt', pair.cert),
        'client-key': bench.file('key', pair.key),
      });
      await using opened = await open(write(bench.authority.sign('first')));
      const old = await openWatch(opened);
      write(bench.authority.sign('second'));
      const answering = opened.api.request(GET, NEVER);
      (await server.next('other')).answer(200);
      expect((await answering).ok).to.equal(true);
      const young = await openWatch(opened);
      expect(names).to.deep.equal(['first', 'second', 'second']);
      for (const [text, { watch }] of [['old', old] as const, ['young', young] as const]) {
        watch.raw(text);
        watch.end();
      }
      expect(await Promise.all([textOf(old.stream), textOf(young.stream)])).to.deep.equal([
        'old',
        'young',
      ]);
      const [observed, ...others] = opened.observed.of('credentials-reread');
      expect([observed?.why, others]).to.deep.equal(['the certificates changed', []]);
    });

    it('reports a proxy that dies under a watch, and uses it when it is up again', async () => {
      await using proxy = await ConnectProxy.start(server.url);
      await using opened = await open({}, { 'proxy-url': `http://${proxy.host}` });
      const { watch, stream } = await openWatch(opened);
      const chunks = stream.chunks[Symbol.asyncIterator]();
      watch.raw('hello');
      expect(String((await chunks.next()).value)).to.equal('hello');
      const pulling = chunks.next();
      await proxy.down();
      expect(await pulling.then(() => 'no error', codeOf)).to.equal('ECONNRESET');
      const answer = await opened.api.request(GET, NEVER);
      expect(answer).to.include({ ok: false, reached: 'never', code: 'ECONNREFUSED' });
      expect(answer).to.have.property('detail').that.includes(`the proxy http://${proxy.host}`);
      await proxy.up();
      const answering = opened.api.request(GET, NEVER);
      (await server.next('other')).answer(200);
      expect(await answering).to.include({ ok: true, status: 200 });
    });
  });
}

async function textOf({ chunks }: ApiStream): Promise<string> {
  const parts: string[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk).toString());
  return parts.join('');
}
