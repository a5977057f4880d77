// The connection matrix: one row a way to an API server, each with the gateway's own connection
// listing and watching Events and creating an object on a real kube-apiserver. Rotation is in
// connection-matrix-rotation.spec.ts, refusals in connection-matrix-refused.spec.ts.

import { expect } from 'chai';
import { renderKubeconfig } from '../controlplane/kubeconfig.ts';
import { Authority } from '../support/certificates.ts';
import { ConnectProxy } from './support/connect-proxy.ts';
import { MatrixBench } from './support/matrix-bench.ts';
import { ProvedConnection, type Way } from './support/proved-connection.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { type AfterAnswer, TerminatingFront } from './support/terminating-front.ts';

/** A row: the way to the server, and further expectations. */
interface Row {
  readonly way: string;
  readonly open: (bench: MatrixBench, opened: AsyncDisposableStack) => Promise<Opened>;
}

interface Opened extends Way {
  /** User; absent: the service account of the bench. */
  readonly user?: string;
  readonly afterwards?: () => void;
}

/** Only the proxy resolves this name; the certificate of every API server contains it. */
const UNRESOLVABLE = 'kubernetes.default.svc';

/** Characters that a URL must escape and Basic authentication must not. */
const PROXY_USER = { name: 'pro@xy', password: 's3cret/wörd' };

const ROWS: readonly Row[] = [
  {
    way: 'a static token',
    open: async (bench) => viaUser(bench, { token: await bench.token() }),
  },
  {
    way: 'a token file, relative to the kubeconfig',
    open: async (bench) => {
      await bench.file('token', `${await bench.token()}\n`);
      return viaUser(bench, { tokenFile: 'token' });
    },
  },
  {
    way: 'a client certificate by path',
    open: async (bench) => {
      await bench.grantUser('jane');
      const pair = await bench.plane.clientCertificate('jane');
      return { ...(await viaUser(bench, await bench.certificateFiles(pair))), user: 'jane' };
    },
  },
  {
    way: 'an exec plugin that gives a token',
    open: async (bench) => viaPlugin(bench, { token: await bench.token() }),
  },
  {
    way: 'an exec plugin that gives a client certificate',
    open: async (bench) => {
      await bench.grantUser('joe');
      const { certificate, key } = await bench.plane.clientCertificate('joe');
      const status = { clientCertificateData: certificate, clientKeyData: key };
      return { ...(await viaPlugin(bench, status)), user: 'joe' };
    },
  },
  { way: 'another context than the current one', open: viaContext },
  { way: 'the service account of a pod', open: viaServiceAccount },
  { way: 'proxy-url with a password, for a name that only the proxy knows', open: viaProxyUrl },
  { way: 'HTTPS_PROXY', open: viaProxyVariable },
  { way: 'a front that speaks HTTP/1.1 only', open: viaFront('kept') },
  { way: 'a front that says it closes after each answer', open: viaFront('closed') },
  { way: 'a front that closes after each answer without a word', open: viaFront('dropped') },
];

describe('the connection matrix', function () {
  this.timeout(30_000);
  let bench: MatrixBench;
  let opened: AsyncDisposableStack;

  before(async function () {
    this.timeout(sharedStartMs);
    await sharedControlPlane();
  });

  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    bench = opened.use(await MatrixBench.create(await sharedControlPlane()));
  });

  afterEach(() => opened.disposeAsync());

  for (const { way, open } of ROWS) {
    it(`lists, watches and creates by ${way}`, async () => {
      const { user, afterwards, ...how } = await open(bench, opened);
      await using proved = await ProvedConnection.open(bench.plane, bench.places, how);
      await proved.prove();
      await proved.getMany(10);
      await proved.prove();
      const { namespace, name } = bench.account;
      const wanted = user ?? `system:serviceaccount:${namespace}:${name}`;
      expect((await proved.whoAmI()).user).to.equal(wanted);
      expect(proved.lostOrTwice).to.deep.equal([]);
      expect(proved.observed.of('list-failed')).to.deep.equal([]);
      expect(proved.observed.of('watch-ended')).to.deep.equal([]);
      afterwards?.();
    });
  }
});

async function viaUser(
  bench: MatrixBench,
  user: Readonly<Record<string, unknown>>,
): Promise<Opened> {
  return { options: { kubeconfig: await bench.kubeconfig({ user }) } };
}

