// The API of `sluice run` and `sluice demo`: the file of its token, and messages about it.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { until } from '../support/until.ts';
import { aPlayedCluster } from './played-cluster.ts';
import { runLine, type SpecMachine, specMachine } from './process-context.ts';

describe('the API of sluice run', () => {
  const cluster = aPlayedCluster();

  /** Runs until `use` is over. */
  const running = async (
    more: readonly string[],
    use: (at: {
      machine: SpecMachine;
      ask: (path: string, token?: string) => Promise<Response>;
    }) => Promise<void>,
  ): Promise<void> => {
    const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
    const args = [
      'run',
      '--master',
      cluster().playback.url,
      '--namespace',
      'shop',
      '--log-format',
      'text',
    ];
    const ports = ['--probes', 'off', '--api', '127.0.0.1:0'];
    const ended = runCommandLine([...args, ...ports, ...more], machine);
    const address = await until(() => /api on ([\d.:]+)/.exec(machine.out())?.[1], 'the API');
    const ask = (path: string, token?: string): Promise<Response> =>
      fetch(`http://${address}/api/v1/${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    try {
      await use({ machine, ask });
    } finally {
      machine.stopping.abort(new Error('SIGTERM'));
    }
    expect(await ended).to.equal(0);
  };

  it('creates a token in SLUICE_DATA, logs its path, and never the token', () =>
    running([], async ({ machine, ask }) => {
      const file = join(cluster().folder, 'sluice.token');
      const token = (await readFile(file, 'utf8')).trim();
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      expect(machine.out()).to.include(`, with the token in ${file}`);
      expect(`${machine.out()}${machine.err()}`).to.not.include(token);
      expect((await ask('status', token)).status).to.equal(200);
      expect((await ask('status', 'another-token-altogether')).status).to.equal(401);
    }));

  const ways: readonly (readonly [what: string, flags: readonly string[], config: string])[] = [
    ['the flag', ['--api-require-token'], ''],
    ['the configuration', [], 'version: 1\nhttp: { api: { requireToken: true } }\n'],
  ];
  for (const [what, flags, text] of ways) {
    it(`answers no read without the token by ${what}`, async () => {
      const file = join(cluster().folder, 'config.yaml');
      await writeFile(file, `${text}filters: []\n`);
      await running([...flags, '--config', file], async ({ ask }) => {
        const token = (await readFile(join(cluster().folder, 'sluice.token'), 'utf8')).trim();
        expect((await ask('status')).status).to.equal(401);
        expect((await ask('feed')).status).to.equal(401);
        expect((await ask('status', token)).status).to.equal(200);
      });
    });
  }

  it('warns that it answers no request if a token is required and none is usable', async () => {
    const file = join(cluster().folder, 'named');
    await writeFile(file, 'short');
    const flags = ['--api-require-token', '--api-token-file', file];
    await running(flags, async ({ machine, ask }) => {
      expect(machine.out()).to.match(
        /warn {2}configuration \/http\/tokenFile: .*5 characters.*; every request is refused/,
      );
      expect((await ask('status')).status).to.equal(503);
    });
  });

  it('returns the decisions of the gateway', () =>
    running([], async ({ ask }) => {
      const found = await until(async () => {
        const { items } = (await (await ask('decisions')).json()) as { items: object[] };
        return items[0];
      }, 'the decision');
      expect(found).to.include({ reason: 'BackOff', action: 'reject', rule: null });
      const status: unknown = await (await ask('status')).json();
      expect(status).to.have.nested.property('configuration.form', 'none');
      expect(status).to.have.nested.property('cluster.from', 'kube-system');
      expect(status).to.have.nested.property('sources[0].paths[0].state', 'watching');
    }));

  it('uses the token of a file, also after a rotation, and warns about an invalid one', async () => {
    const file = join(cluster().folder, 'named');
    await writeFile(file, 'first-token-of-the-file\n');
    await running(['--api-token-file', file], async ({ ask }) => {
      expect((await ask('status', 'first-token-of-the-file')).status).to.equal(200);
      await writeFile(file, 'second-token-of-the-file\n');
      await until(
        async () => (await ask('status', 'second-token-of-the-file')).status === 200,
        'the new token',
      );
      expect((await ask('status', 'first-token-of-the-file')).status).to.equal(401);
    });
    await writeFile(file, 'short');
    await running(['--api-token-file', file], async ({ machine, ask }) => {
      expect(machine.out()).to.match(
        /warn {2}configuration \/http\/tokenFile: .*5 characters.*; only reads over loopback are answered/,
      );
      expect((await ask('status')).status).to.equal(200);
    });
  });
});

describe('the API of sluice demo', () => {
  it('has its own address, and a token that is removed at the end', async () => {
    const { code, out } = await runLine(['demo', '--speed', 'full']);
    expect(code).to.equal(0);
    const told = /info {2}api on 127\.0\.0\.1:\d+, with the token in (\S+)\n/.exec(out);
    const file = told?.[1] ?? '';
    expect(file).to.match(/sluice\.token$/);
    await expectGone(file);
    await expectGone(dirname(file));
  }).timeout(20_000);

  it('continues with --stay after the recording, until it is stopped', async () => {
    const machine = specMachine();
    const running = runCommandLine(['demo', '--speed', 'full', '--stay'], machine);
    await until(
      () => machine.out().includes('The recording is over'),
      'the end of the recording',
      20_000,
    );
    const url = /--url (\S+)\n/.exec(machine.out())?.[1] ?? '';
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(machine.out()).to.include(`curl ${url}/api/v1/status\n`);
    const file = /--token-file (\S+)\n/.exec(machine.out())?.[1] ?? '';
    const token = (await readFile(file, 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${url}/api/v1/status`, { headers })).status).to.equal(200);
    machine.stopping.abort(new Error('SIGINT'));
    expect(await running).to.equal(0);
    expect(machine.out()).to.include('builds were started');
  }).timeout(40_000);
});

async function expectGone(path: string): Promise<void> {
  const found = await stat(path).then(
    () => true,
    () => false,
  );
  expect(found, path).to.equal(false);
}
