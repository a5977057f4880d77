// The gateway and a real API server: every kind of credential, one that is revoked while it runs,
// and messages for an unreachable server, missing permissions or no configuration.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { connect } from '../../lib/kubernetes/client/connection.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { certificateUser, renderKubeconfig } from '../controlplane/kubeconfig.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { until } from '../support/until.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import * as once from './support/once.ts';

type User = Readonly<Record<string, unknown>>;

describe('the connection to an API server', function () {
  this.timeout(90_000);
  let plane: ControlPlane;
  const opened = new AsyncDisposableStack();

  before(async () => {
    plane = opened.use(await startControlPlane({ controllers: false, kwok: false }));
  });

  after(() => opened.disposeAsync());
  // One of the specs stops it; if it runs already, this changes nothing.
  afterEach(() => plane.startApiServer());

  /**
   * Namespaces, an account with the permissions that are needed there, and options of the gateway.
   */
  async function prepare(): Promise<Prepared> {
    const places = await once.createPlaces(plane, 1);
    await plane.kubeconfigFor(once.rulesFor(places));
    const account = { namespace: places.builds, name: 'gateway' };
    const configuration = once.configMapPerSeries(places);
    const request = { configuration, namespace: places.builds };
    const writer = new once.EventWriter(plane.admin);
    return { places, account, request, writer, shop: places.watched[0] ?? '' };
  }

  async function expectBuilds({ places, writer, shop }: Prepared): Promise<void> {
    await writer.writeMany(shop, 2);
    expect(await once.settled(plane, { places, writer })).to.deep.equal(once.none);
  }

  const CREDENTIALS: readonly (readonly [string, (prepared: Prepared) => Promise<User>])[] = [
    ['a token', async ({ account }) => ({ token: await plane.tokenFor(account) })],
    ['a token file', async (prepared) => ({ tokenFile: await writeToken(prepared) })],
    [
      'a client certificate as data',
      async () => certificateUser(await plane.clientCertificate('spec', ['system:masters'])),
    ],
    [
      'a client certificate by path',
      async () => {
        const pair = await plane.clientCertificate('spec', ['system:masters']);
        const [certificate, key] = [join(plane.directory, 'c.crt'), join(plane.directory, 'c.key')];
        await writeFile(certificate, pair.certificate);
        await writeFile(key, pair.key, { mode: 0o600 });
        return { 'client-certificate': certificate, 'client-key': key };
      },
    ],
    [
      'an exec plugin',
      async ({ account }) => {
        const script = join(plane.directory, 'plugin.cjs');
        const apiVersion = 'client.authentication.k8s.io/v1';
        const status = { token: await plane.tokenFor(account) };
        const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
        await writeFile(script, `process.stdout.write(${JSON.stringify(credential)});`);
        const exec = { command: process.execPath, args: [script], interactiveMode: 'Never' };
        return { exec: { apiVersion, ...exec } };
      },
    ],
  ];
  for (const [what, userOf] of CREDENTIALS) {
    it(`works with ${what}`, async () => {
      const prepared = await prepare();
      const kubeconfig = await plane.writeKubeconfig({ user: await userOf(prepared) });
      await using gateway = await GatewayProcess.startReady({ ...prepared.request, kubeconfig });
      await expectBuilds(prepared);
      expect(gateway.errors).to.equal('');
    });
  }

  it('works with the service account of a pod', async () => {
    const { account, shop } = await prepare();
    const folder = join(plane.directory, 'service-account');
    await mkdir(folder);
    await writeFile(join(folder, 'token'), `${await plane.tokenFor(account)}\n`);
    await writeFile(join(folder, 'ca.crt'), plane.ca);
    const { hostname, port } = new URL(plane.url);
    const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const { observe } = recordingObserve();
    const parts = {
      parseYaml,
      clock: systemClock,
      observe,
      environment,
      serviceAccountFolder: folder,
    };
    await using api = await connect({}, parts);
    const path = `/api/v1/namespaces/${shop}/events`;
    const signal = AbortSignal.timeout(10_000);
    const answer = await api.request({ method: 'GET', path, timeoutMs: 5_000 }, signal);
    expect(answer).to.include({ ok: true, status: 200 });
  });

  it('reads a rotated token after a 401 and loses no Event', async () => {
    await using proxy = await CuttingProxy.start(plane.url);
    const prepared = await prepare();
    const { account, places, writer, shop } = prepared;
    const successor = { ...once.rulesFor(places), name: 'successor' };
    await plane.kubeconfigFor(successor);
    const tokenFile = await writeToken(prepared);
    const kubeconfig = join(plane.directory, 'rotated.kubeconfig');
    const server = proxy.url;
    await writeFile(kubeconfig, renderKubeconfig({ server, ca: plane.ca, user: { tokenFile } }));
    await using gateway = await GatewayProcess.startReady({ ...prepared.request, kubeconfig });
    await expectBuilds(prepared);

    // The old token ends with its account; the new one takes its place in the file, as a kubelet
    // would put it there.
    const old = (await readFile(tokenFile, 'utf8')).trim();
    const next = `${tokenFile}.next`;
    await writeFile(next, await plane.tokenFor(successor));
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}`;
    await plane.request('DELETE', path);
    await plane.waitFor(() => isRefused(plane.url, old), 30_000, 'the old token to be refused');
    await writer.writeMany(shop, 3);
    proxy.cutAll();
    const isRefusedNow = (): boolean =>
      gateway.of('watch-ended').some((line) => line['reason'] === 'unauthorized');
    await until(isRefusedNow, 'the 401', 20_000);
    expect((await gateway.probe('/readyz')).text).to.include('unauthorized');
    await rename(next, tokenFile);
    await expectBuilds(prepared);
    expect(gateway.of('credentials-reread').length).to.be.greaterThan(0);
    expect(once.twice(once.judged(gateway))).to.deep.equal([]);
    expect(gateway.output).to.not.include(old);
    await gateway.ready();
  });

  it('is never made to a server of another authority; readyz and the log say so', async () => {
    const prepared = await prepare();
    const { certificate: ca } = await plane.clientCertificate('another');
    const user = { token: await plane.tokenFor(prepared.account) };
    const kubeconfig = await plane.writeKubeconfig({ user, ca });
    await using gateway = await GatewayProcess.start({ ...prepared.request, kubeconfig });
    const waiting = await until(() => gateway.of('cluster-waiting')[1], 'two tries', 10_000);
    expect(String(waiting['text'])).to.match(/certificate|SELF_SIGNED|issuer/i);
    const { status, text } = await gateway.probe('/readyz');
    expect(status).to.equal(503);
    expect(text).to.match(/certificate|SELF_SIGNED|issuer/i);
    expect((await gateway.probe('/healthz')).status).to.equal(200);
    expect((await gateway.stop()).code).to.equal(0);
  });

  it('waits for an API server that is unavailable at the start', async () => {
    const prepared = await prepare();
    const user = { token: await plane.tokenFor(prepared.account) };
    const kubeconfig = await plane.writeKubeconfig({ user });
    await plane.stopApiServer();
    await using gateway = await GatewayProcess.start({ ...prepared.request, kubeconfig });
    await until(() => gateway.of('cluster-waiting').length > 0, 'it to wait', 10_000);
    const { status, text } = await gateway.probe('/readyz');
    expect(status).to.equal(503);
    expect(text).to.include('ECONNREFUSED');
    await plane.startApiServer();
    await gateway.ready(40_000);
    await expectBuilds(prepared);
  });

  it('ends with 4 and names the missing permissions, and works once they are granted', async () => {
    const places = await once.createPlaces(plane, 1);
    const rights = once.rulesFor(places);
    const kubeconfig = await plane.kubeconfigFor({ ...rights, rules: rights.rules.slice(1) });
    const configuration = once.configMapPerSeries(places);
    const request = { kubeconfig, configuration, namespace: places.builds };
    await using refused = await GatewayProcess.start(request);
    const [shop = ''] = places.watched;
    expect((await refused.ended()).code).to.equal(4);
    expect(
      refused.of('permission').map(({ verb, resource, namespace }) => [verb, resource, namespace]),
    ).to.have.deep.members([
      ['list', 'events', shop],
      ['watch', 'events', shop],
    ]);
    expect(refused.errors).to.include('forbidden').and.include(shop);
    await plane.kubeconfigFor(rights);
    await using gateway = await GatewayProcess.startReady(request);
    const writer = new once.EventWriter(plane.admin);
    await writer.writeMany(shop, 2);
    expect(await once.settled(plane, { places, writer })).to.deep.equal(once.none);
    expect(gateway.of('permission')).to.deep.equal([]);
  });

  it('is ready without a namespace that it may not read, notes it, and reads it once granted', async () => {
    const places = await once.createPlaces(plane, 2);
    const [denied = '', shop = ''] = places.watched;
    const rights = once.rulesFor(places);
    const kubeconfig = await plane.kubeconfigFor({ ...rights, rules: rights.rules.slice(1) });
    const configuration = once.configMapPerSeries(places);
    const request = { kubeconfig, configuration, namespace: places.builds };
    await using gateway = await GatewayProcess.startReady(request);
    await until(async () => (await gateway.probe('/readyz')).text.includes(denied), 'the note');
    const { status, text } = await gateway.probe('/readyz');
    expect(status).to.equal(200);
    expect(text).to.include('forbidden').and.include('other paths are read');
    const writer = new once.EventWriter(plane.admin);
    await writer.writeMany(shop, 2);
    expect(await once.settled(plane, { places, writer })).to.deep.equal(once.none);
    await plane.kubeconfigFor(rights);
    const granted = async (): Promise<boolean> =>
      !(await gateway.probe('/readyz')).text.includes(denied);
    await until(granted, 'the note to go', 60_000);
    await writer.writeMany(denied, 2);
    expect(await once.settled(plane, { places, writer })).to.deep.equal(once.none);
  });

  const UNUSABLE = [
    { what: 'is not there', text: null, says: /ENOENT|no such file/ },
    { what: 'is no YAML', text: 'clusters: [\n  - {', says: /no YAML/ },
    { what: 'is empty', text: '', says: /empty|no kubeconfig/ },
    { what: 'is something else', text: '[1, 2]', says: /no kubeconfig|current-context/ },
    { what: 'names no such context', text: '{"current-context":"gone"}', says: /gone/ },
  ];
  for (const [index, { what, text, says }] of UNUSABLE.entries()) {
    it(`ends with 4 and one clear message if the kubeconfig ${what}`, async () => {
      const kubeconfig = join(plane.directory, `unusable-${index}`);
      if (text !== null) await writeFile(kubeconfig, text);
      const configuration = once.configMapPerSeries({ watched: ['shop'], builds: 'builds' });
      const request = { kubeconfig, configuration, namespace: 'builds' };
      await using gateway = await GatewayProcess.start(request);
      expect((await gateway.ended()).code).to.equal(4);
      expect(gateway.errors).to.match(says).and.include(kubeconfig);
      expect(gateway.errors, 'a stack trace').to.not.match(/^\s+at /m);
    });
  }

  async function writeToken({ account }: Prepared): Promise<string> {
    const file = join(plane.directory, `${account.namespace}.token`);
    await writeFile(file, `${await plane.tokenFor(account)}\n`, { mode: 0o600 });
    return file;
  }

  /** Whether the API server no longer takes a token; it remembers one for some seconds. */
  async function isRefused(url: string, token: string): Promise<boolean> {
    const file = join(plane.directory, 'refused.kubeconfig');
    await writeFile(file, renderKubeconfig({ server: url, ca: plane.ca, user: { token } }));
    const { observe } = recordingObserve();
    const parts = { clock: systemClock, observe, environment: {}, parseYaml };
    await using api = await connect({ kubeconfig: file }, parts);
    const signal = AbortSignal.timeout(5_000);
    const answer = await api.request({ method: 'GET', path: '/api', timeoutMs: 5_000 }, signal);
    return answer.ok && answer.status === 401;
  }
});

interface Prepared {
  readonly places: once.Places;
  readonly account: { readonly namespace: string; readonly name: string };
  readonly request: {
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly namespace: string;
  };
  readonly writer: once.EventWriter;
  readonly shop: string;
}
