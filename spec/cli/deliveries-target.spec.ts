// The target of `sluice deliveries`: the named one only, else the gateway of this machine, else its
// store; which token is sent to which gateway; and the errors without an answer.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { userAgent } from '../../lib/kit/version.ts';
import { sqliteKind } from '../../lib/stores/sqlite.ts';
import { ApiBench, NAMED_HOST, TOKEN } from '../api/api-bench.ts';
import { idOf, numbered } from '../support/builders.ts';
import { Authority } from '../support/certificates.ts';
import { withVariable } from '../support/environment-variable.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { leaveOut } from '../support/left-out.ts';
import { ScriptedApiServer } from '../support/scripted-api-server.ts';
import { until } from '../support/until.ts';
import { aFileWorld, serving } from './deliveries-world.ts';
import { runLine } from './process-context.ts';

describe('the target of sluice deliveries', () => {
  let folder = '';
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'sluice-target-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const run = (line: readonly string[], environment: Record<string, string> = {}) =>
    runLine(['deliveries', ...line], { folder, environment });

  it('is not both a gateway and a file', async () => {
    const { code, err } = await run(['list', '--url', 'http://127.0.0.1:1', '--store', 'x']);
    expect(code).to.equal(2);
    expect(err).to.include('name a gateway or a file, not both');
  });

  const urls: readonly (readonly [url: string, said: string])[] = [
    ['here', 'flag --url takes a URL such as http://127.0.0.1:8081, not "here"'],
    ['ftp://127.0.0.1/', 'flag --url takes a URL such as'],
    ['http://me:secret@127.0.0.1:1', 'flag --url takes no credentials'],
  ];
  for (const [url, said] of urls) {
    it(`is refused at ${url}`, async () => {
      const { code, err } = await run(['list', '--url', url]);
      expect(code).to.equal(2);
      expect(err).to.include(said).and.not.include('secret');
    });
  }

  it('is trusted over TLS only with a valid certificate, whatever the environment says', async () => {
    using authority = new Authority();
    await using server = await ScriptedApiServer.start(authority.sign('gateway'));
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, TOKEN, { mode: 0o600 });
    const line = ['list', '--url', server.url, '--token-file', tokenFile];
    const off = ['NODE_TLS_REJECT_UNAUTHORIZED', '0'] as const;
    const { code, err } = await withVariable(off, () => run(line));
    expect(code).to.equal(1);
    expect(err).to.include(`ask the gateway at ${server.url}: UNABLE_TO_VERIFY_LEAF_SIGNATURE`);
    expect(server.log).to.deep.equal([]);
  });

  it('gets the name and the version of the program', async () => {
    await using server = await ScriptedApiServer.start();
    server.answerBy((request) => {
      request.answer(200, { items: [], next: null, total: 0 });
      return true;
    });
    expect((await run(['list', '--url', server.url])).code).to.equal(0);
    expect(server.log[0]?.headers['user-agent']).to.equal(userAgent());
  });

  it('gets no media type for a body that an action does not have', async () => {
    const headers: IncomingHttpHeaders[] = [];
    await using server = await serving(({ headers: got }, response) => {
      headers.push(got);
      response.end();
    });
    await writeFile(join(folder, 'token'), TOKEN);
    const flags = ['--url', server.url, '--token-file', join(folder, 'token')];
    await run(['retry', idOf(1), ...flags]);
    expect(headers).to.have.length(1);
    expect(headers[0]).to.include({ accept: 'application/json', 'content-length': '0' });
    expect(headers[0]).to.not.have.property('content-type');
  });

  it('is reported as missing if nothing listens and there is no file', async () => {
    const port = await freePort();
    const { code, err } = await run(['list', '--url', `http://127.0.0.1:${port}`]);
    expect(code).to.equal(1);
    expect(err).to.include(`ask the gateway at http://127.0.0.1:${port}: nothing listens there`);
    expect(err).to.include('or give the gateway’s address with --url');
    const file = await run(['list', '--store', 'none.db']);
    expect(file.code).to.equal(1);
    expect(file.err).to.include(`open the store ${join(folder, 'none.db')}: no such file`);
    const memory = await run(['list', '--store', 'memory']);
    expect(memory.err).to.include('a store of the kind memory exists only in its gateway');
  });

  it('is the store of SLUICE_STORE or of a configuration if nothing listens', async function () {
    // This address is fixed: another gateway may run here.
    const isUsed = await isTaken(8081);
    if (isUsed) leaveOut(this, 'the spec of the default address', 'port 8081 is taken');
    await using world = await aFileWorld();
    await world.commit([numbered(1)]);
    const file = join(world.folder, 'sluice.db');
    const config = join(folder, 'sluice.yaml');
    await writeFile(config, `store: { sqlite: { path: ${file} } }\nnonsense: 1\n`);
    const ways: readonly (readonly [string[], Record<string, string>])[] = [
      [[], { SLUICE_STORE: file }],
      [[], { SLUICE_DATA: world.folder }],
      [['--config', config], {}],
      [[], { GATEWAY_CONFIG: config }],
    ];
    for (const [flags, environment] of ways) {
      const { code, out, err } = await run(['list', ...flags], environment);
      expect(code, err).to.equal(0);
      expect(out).to.include(idOf(1));
      expect(err).to.equal(`(from the file ${file}: nothing listens on http://127.0.0.1:8081)\n`);
    }
  });

  it('cannot be a file that another process has open; the message names the gateway to ask', async () => {
    const path = join(folder, 'sluice.db');
    await using held = await sqliteKind.create({ path }, { folder, maxBytes: 0 }).open();
    expect(held.journal.durable).to.equal(true);
    const { code, err } = await run(['list', '--store', path]);
    expect(code).to.equal(1);
    expect(err).to.include(path).and.include('--url');
  });

  it('cannot be a file that Sluice did not write, which stays unchanged', async () => {
    await mkdir(join(folder, 'sub'));
    await writeFile(
      join(folder, 'other.db'),
      'no database at all, but long enough to be looked at',
    );
    for (const name of ['other.db', 'sub']) {
      const { code, err } = await run(['list', '--store', name]);
      expect(code, err).to.equal(1);
      expect(err)
        .to.include(join(folder, name))
        .and.not.match(/\n\s+at /);
    }
  });

  describe('with a token', () => {
    let bench: ApiBench;
    beforeEach(async () => {
      bench = await ApiBench.open();
      await bench.commit([numbered(1)]);
    });
    afterEach(() => bench[Symbol.asyncDispose]());
    const url = (): string => `http://127.0.0.1:${bench.port}`;
    const token = async (name: string, text = TOKEN): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    };

    it('uses the gateway’s own beside the store for requests that need one', async () => {
      await token('sluice.token');
      const data = { SLUICE_DATA: folder };
      expect((await run(['retry', idOf(1), '--url', url()], data)).code).to.equal(0);
    });

    it('reads over loopback without one, even if one is beside the store', async () => {
      await token('sluice.token', 'the-token-of-another-gateway');
      const { code, out } = await run(['list', '--url', url()], { SLUICE_DATA: folder });
      expect(code).to.equal(0);
      expect(out).to.include(idOf(1));
    });

    describe('of a gateway that requires one for reads', () => {
      const triggers = 'triggers: { build: { exec: { command: [never] } } }\n';
      const config = `version: 1\nhttp: { api: { requireToken: true } }\n${triggers}`;
      const strict = () => ApiBench.open({ config });

      it('uses the one beside the store, for every command', async () => {
        await token('sluice.token');
        await using gateway = await strict();
        await gateway.commit([numbered(1)]);
        const at = ['--url', `http://127.0.0.1:${gateway.port}`];
        const data = { SLUICE_DATA: folder };
        for (const line of [['list'], ['show', idOf(1)], ['export'], ['retry', idOf(1)]]) {
          const { code, out, err } = await run([...line, ...at], data);
          expect(code, `${line.join(' ')}: ${err}`).to.equal(0);
          expect(out).to.include(idOf(1));
        }
      });

      it('names the file in which it looked', async () => {
        await using gateway = await strict();
        const at = ['--url', `http://127.0.0.1:${gateway.port}`];
        const { code, err } = await run(['list', ...at], { SLUICE_DATA: folder });
        expect(code).to.equal(1);
        expect(err).to.include(
          `it needs a token, and ${join(folder, 'sluice.token')} has none that can be read`,
        );
      });
    });

    const rows: readonly (readonly [what: string, file: string | null, said: string])[] = [
      ['none', null, 'sluice.token has none that can be read'],
      ['a wrong one', 'the-token-of-another-gateway', 'it refuses the token in'],
      ['one that is too short', 'short', 'has 5 characters, expected at least 16'],
    ];
    for (const [what, text, said] of rows) {
      it(`reports ${what}, and never the token`, async () => {
        const flags = text === null ? [] : ['--token-file', await token('named', text)];
        const { code, err } = await run(['retry', idOf(1), '--url', url(), ...flags]);
        expect(code).to.equal(1);
        expect(err)
          .to.include(said)
          .and.not.include(text ?? 'nothing');
        expect((await bench.store.archive.get(idOf(1)))?.retriedAt).to.equal(null);
      });
    }

    it('sends the own one to no other machine', async () => {
      await token('sluice.token');
      const seen: (string | undefined)[] = [];
      await using server = await serving((request, response) => {
        seen.push(request.headers.authorization);
        const problem = { 'content-type': 'application/problem+json' };
        response.writeHead(401, problem).end('{"status":401,"detail":"no"}');
      });
      // The same machine, under an address that does not say so.
      const away = `http://[::ffff:127.0.0.1]:${server.port}`;
      const data = { SLUICE_DATA: folder };
      for (const line of [['list'], ['retry', idOf(1)]]) {
        await run([...line, '--url', `http://127.0.0.1:${server.port}`], data);
      }
      expect(seen, 'this one').to.deep.equal([undefined, `Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
      seen.length = 0;
      for (const line of [['list'], ['retry', idOf(1)]]) {
        const { err } = await run([...line, '--url', away], data);
        expect(err).to.include('it needs a token: name its file with --token-file');
      }
      expect(seen, 'another').to.deep.equal([undefined, undefined]);
    });

    it('follows no redirect', async () => {
      const seen: string[] = [];
      await using server = await serving((request, response) => {
        seen.push(request.url ?? '');
        response.writeHead(307, { location: `${url()}/api/v1/deliveries` }).end();
      });
      const named = ['--token-file', await token('named')];
      const { code, err } = await run(['list', '--url', server.url, ...named]);
      expect(code).to.equal(1);
      expect(err).to.include('the answer is not from Sluice’s API: found status 307');
      expect(seen).to.have.length(1);
    });
  });

  const strange: readonly (readonly [what: string, answer: RequestListener, said: string])[] = [
    [
      'HTML',
      (_, to) => void to.setHeader('content-type', 'text/html').end('<p>'),
      'status 200 and text/html',
    ],
    [
      'half of JSON',
      (_, to) => void to.setHeader('content-type', 'application/json').end('{"a"'),
      'the answer is not from Sluice’s API: found status 200',
    ],
    [
      'another document',
      (_, to) => void to.setHeader('content-type', 'application/json').end('{}'),
      'not from Sluice’s API, or from another version (expected a page of deliveries)',
    ],
    [
      'a refusal that no list has',
      (_, to) => {
        to.writeHead(404, { 'content-type': 'application/problem+json' });
        to.end('{"detail":"no such path"}');
      },
      'ask for deliveries: found status 404: no such path',
    ],
    ['nothing', (request) => void request.socket.destroy(), 'ECONNRESET'],
    [
      'a half answer',
      (_, to) => void to.writeHead(200, { 'content-length': '9' }).write('{', () => to.destroy()),
      'ECONNRESET',
    ],
  ];
  for (const [what, answer, said] of strange) {
    it(`is not a server that answers ${what}`, async () => {
      await using server = await serving(answer);
      const { code, err } = await run(['list', '--url', server.url]);
      expect(code).to.equal(1);
      expect(err)
        .to.include(said)
        .and.not.match(/\n\s+at /);
    });
  }

  it('is not a server that stays silent', async () => {
    let asked = 0;
    await using server = await serving(() => void (asked += 1));
    const clock = new FakeClock();
    const ended = runLine(['deliveries', 'list', '--url', server.url], { folder, clock });
    await until(() => asked > 0, 'the request');
    await clock.advance(31_000);
    const { code, err } = await ended;
    expect(code).to.equal(1);
    expect(err).to.include('timeout: no answer for 30 s');
  });

  it('is requested by its given name', async () => {
    await using bench = await ApiBench.open();
    const { err } = await run(['list', '--url', `http://${NAMED_HOST}.invalid:${bench.port}`]);
    expect(err).to.match(/ask the gateway at http:\/\/sluice\.gateway\.svc\.invalid:\d+: E\w+/);
  });
});

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  await using server = await serving(() => undefined);
  return server.port;
}
