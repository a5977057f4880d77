// The connection matrix, part two: credentials that change while a watch runs, on a real
// kube-apiserver. Every Event is read exactly once across each change, and one line says that
// credentials were read again.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Authority } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { MatrixBench } from './support/matrix-bench.ts';
import * as once from './support/once.ts';
import { ProvedConnection } from './support/proved-connection.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { TerminatingFront } from './support/terminating-front.ts';

/** After this time files are read again, whatever the server answers. */
const BELIEVED_MS = 60_000;

describe('the connection matrix: what rotates', function () {
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

  it('uses the new token of a file after the old one ended', async () => {
    using authority = new Authority('front-ca');
    const pair = authority.sign('front');
    await using front = await TerminatingFront.start(bench.plane, { pair });
    await bench.grant('former');
    const [old, next] = [await bench.token('former'), await bench.token()];
    const tokenFile = await bench.file('token', `${old}\n`);
    const ca = authority.cert;
    const kubeconfig = await bench.kubeconfig({ user: { tokenFile }, server: front.url, ca });
    await using gateway = await GatewayProcess.startReady({ ...bench.request, kubeconfig });
    const writer = new once.EventWriter(bench.plane.admin);
    const [shop = ''] = bench.places.watched;
    await writer.writeMany(shop, 2);
    expect(await once.settled(bench.plane, { places: bench.places, writer })).to.deep.equal(
      once.none,
    );

    await bench.file('token', `${next}\n`);
    await bench.endAccount('former', old);
    const before = front.seen.length;
    await writer.writeMany(shop, 10);
    expect(await once.settled(bench.plane, { places: bench.places, writer })).to.deep.equal(
      once.none,
    );
    const after = front.seen.slice(before);
    expect(after.filter(({ status }) => status === 201)).to.have.length(10);
    // Concurrent requests may each have got the 401; none was repeated unchanged.
    const refused = after.filter(({ status }) => status === 401);
    expect(refused.length).to.be.within(1, 8);
    for (const { authorization } of refused) expect(authorization).to.equal(`Bearer ${old}`);
    expect(gateway.of('credentials-reread').map(({ level, why }) => [level, why])).to.deep.equal([
      ['info', 'the server said 401'],
    ]);
    expect(gateway.of('watch-ended'), 'the watch went on').to.deep.equal([]);
    expect(once.twice(once.judged(gateway))).to.deep.equal([]);
    for (const secret of [old, next]) expect(gateway.output).to.not.include(secret);
  });

  it('opens new connections with a new client certificate, and the open watch continues', async () => {
    const withdraw = await bench.grantUser('jane-old');
    await bench.grantUser('jane-new');
    const former = await bench.plane.clientCertificate('jane-old');
    const next = await bench.plane.clientCertificate('jane-new');
    const user = await bench.certificateFiles(former);
    const options = { kubeconfig: await bench.kubeconfig({ user }) };
    await using proved = await ProvedConnection.open(bench.plane, bench.places, { options });
    await proved.prove();
    expect((await proved.whoAmI()).user).to.equal('jane-old');

    await withdraw();
    const isForbidden = async (): Promise<boolean> => {
      const answer = await proved.create();
      return answer.ok && answer.status === 403;
    };
    await until(isForbidden, 'the rights to be withdrawn', 15_000);
    // Two files cannot change at once: in between, certificate and key do not match.
    await bench.file('client.crt', next.certificate);
    const torn = await proved.create();
    expect(torn).to.include({ ok: false, reached: 'never', code: 'kubeconfig-unusable' });
    await bench.file('client.key', next.key);
    await proved.prove();
    expect((await proved.whoAmI()).user).to.equal('jane-new');
    expect(proved.observed.of('watch-ended')).to.deep.equal([]);
    expect(proved.observed.of('credentials-reread')).to.deep.equal([
      { kind: 'credentials-reread', why: 'the certificates changed' },
    ]);
    expect(proved.lostOrTwice).to.deep.equal([]);
    expect(JSON.stringify([torn, proved.observed.seen])).to.not.include('PRIVATE KEY');
  });

  it('runs an exec plugin again when its credential expires, and only then', async () => {
    const plugin = await Plugin.create(bench);
    await plugin.next({ expiresInMs: 2_000 });
    await using proved = await ProvedConnection.open(bench.plane, bench.places, plugin.way);
    expect(await plugin.runs()).to.equal(1);
    const first = (await proved.whoAmI()).credential;
    await plugin.next({ expiresInMs: 3_600_000, token: await bench.token() });
    let requests = 0;
    const isRunAgain = async (): Promise<boolean> => {
      await proved.getMany(1);
      requests += 1;
      return (await plugin.runs()) > 1;
    };
    await until(isRunAgain, 'the plugin to be asked again', 15_000);
    expect(requests).to.be.greaterThan(10);
    await proved.getMany(10);
    await proved.prove();
    expect(await plugin.runs()).to.equal(2);
    expect((await proved.whoAmI()).credential).to.not.equal(first);
    expect(proved.observed.of('watch-ended')).to.deep.equal([]);
    expect(proved.lostOrTwice).to.deep.equal([]);
  });

  it('recovers from an exec plugin that fails once, and logs no token of its output', async () => {
    const plugin = await Plugin.create(bench);
    await plugin.next({ expiresInMs: 500 });
    const first = plugin.token;
    await using proved = await ProvedConnection.open(bench.plane, bench.places, plugin.way);
    const second = await bench.token();
    const opaque = 'c2VjcmV0LXJlZnJlc2gtdG9rZW4tMTIzNDU2Nzg5MA==';
    const words = `please log in; cached ${first}; got "Bearer ${second}", refresh_token=${opaque}`;
    await plugin.next({ expiresInMs: 3_600_000, token: second, failsSaying: words });
    const failed = await until(async () => {
      const answer = await proved.create();
      return !answer.ok && answer;
    }, 'the plugin to fail');
    expect(failed).to.include({ reached: 'never', code: 'kubeconfig-unusable' });
    expect(failed.detail).to.include('the exec plugin failed: please log in');
    await proved.prove();
    expect(await plugin.runs()).to.equal(3);
    const told = JSON.stringify([failed, proved.observed.seen]);
    for (const secret of [first, second, opaque]) {
      for (const part of secret.split('.')) expect(told).to.not.include(part);
    }
    expect(proved.lostOrTwice).to.deep.equal([]);
  });

  it('sends no request if an exec plugin returns nothing, and runs it again', async () => {
    const plugin = await Plugin.create(bench);
    await plugin.next({ expiresInMs: 500 });
    await using proved = await ProvedConnection.open(bench.plane, bench.places, plugin.way);
    await plugin.next({ expiresInMs: 3_600_000, token: '' });
    const failed = await until(async () => {
      const answer = await proved.create();
      return !answer.ok && answer;
    }, 'the plugin to give nothing');
    expect(failed.detail).to.include('the exec plugin gave neither a token nor a certificate');
    await plugin.next({ expiresInMs: 3_600_000, token: await bench.token() });
    await proved.prove();
    expect(proved.lostOrTwice).to.deep.equal([]);
  });

  it('reads a projected token of its pod again within a minute, while the old one is valid', async () => {
    const serviceAccountFolder = await bench.project(await bench.token());
    const { hostname, port } = new URL(bench.plane.url);
    const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const way = { options: {}, environment, serviceAccountFolder };
    await using proved = await ProvedConnection.open(bench.plane, bench.places, way);
    const first = (await proved.whoAmI()).credential;
    await bench.project(await bench.token());
    expect((await proved.whoAmI()).credential, 'believed').to.equal(first);
    proved.clock.leap(BELIEVED_MS);
    await proved.prove();
    const second = (await proved.whoAmI()).credential;
    expect(second).to.match(/JTI=/).and.not.equal(first);
    expect(proved.observed.of('credentials-reread')).to.deep.equal([
      { kind: 'credentials-reread', why: 'the token changed' },
    ]);
    expect(proved.observed.of('watch-ended')).to.deep.equal([]);
    expect(proved.lostOrTwice).to.deep.equal([]);
  });

  const TORN = [
    { what: 'is cut to nothing', content: '' },
    { what: 'holds what no header may', content: 'half of a\ntoken' },
  ];
  for (const { what, content } of TORN) {
    it(`sends no request while a token file ${what}, and continues when it is complete`, async () => {
      const token = await bench.token();
      const user = { tokenFile: await bench.file('token', token) };
      const options = { kubeconfig: await bench.kubeconfig({ user }) };
      await using proved = await ProvedConnection.open(bench.plane, bench.places, { options });
      await bench.file('token', content);
      proved.clock.leap(BELIEVED_MS);
      const answer = await proved.create();
      expect(answer).to.include({ ok: false, reached: 'never', code: 'kubeconfig-unusable' });
      if (!answer.ok) expect(answer.detail).to.include(join(bench.folder, 'token'));
      await bench.file('token', token);
      await proved.prove();
      expect(proved.lostOrTwice).to.deep.equal([]);
    });
  }
});

