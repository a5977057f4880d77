// The laid-out tree as a container: the commands that users type, and the gateway from playback to a receiver
// with TLS. User 1000, a read-only root, and /var/lib/sluice as the only writable folder.

import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { freePorts } from '../controlplane/ports.ts';
import { Authority } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { Container, type ContainerRequest } from './container.ts';
import { imageEnvironment } from './dockerfile.ts';
import { layoutOf, needContainers, own, project } from './trees.ts';

const SLUICE = '/usr/local/bin/sluice';
const NODE = '/usr/local/bin/node';

describe('the tree of the image, run as a container', function () {
  this.timeout(90_000);
  let root = '';
  let folder = '';
  let data = '';

  before(function () {
    this.timeout(600_000);
    needContainers(this);
    ({ root } = layoutOf(own));
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-container-'));
    data = folderOf('data', 0o1777);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const folderOf = (name: string, mode = 0o755): string => {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
  const start = (
    command: readonly string[],
    more: Pick<ContainerRequest, 'mounts'> = {},
  ): Container => new Container({ root, data, environment: imageEnvironment(), command, ...more });
  const run = async (...command: readonly string[]) => {
    await using container = start(command);
    const code = await container.ended();
    return { code, out: container.out, err: container.err };
  };

  it('prints the version of the project', async () => {
    const { code, out } = await run(SLUICE, '--version');
    const manifest = load(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(code).to.equal(0);
    expect(manifest).to.have.property('version', out.trim().replace(/^\D+/, ''));
  });

  it('plays the demo at full speed, with a build for each accepted series', async () => {
    const { code, out, err } = await run(SLUICE, 'demo', '--speed', 'full');
    expect(code, err).to.equal(0);
    expect(out).to.include('15 builds were started').and.include('attempts      15 delivered');
    expect(out).to.not.match(/^\S+Z (?:warn|error) /m);
  });

  it('checks the sample configuration', async () => {
    const { code, out } = await run(SLUICE, 'check', '--config', '/app/samples/config.yaml');
    expect(code, out).to.equal(0);
  });

  it('runs as user 1000, cannot write outside its data, and has no shell', async () => {
    const seen = await inspect(`({
      user: [process.getuid(), process.getgid(), process.getgroups()],
      write: attempt(() => fs.writeFileSync('/tmp/file', '')),
      data: attempt(() => fs.writeFileSync(process.env.SLUICE_DATA + '/file', '')),
      shell: attempt(() => child.execFileSync('sh', ['-c', 'true'])),
    })`);
    expect(seen).to.deep.equal({
      user: [1000, 1000, [1000]],
      write: 'EROFS',
      data: 'done',
      shell: 'ENOENT',
    });
  });

  it('can load each compiled file and each package, also those that are loaded late', async () => {
    const seen = await inspect(`({
      // The two of them begin to work when they are loaded.
      compiled: fs.readdirSync('/app/dist', { recursive: true })
        .filter((file) => file.endsWith('.js') && !/(?:cli\\/main|worker\\/worker)\\.js$/.test(file))
        .map((file) => attempt(() => require('/app/dist/' + file))),
      packages: Object.keys(require('/app/package.json').dependencies)
        .map((name) => attempt(() => require(require.resolve(name, { paths: ['/app'] })))),
    })`);
    const { compiled, packages } = toOutcomes(seen);
    expect(compiled).to.have.length.above(200);
    expect(new Set([...compiled, ...packages])).to.deep.equal(new Set(['done']));
  });

  it('trusts the authorities of the distribution', async () => {
    const seen = await inspect(`({
      authorities: tls.getCACertificates('system').length,
      distrusted: tls.getCACertificates('system')
        .filter((one) => !tls.getCACertificates('default').includes(one)).length,
    })`);
    const bundle = readFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
    const authorities = bundle.match(/BEGIN CERTIFICATE/g)?.length;
    expect(authorities).to.be.above(100);
    expect(seen).to.deep.equal({ authorities, distrusted: 0 });
  });

  const inspect = async (expression: string): Promise<unknown> => {
    const program = `
      const fs = require('node:fs'), tls = require('node:tls'), child = require('node:child_process');
      const attempt = (run) => { try { run(); return 'done'; } catch (error) { return error.code; } };
      console.log(JSON.stringify(${expression}));`;
    const { code, out, err } = await run(NODE, '-e', program);
    expect(code, err).to.equal(0);
    return JSON.parse(out);
  };

  it('delivers each accepted series once to a receiver of its own authority, and stops', async () => {
    using authority = new Authority();
    await using receiver = await Receiver.start(authority);
    const certificates = folderOf('certificates');
    cpSync(join(root, 'etc/ssl/certs'), certificates, { recursive: true });
    writeFileSync(join(certificates, 'own.pem'), authority.cert);
    const configuration = folderOf('configuration');
    writeConfiguration(join(configuration, 'sluice.json'), receiver.url);
    await using api = start([
      SLUICE,
      'playback',
      '/app/samples/demo.ndjson',
      ...['--listen', '127.0.0.1:0', '--speed', 'full'],
    ]);
    const master = await until(
      () => /http:\/\/127\.0\.0\.1:\d+/.exec(api.out)?.[0],
      'playback',
      20_000,
    );
    const [port = 0] = await freePorts(1);
    const flags = [
      '--master',
      master,
      '--namespace',
      '',
      '--probes',
      `127.0.0.1:${port}`,
      '--api',
      'off',
    ];
    await using gateway = start([SLUICE, 'run', '--config', '/etc/sluice/sluice.json', ...flags], {
      mounts: { '/etc/sluice': configuration, '/etc/ssl/certs': certificates },
    });
    const what = (): string => `15 deliveries\n${gateway.out}${gateway.err}`;
    await until(() => receiver.ids.size >= 15, 'deliveries', 30_000).catch((error: unknown) => {
      throw new Error(what(), { cause: error });
    });
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(ready.status, await ready.text()).to.equal(200);
    gateway.signal('SIGTERM');
    expect(await gateway.ended(), gateway.out).to.equal(0);
    expect(receiver.ids.size).to.equal(15);
    expect(receiver.requests).to.equal(15);
    const store = statSync(join(data, 'sluice.db'));
    expect([store.uid, (store.mode & 0o777).toString(8)]).to.deep.equal([1000, '600']);
  });
});

function toOutcomes(value: unknown): Readonly<Record<'compiled' | 'packages', readonly unknown[]>> {
  const object = typeof value === 'object' ? { ...value } : {};
  const list = (found: unknown): readonly unknown[] => (Array.isArray(found) ? found : []);
  return {
    compiled: list('compiled' in object ? object.compiled : []),
    packages: list('packages' in object ? object.packages : []),
  };
}

/** The rules of the sample configuration with a webhook as their trigger. */
function writeConfiguration(file: string, url: string): void {
  const sample = load(readFileSync(join(project, 'samples/config.yaml'), 'utf8'));
  const triggers = { hook: { http: { url, receiver: 'deduplicates' } } };
  const merged = { ...(typeof sample === 'object' ? sample : {}), triggers };
  writeFileSync(file, JSON.stringify(merged));
}

/** An HTTPS receiver whose certificate no public authority signed. */
class Receiver implements AsyncDisposable {
  readonly ids = new Set<string>();
  requests = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      this.requests += 1;
      this.ids.add(String(request.headers['idempotency-key']));
      request.resume().on('end', () => response.writeHead(204).end());
    });
  }

  static async start(authority: Authority): Promise<Receiver> {
    const server = createServer(authority.sign('receiver'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Receiver(server);
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return `https://127.0.0.1:${port ?? 0}/builds`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
