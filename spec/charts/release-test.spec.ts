// `helm test`: what it renders, and its script against a stand-in for the API server and the API.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { Authority } from '../support/certificates.ts';
import { chartDirectory, findHelm, releaseNamespace, renderHook, theOnly } from './helm.ts';
import { containerOf, type Pod } from './workload.ts';

const script = join(chartDirectory, 'files/test-release.js');
const exposed = { api: { expose: true, existingSecret: 'token' } };
const shop = { config: { sources: { shop: { events: { namespaces: ['shop', 'pay'] } } } } };

describe('the test of a release', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const podFor = (values: Readonly<Record<string, unknown>>): Pod => {
    const pod = theOnly(renderHook(helm, 'test', { values }), 'Pod');
    return pod['spec'] as Pod;
  };
  const variablesFor = (values: Readonly<Record<string, unknown>>): object =>
    Object.fromEntries(
      (containerOf(podFor(values)).env ?? []).map(({ name, value }) => [name, value]),
    );

  it('runs the script of the chart, in a pod under the restricted standard', () => {
    const pod = podFor({});
    const { command, args, securityContext } = containerOf(pod);
    expect([command, args]).to.deep.equal([
      ['/usr/local/bin/node'],
      ['/app/charts/sluice/files/test-release.js'],
    ]);
    expect(securityContext).to.deep.include({ capabilities: { drop: ['ALL'] } });
    expect(pod.securityContext).to.include({ runAsNonRoot: true });
    expect(pod).to.include({ restartPolicy: 'Never', serviceAccountName: 'gw-sluice-test' });
  });

  it('writes its Event into a watched namespace and reads the log, and may do nothing else', () => {
    expect(rulesFor(renderHook(helm, 'test', { values: shop }))).to.deep.equal({
      pay: [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }],
      [releaseNamespace]: [
        {
          apiGroups: [''],
          resources: ['pods/log'],
          resourceNames: ['gw-sluice-0'],
          verbs: ['get'],
        },
      ],
    });
    expect(variablesFor(shop)).to.include({
      EVENT_NAMESPACE: 'pay',
      GATEWAY_POD: 'gw-sluice-0',
      POD_NAMESPACE: releaseNamespace,
    });
  });

  it('asks an exposed API instead of the log', () => {
    const values = { ...shop, ...exposed };
    expect(rulesFor(renderHook(helm, 'test', { values }))).to.have.all.keys('pay');
    expect(variablesFor(values)).to.include({
      API_URL: 'http://gw-sluice.ci-gateway:8081',
      API_TOKEN_FILE: '/etc/sluice-api/token',
    });
    expect(podFor(values).volumes?.map(({ name }) => name)).to.deep.equal(['api-token']);
  });

  const namespaces = [
    { what: 'the whole cluster', values: { config: all('*') }, is: releaseNamespace },
    { what: 'no configuration', values: {}, is: releaseNamespace },
    { what: 'a namespace of the values', values: { tests: { namespace: 'qa' } }, is: 'qa' },
  ];
  for (const { what, values, is } of namespaces) {
    it(`writes into ${is} for ${what}`, () => {
      expect(variablesFor(values)).to.have.property('EVENT_NAMESPACE', is);
    });
  }

  const absent = [
    { what: 'it is off', values: { tests: { enabled: false } } },
    { what: 'no decision is logged', values: { logging: { decisions: 'none' } } },
    {
      what: 'rejections are not logged',
      values: { config: { version: 1, logging: { decisions: 'accepted' } } },
    },
    { what: 'the log has no decisions', values: { logging: { level: 'warn' } } },
  ];
  for (const { what, values } of absent) {
    it(`is absent if ${what}`, () => {
      expect(renderHook(helm, 'test', { values })).to.deep.equal([]);
    });
  }

  it('is there without decisions in the log if the API is exposed', () => {
    const values = { ...exposed, logging: { decisions: 'none' } };
    expect(renderHook(helm, 'test', { values })).to.not.deep.equal([]);
  });

  describe('its script', () => {
    const authority = new Authority();
    const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    let cluster: StandIn;
    before(async () => {
      const pair = authority.sign('server');
      writeFileSync(join(folder, 'ca.crt'), authority.cert);
      writeFileSync(join(folder, 'token'), 'the-token-of-the-account\n');
      cluster = await listen(createTlsServer(pair));
    });
    after(async () => {
      await cluster[Symbol.asyncDispose]();
      authority[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    });
    afterEach(() => void (cluster.seen.length = 0));

    const start = (more: Readonly<Record<string, string>>): ChildProcess =>
      spawn(process.execPath, [script], {
        env: {
          EVENT_NAMESPACE: 'shop',
          KUBERNETES_SERVICE_HOST: '127.0.0.1',
          KUBERNETES_SERVICE_PORT: String(cluster.port),
          NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'),
          TOKEN_FILE: join(folder, 'token'),
          ...more,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const log = { POD_NAMESPACE: 'ci', GATEWAY_POD: 'gw-sluice-0' };

    it('writes an Event that starts nothing, and prints its line of the log', async () => {
      let reads = 0;
      cluster.answer = ({ method, url }, body) => {
        if (method === 'POST') return [201, body];
        reads += 1;
        expect(url).to.match(/^\/api\/v1\/namespaces\/ci\/pods\/gw-sluice-0\/log\?/);
        return [200, reads < 2 ? 'another line\n' : `another line\nreject ${nameIn(cluster)}\n`];
      };
      const ended = await endOf(start(log));
      expect(ended.code, ended.err).to.equal(0);
      expect(ended.out).to.include(`decided: reject ${nameIn(cluster)}\n`);
      const [first] = cluster.seen;
      expect(first?.headers.authorization).to.equal('Bearer the-token-of-the-account');
      expect(first?.url).to.equal('/api/v1/namespaces/shop/events');
      expect(JSON.parse(first?.body ?? '')).to.deep.include({
        reportingComponent: 'sluice.dev/gateway',
        type: 'Normal',
      });
    });

    it('asks the API with its token', async () => {
      await using api = await listen(createServer());
      cluster.answer = (_request, body) => [201, body];
      api.answer = () => {
        const items = [
          { event: { name: 'other' } },
          { event: { name: nameIn(cluster) }, action: 'x' },
        ];
        return [200, JSON.stringify({ items })];
      };
      writeFileSync(join(folder, 'api-token'), 'the-token-of-the-api');
      const url = `http://127.0.0.1:${api.port}`;
      const ended = await endOf(start({ API_URL: url, API_TOKEN_FILE: join(folder, 'api-token') }));
      expect(ended.code, ended.err).to.equal(0);
      expect(ended.out).to.include(`decided: {"event":{"name":"${nameIn(cluster)}"},"action":"x"}`);
      expect(api.seen[0]?.headers.authorization).to.equal('Bearer the-token-of-the-api');
    });

    it('fails in time with the reason if no decision comes', async () => {
      cluster.answer = ({ method }, body) =>
        method === 'POST' ? [201, body] : [403, 'pods/log is forbidden'];
      const ended = await endOf(start({ ...log, TIMEOUT_SECONDS: '0' }));
      expect(ended.code).to.equal(1);
      expect(ended.err).to.match(/^not decided in time: GET .*: 403 pods\/log is forbidden\./);
    });

    it('fails at once if it may not write the Event', async () => {
      cluster.answer = () => [403, 'events is forbidden'];
      const ended = await endOf(start(log));
      expect(ended.code).to.not.equal(0);
      expect(ended.err).to.match(/POST .*: 403 events is forbidden/);
    });
  });
});

function all(...namespaces: readonly string[]): object {
  return { sources: { all: { events: { namespaces } } } };
}

function rulesFor(objects: readonly KubeObject[]): object {
  const roles = objects.filter(({ kind }) => kind === 'Role');
  return Object.fromEntries(
    roles.map((role) => [role.metadata?.namespace ?? '', role['rules']] as const),
  );
}

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface StandIn extends AsyncDisposable {
  readonly port: number;
  readonly seen: Seen[];
  answer: (request: IncomingMessage, body: string) => readonly [status: number, body: string];
}

/** A server on a free port that records requests and answers as the spec says. */
async function listen(server: Server): Promise<StandIn> {
  const seen: Seen[] = [];
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (part: Buffer) => void (body += part.toString()));
    request.on('end', () => {
      seen.push({ url: request.url, headers: request.headers, body });
      const [status, text] = standIn.answer(request, body);
      response.writeHead(status).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const standIn: StandIn = {
    port: (server.address() as AddressInfo).port,
    seen,
    answer: () => [500, ''],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return standIn;
}

function nameIn({ seen }: StandIn): string {
  const event = JSON.parse(seen[0]?.body ?? '{}') as KubeObject;
  return event.metadata?.name ?? '';
}

async function endOf(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (part: Buffer) => void (out += part.toString()));
  child.stderr?.on('data', (part: Buffer) => void (err += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}
