// The proxy of a connection to an API server, over real sockets, and its observations.

import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { expect } from 'chai';
import { ConnectionBench, GET } from '../../support/connection-bench.ts';
import { NEVER } from '../../support/never.ts';
import type { ScriptedApiServer } from '../../support/scripted-api-server.ts';

describe('the proxy of an API server', () => {
  let bench: ConnectionBench;
  beforeEach(() => (bench = new ConnectionBench()));
  afterEach(() => bench[Symbol.dispose]());

  /** Every tunnel leads to this machine, whatever name is requested. */
  async function proxy(): Promise<{ url: string; asked: string[]; close: () => void }> {
    const asked: string[] = [];
    const sockets: Socket[] = [];
    const server = createServer();
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      asked.push(request.url ?? '');
      const [, port = ''] = /:(\d+)$/.exec(request.url ?? '') ?? [];
      const onward = connectTcp(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      sockets.push(socket, onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo;
    const close = (): void => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { url: `http://127.0.0.1:${port}`, asked, close };
  }

  const NAME = 'api.example.test';
  type Row = readonly [
    what: string,
    host: string,
    variables: (url: string) => Record<string, string>,
    from: string | null,
  ];
  const rows: readonly Row[] = [
    ['HTTPS_PROXY', NAME, (url) => ({ HTTPS_PROXY: url }), 'HTTPS_PROXY'],
    ['https_proxy', NAME, (url) => ({ https_proxy: url }), 'https_proxy'],
    ['a proxy without a scheme', NAME, (url) => ({ HTTPS_PROXY: url.slice(7) }), 'HTTPS_PROXY'],
    [
      'a proxy beside a NO_PROXY that names others',
      NAME,
      (url) => ({ HTTPS_PROXY: url, NO_PROXY: '10.0.0.0/8,api.example' }),
      'HTTPS_PROXY',
    ],
    ['no proxy to loopback', '127.0.0.1', (url) => ({ HTTPS_PROXY: url }), null],
    [
      'no proxy to loopback, whatever the variable holds',
      '127.0.0.1',
      () => ({ HTTPS_PROXY: 'socks5://x' }),
      null,
    ],
  ];
  const open = async (
    server: ScriptedApiServer,
    {
      host,
      environment,
      more,
    }: { host: string; environment: Record<string, string>; more: object },
  ) => {
    const cluster = { ...bench.trusting, ...more };
    const { port } = server;
    const path = bench.kubeconfig({ server: `https://${host}:${port}`, cluster });
    return bench.open({ kubeconfig: path }, environment);
  };
  for (const [what, host, variables, from] of rows) {
    it(`uses ${what}, and observes it`, async () => {
      await using server = await bench.greeter('https', [NAME]);
      const tunnel = await proxy();
      try {
        const environment = variables(tunnel.url);
        await using opened = await open(server, { host, environment, more: {} });
        const { api, observed } = opened;
        expect((await api.request(GET, NEVER)).ok).to.equal(true);
        expect((await api.request(GET, NEVER)).ok).to.equal(true);
        expect(tunnel.asked).to.deep.equal(from === null ? [] : [`${host}:${server.port}`]);
        const said = { kind: 'proxy-used', trigger: null, proxy: tunnel.url, from };
        expect(observed.of('proxy-used')).to.deep.equal(from === null ? [] : [said]);
      } finally {
        tunnel.close();
      }
    });
  }

  it('prefers proxy-url of the kubeconfig to all variables, also for loopback', async () => {
    await using server = await bench.greeter('https');
    const tunnel = await proxy();
    try {
      const environment = { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' };
      const withPassword = tunnel.url.replace('//', '//me:s3cret@');
      const more = { 'proxy-url': withPassword };
      await using opened = await open(server, { host: '127.0.0.1', environment, more });
      const { api, observed } = opened;
      expect((await api.request(GET, NEVER)).ok).to.equal(true);
      expect(tunnel.asked).to.deep.equal([`127.0.0.1:${server.port}`]);
      expect(observed.of('proxy-used')).to.deep.equal([
        { kind: 'proxy-used', trigger: null, proxy: tunnel.url, from: 'proxy-url' },
      ]);
    } finally {
      tunnel.close();
    }
  });

  for (const [name, environment, more] of [
    ['HTTPS_PROXY', { HTTPS_PROXY: 'socks5://me:s3cret@127.0.0.1:1' }, {}],
    ['https_proxy', { https_proxy: 'http://me:%zzs3cret@127.0.0.1:1' }, {}],
    ['proxy-url', {}, { 'proxy-url': 'socks5://me:s3cret@127.0.0.1:1' }],
  ] as const) {
    it(`refuses an invalid ${name}, naming it and not its value`, async () => {
      await using server = await bench.greeter('https', [NAME]);
      const refused = await open(server, { host: NAME, environment, more }).then(
        () => expect.fail('it was opened'),
        (error: unknown) => error,
      );
      expect(refused).to.be.instanceOf(Error).and.include({ code: 'kubeconfig-unusable' });
      expect(String(refused)).to.include(`use ${name}: found `).and.not.include('s3cret');
    });
  }
});
