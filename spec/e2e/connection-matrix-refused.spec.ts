// The connection matrix, part three: invalid servers, proxies and tokens, with the whole gateway as
// a process. It reports each once, sends no credential to an unknown server, does not retry in a
// busy loop, and recovers by itself.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Authority } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { ConnectProxy } from './support/connect-proxy.ts';
import { GatewayProcess, type LogLine } from './support/gateway-process.ts';
import { MatrixBench } from './support/matrix-bench.ts';
import * as once from './support/once.ts';
import { requestOnce } from './support/proved-connection.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { TerminatingFront } from './support/terminating-front.ts';

describe('the connection matrix: what is refused', function () {
  this.timeout(60_000);
  let bench: MatrixBench;

  before(async function () {
    this.timeout(sharedStartMs);
    await sharedControlPlane();
  });

  beforeEach(async () => {
    bench = await MatrixBench.create(await sharedControlPlane());
  });

  afterEach(() => bench[Symbol.asyncDispose]());

  async function expectBuilds(): Promise<void> {
    const writer = new once.EventWriter(bench.plane.admin);
    const [shop = ''] = bench.places.watched;
    await writer.writeMany(shop, 2);
    const { places } = bench;
    expect(await once.settled(bench.plane, { places, writer })).to.deep.equal(once.none);
  }

  describe('a server without a valid certificate gets no credential', () => {
    const STRANGERS = [
      {
        what: 'is of another authority',
        hostname: '127.0.0.1',
        trusts: () => bench.plane.ca,
        says: /is not signed by an authority .*trusts? .*certificate-authority/,
      },
      {
        what: 'is for another name',
        hostname: 'localhost',
        trusts: (authority: Authority) => authority.cert,
        says: /is not valid for this name .*tls-server-name/,
      },
      {
        what: 'has expired',
        hostname: '127.0.0.1',
        trusts: (authority: Authority) => authority.cert,
        says: /has expired .*renew it/,
        days: -1,
      },
    ] as const;
    for (const stranger of STRANGERS) {
      it(`if its certificate ${stranger.what}, and the message names it and what to do`, async () => {
        const { hostname, trusts, says } = stranger;
        using authority = new Authority('front-ca');
        const pair = authority.sign('front', 'days' in stranger ? stranger.days : 2);
        await using front = await TerminatingFront.start(bench.plane, { pair });
        const server = front.url.replace('127.0.0.1', hostname);
        const token = await bench.token();
        const kubeconfig = await bench.kubeconfig({
          user: { token },
          server,
          ca: trusts(authority),
        });
        const answer = await requestOnce({ options: { kubeconfig } });
        if (answer.ok) throw new Error(`answered ${answer.status}`);
        expect(answer.reached).to.equal('never');
        expect(answer.detail).to.match(says).and.include(server);
        expect(answer.detail).to.not.match(/node\.js|--use-system-ca/i);
        expect(front.seen).to.deep.equal([]);
      });
    }

    it('if it speaks no TLS', async () => {
      const heard: string[] = [];
      const plain = createServer((asked) => heard.push(asked.url ?? ''));
      await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', () => resolve()));
      const server = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
      const kubeconfig = await bench.kubeconfig({ user: { token: await bench.token() }, server });
      const answer = await requestOnce({ options: { kubeconfig } });
      plain.close();
      if (answer.ok) throw new Error(`answered ${answer.status}`);
      expect(answer.reached).to.equal('never');
      expect(answer.detail).to.include(`the TLS handshake with ${server} failed`);
      expect(heard).to.deep.equal([]);
    });

    it('and the gateway waits until the authority in its file is the right one', async () => {
      using authority = new Authority('front-ca');
      const pair = authority.sign('front');
      await using front = await TerminatingFront.start(bench.plane, { pair });
      const caFile = await bench.file('ca.crt', bench.plane.ca);
      const token = await bench.token();
      const kubeconfig = await bench.kubeconfig({ user: { token }, server: front.url, caFile });
      await using gateway = await GatewayProcess.start({ ...bench.request, kubeconfig });
      await until(() => gateway.of('cluster-waiting').length > 1, 'two tries', 15_000);
      const loud = gateway.of('cluster-waiting').filter(isLoud);
      expect(loud).to.have.length(1);
      expect(String(loud[0]?.['text'])).to.include(front.url).and.include('certificate-authority');
      const { status, text } = await gateway.probe('/readyz');
      expect(status).to.equal(503);
      expect(text).to.include('certificate-authority');
      expect(front.seen).to.deep.equal([]);
      await bench.file('ca.crt', authority.cert);
      await gateway.ready();
      await expectBuilds();
      expect(gateway.output).to.not.include(token);
    });
  });

  describe('a token', () => {
    const BAD = [
      {
        what: 'that has expired',
        of: async (good: string) =>
          bench.resigned(good, { exp: 1_700_003_600, iat: 1_700_000_000 }),
      },
      { what: 'that nobody knows', of: () => Promise.resolve('not-a-token-of-this-cluster') },
    ];
    for (const { what, of } of BAD) {
      it(`${what} is reported once, used rarely, and replaced by a good one`, async () => {
        using authority = new Authority('front-ca');
        const pair = authority.sign('front');
        await using front = await TerminatingFront.start(bench.plane, { pair });
        const good = await bench.token();
        // Signed again without a change it is valid: only its time is refused.
        expect(await bench.statusOf(await bench.resigned(good, {}))).to.equal(200);
        const bad = await of(good);
        expect(await bench.statusOf(bad)).to.equal(401);
        const tokenFile = await bench.file('token', bad);
        const ca = authority.cert;
        const kubeconfig = await bench.kubeconfig({ user: { tokenFile }, server: front.url, ca });
        await using gateway = await GatewayProcess.start({ ...bench.request, kubeconfig });
        const tries = await until(
          () => {
            const lines = gateway.of('cluster-waiting');
            return lines.length > 2 && lines;
          },
          'three tries',
          15_000,
        );
        const reviews = front.seen.filter(({ path }) => path.includes('accessreviews'));
        expect(front.seen.length - reviews.length).to.be.within(3, 4);
        expect(reviews.length, 'one every five seconds').to.be.within(1, 3);
        expect(tries.filter(isLoud)).to.have.length(1);
        expect(String(tries[0]?.['text'])).to.include('unauthorized').and.include(front.url);
        expect((await gateway.probe('/readyz')).text).to.include('unauthorized');
        expect(gateway.of('credentials-reread'), 'nothing new was read').to.deep.equal([]);
        await bench.file('token', good);
        await gateway.ready();
        await expectBuilds();
        const reread = gateway.of('credentials-reread').map(({ why }) => why);
        expect(reread).to.deep.equal(['the server said 401']);
        for (const secret of [good, bad]) expect(gateway.output).to.not.include(secret);
      });
    }
  });

  it('a proxy that refuses or is unavailable is named, and the gateway recovers when it works', async () => {
    await using proxy = await ConnectProxy.start(bench.plane.url);
    const password = 'pr0xy-s3cret';
    const proxyUrl = `http://sluice:${password}@${proxy.host}`;
    const user = { token: await bench.token() };
    const kubeconfig = await bench.kubeconfig({ user, proxyUrl });
    proxy.refuse('403 Forbidden');
    await using gateway = await GatewayProcess.start({ ...bench.request, kubeconfig });
    const told = async (pattern: RegExp): Promise<string> => {
      const line = await until(
        () => gateway.of('cluster-waiting').find(({ text }) => pattern.test(String(text))),
        String(pattern),
        20_000,
      );
      expect(isLoud(line), 'news').to.equal(true);
      expect(line['text']).to.include(`proxy http://${proxy.host}`);
      return String(line['text']);
    };
    await told(/: 403 Forbidden/);
    proxy.refuse('407 Proxy Authentication Required');
    expect(await told(/: 407 Proxy/)).to.match(/user and password/);
    await proxy.down();
    await told(/ECONNREFUSED/);
    expect((await gateway.probe('/readyz')).text).to.include(`proxy http://${proxy.host}`);
    proxy.accept();
    await proxy.up();
    await gateway.ready();
    await expectBuilds();

    await proxy.down();
    const cut = await until(
      () => gateway.of('watch-ended').find(({ reason }) => reason === 'unreachable'),
      'the watch to miss the proxy',
      15_000,
    );
    expect(cut['detail']).to.include(`proxy http://${proxy.host}`);
    await proxy.up();
    await gateway.ready();
    await expectBuilds();
    const basic = Buffer.from(`sluice:${password}`).toString('base64');
    expect(new Set(proxy.asked.map(({ authorization }) => authorization))).to.deep.equal(
      new Set([`Basic ${basic}`]),
    );
    for (const secret of [password, basic, user.token]) {
      expect(gateway.output + gateway.errors).to.not.include(secret);
    }
  });

  const PROXIES = [
    { what: 'is no URL', url: 'http://sluice:pr0xy-s3cret@proxy:none' },
    { what: 'holds a wrong escape', url: 'http://sluice:%zzpr0xy-s3cret@127.0.0.1:1' },
    { what: 'is SOCKS', url: 'socks5://sluice:pr0xy-s3cret@127.0.0.1:1' },
  ];
  for (const { what, url } of PROXIES) {
    for (const name of ['proxy-url', 'HTTPS_PROXY']) {
      it(`${name} that ${what} makes the kubeconfig unusable, without showing its password`, async () => {
        const isNamed = name === 'proxy-url';
        const proxy = isNamed ? { proxyUrl: url } : {};
        const server = 'https://kubernetes.default.svc';
        const kubeconfig = await bench.kubeconfig({ user: {}, server, ...proxy });
        const environment = isNamed ? {} : { [name]: url };
        const error = await requestOnce({ options: { kubeconfig }, environment }).then(
          () => new Error('it answered'),
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(Error).and.to.include({ code: 'kubeconfig-unusable' });
        expect(String(error)).to.include(name).and.not.include('pr0xy-s3cret');
      });
    }
  }

  it('an unusable proxy-url ends with 4 and says why, without showing it', async () => {
    const [{ url: proxyUrl } = { url: '' }] = PROXIES;
    const kubeconfig = await bench.kubeconfig({ user: {}, proxyUrl });
    await using gateway = await GatewayProcess.start({ ...bench.request, kubeconfig });
    expect((await gateway.ended()).code).to.equal(4);
    expect(gateway.errors).to.match(/^sluice: use proxy-url: .+\n  next step: .+\n$/);
    expect(gateway.output + gateway.errors).to.not.include('pr0xy-s3cret');
  });
});

function isLoud({ level }: LogLine): boolean {
  return level !== 'debug';
}