/** Behaviour of the next run of the plugin. */
interface Next {
  readonly expiresInMs: number;
  readonly token?: string;
  /** It fails once with these words on its standard error. */
  readonly failsSaying?: string;
}

/** An exec plugin that does what a file says and counts its runs in another. */
class Plugin {
  token = '';
  readonly #bench: MatrixBench;
  #kubeconfig = '';

  private constructor(bench: MatrixBench) {
    this.#bench = bench;
  }

  static async create(bench: MatrixBench): Promise<Plugin> {
    const plugin = new Plugin(bench);
    plugin.token = await bench.token();
    await bench.file('runs', '');
    const apiVersion = 'client.authentication.k8s.io/v1';
    const script = await bench.file(
      'plugin.cjs',
      `const { appendFileSync, existsSync, readFileSync, rmSync } = require('node:fs');
      process.chdir(__dirname);
      appendFileSync('runs', 'x');
      if (existsSync('words')) {
        process.stderr.write(readFileSync('words'));
        rmSync('words');
        process.exit(1);
      }
      const { token, expiresInMs } = JSON.parse(readFileSync('next', 'utf8'));
      const expirationTimestamp = new Date(Date.now() + expiresInMs).toISOString();
      const status = { token, expirationTimestamp };
      const credential = { apiVersion: '${apiVersion}', kind: 'ExecCredential', status };
      process.stdout.write(JSON.stringify(credential));`,
    );
    const command = process.execPath;
    const exec = { apiVersion, command, args: [script], interactiveMode: 'Never' };
    plugin.#kubeconfig = await bench.kubeconfig({ user: { exec } });
    return plugin;
  }

  get way(): { readonly options: { readonly kubeconfig: string } } {
    return { options: { kubeconfig: this.#kubeconfig } };
  }

  async next({ expiresInMs, token = this.token, failsSaying }: Next): Promise<void> {
    this.token = token;
    await this.#bench.file('next', JSON.stringify({ token, expiresInMs }));
    if (failsSaying !== undefined) await this.#bench.file('words', failsSaying);
  }

  async runs(): Promise<number> {
    return (await readFile(join(this.#bench.folder, 'runs'))).length;
  }
}