async function viaPlugin(
  bench: MatrixBench,
  status: Readonly<Record<string, string>>,
): Promise<Opened> {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
  const script = await bench.file(
    'plugin.cjs',
    `process.stdout.write(${JSON.stringify(credential)});`,
  );
  const exec = { apiVersion, command: process.execPath, args: [script], interactiveMode: 'Never' };
  return viaUser(bench, { exec });
}

async function viaContext(bench: MatrixBench): Promise<Opened> {
  const { url: server, ca } = bench.plane;
  const user = { token: await bench.token() };
  const config = JSON.parse(renderKubeconfig({ server, ca, user })) as Record<string, object[]>;
  const { clusters = [], contexts = [], users = [] } = config;
  const other = { cluster: 'gone', user: 'nobody', namespace: 'elsewhere' };
  const text = JSON.stringify({
    ...config,
    clusters: [{ name: 'gone', cluster: { server: 'https://127.0.0.1:1' } }, ...clusters],
    contexts: [{ name: 'current', context: other }, ...contexts],
    users: [{ name: 'nobody', user: { token: 'not-this-one' } }, ...users],
    'current-context': 'current',
  });
  return { options: { kubeconfig: await bench.file('contexts', text), context: 'spec' } };
}

async function viaServiceAccount(bench: MatrixBench): Promise<Opened> {
  const serviceAccountFolder = await bench.project(await bench.token());
  const { hostname, port } = new URL(bench.plane.url);
  const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  return { options: {}, environment, serviceAccountFolder };
}

async function viaProxyUrl(bench: MatrixBench, opened: AsyncDisposableStack): Promise<Opened> {
  const proxy = opened.use(await ConnectProxy.start(bench.plane.url));
  const token = await bench.token();
  const { name, password } = PROXY_USER;
  const credentials = `${encodeURIComponent(name)}:${encodeURIComponent(password)}`;
  const { port } = new URL(bench.plane.url);
  const kubeconfig = await bench.kubeconfig({
    user: { token },
    server: `https://${UNRESOLVABLE}:${port}`,
    proxyUrl: `http://${credentials}@${proxy.host}`,
  });
  const afterwards = (): void => {
    const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    for (const asked of proxy.asked) {
      expect(asked).to.deep.equal({ target: `${UNRESOLVABLE}:${port}`, authorization });
    }
    expectSealed(proxy);
  };
  return { options: { kubeconfig }, afterwards };
}

async function viaProxyVariable(bench: MatrixBench, opened: AsyncDisposableStack): Promise<Opened> {
  const proxy = opened.use(await ConnectProxy.start(bench.plane.url));
  const environment = { HTTPS_PROXY: `http://${proxy.host}` };
  const { port } = new URL(bench.plane.url);
  // Proxy variables do not apply to loopback.
  const server = `https://${UNRESOLVABLE}:${port}`;
  const kubeconfig = await bench.kubeconfig({ user: { token: await bench.token() }, server });
  return { options: { kubeconfig }, environment, afterwards: () => expectSealed(proxy) };
}

/** The tunnels carried everything as TLS records and no plain text. */
function expectSealed(proxy: ConnectProxy): void {
  const handshake = 0x16;
  expect(proxy.asked).to.have.length(proxy.firstBytes.length).and.not.to.have.length(0);
  expect(new Set(proxy.firstBytes)).to.deep.equal(new Set([handshake]));
  const passed = Buffer.concat(proxy.passed).toString('latin1');
  expect(passed.length).to.be.greaterThan(1_000);
  // A handshake names the protocol (ALPN), as `http/1.1` alone.
  expect(passed).to.not.match(/bearer|authorization|HTTP\/1\.1\r\n|configmaps/i);
}

function viaFront(after: AfterAnswer): Row['open'] {
  return async (bench, opened) => {
    using authority = new Authority('front-ca');
    const pair = authority.sign('front');
    const front = opened.use(await TerminatingFront.start(bench.plane, { pair, after }));
    const user = { token: await bench.token() };
    const kubeconfig = await bench.kubeconfig({ user, server: front.url, ca: authority.cert });
    const afterwards = (): void => {
      expect(new Set(front.seen.map((one) => one.httpVersion))).to.deep.equal(new Set(['1.1']));
      // Of the open connections, one carries the watch and one everything else.
      if (after === 'kept') expect(front.connections).to.equal(2);
      else expect(front.connections).to.be.greaterThan(10);
    };
    return { options: { kubeconfig }, afterwards };
  };
}
