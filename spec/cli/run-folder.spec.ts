// The folder of `sluice run` for its own files, and its log about it.

import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { until } from '../support/until.ts';
import { aPlayedCluster } from './played-cluster.ts';
import { runLine, specMachine } from './process-context.ts';

describe('the files of sluice run', () => {
  const cluster = aPlayedCluster();
  let top = '';
  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'sluice-files-')));
    for (const name of ['here', 'home']) await mkdir(join(top, name));
  });
  afterEach(() => rm(top, { recursive: true }));
  const at = (...names: readonly string[]): string => join(top, ...names);

  /** The log of a run that stops after it has read the cluster. */
  const logOf = async (
    environment: Readonly<Record<string, string>>,
    flags: readonly string[] = [],
  ): Promise<string> => {
    const machine = specMachine({ folder: at('here'), environment });
    const to = ['--master', cluster().playback.url, '--namespace', 'shop', '--log-format', 'text'];
    const listeners = ['--probes', 'off', '--api', '127.0.0.1:0'];
    const running = runCommandLine(['run', ...to, ...listeners, ...flags], machine);
    await until(() => machine.out().includes('reject') || machine.err() !== '', 'the decision');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running, machine.err()).to.equal(0);
    return machine.out();
  };

  it('are in the state folder, and the log has their paths', async () => {
    const log = await logOf({ HOME: at('home') });
    const folder = at('home', '.local/state/sluice');
    expect(log).to.include(
      `store sqlite in ${folder}/sluice.db, its history in ${folder}/sluice-history.db`,
    );
    expect(log).to.include(`with the token in ${folder}/sluice.token`);
    const warnings = log.match(/^\S+Z warn .*/gm) ?? [];
    expect(warnings.map((line) => line.split(/ \[/).at(-1))).to.deep.equal(['no-configuration]']);
    expect((await stat(folder)).mode & 0o777).to.equal(0o700);
    expect(await readdir(at('here'))).to.deep.equal([]);
  });

  it('include the log file of a relative path; one that cannot be written refuses the start', async () => {
    const file = at('home', '.local/state/sluice', 'logs', 'sluice.log');
    const named = async (path: string): Promise<readonly string[]> => {
      const text = `version: 1\nlogging: { file: { path: ${path} } }\n`;
      await writeFile(at('here', 'sluice.yaml'), text);
      return ['--config', 'sluice.yaml'];
    };
    const log = await logOf({ HOME: at('home') }, await named('logs/sluice.log'));
    const records = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(records.length).to.equal(log.trimEnd().split('\n').length);
    expect(records.at(-1)).to.include('"kind":"stopped"');
    const flags = ['--master', cluster().playback.url, '--probes', 'off', '--api', 'off'];
    const given = [...flags, ...(await named(at('here', 'sluice.yaml', 'a.log')))];
    const machine = { folder: at('here'), environment: { HOME: at('home') } };
    const { code, err } = await runLine(['run', ...given], machine);
    expect(code).to.equal(1);
    expect(err).to.match(/write the log file \S+\/sluice\.yaml\/a\.log: .*\bE[A-Z]+$/m);
  });

  it('stay in the working directory if a store is there, with a warning', async () => {
    await writeFile(at('here', 'sluice.db'), '');
    const log = await logOf({ HOME: at('home') });
    expect(log).to.match(/ warn {2}the store \S+\/here\/sluice\.db is in the working directory/);
    expect(log).to.include(`with the token in ${at('here', 'sluice.token')}`);
    expect(await readdir(at('home'))).to.deep.equal([]);
  });

  it('are reported as impossible if the home does not exist', async () => {
    const environment = { HOME: at('nobody') };
    const to = ['--master', cluster().playback.url, '--probes', 'off', '--api', 'off'];
    const { code, err } = await runLine(['run', ...to], { folder: at('here'), environment });
    expect(code).to.equal(1);
    expect(err).to.include('there is no such home folder; set SLUICE_DATA to a folder');
    expect(await readdir(top)).to.not.include('nobody');
  });

  for (const [what, environment] of [
    ['without a home', {}],
    ['in a home that is missing', { HOME: '/nonexistent/me' }],
  ] as const) {
    it(`are not needed ${what} by a store in memory, and the log says that it cannot store a token`, async () => {
      const log = await logOf(environment, ['--store', 'memory']);
      expect(log).to.include('cannot store a token: ').and.include('SLUICE_DATA');
    });
  }

  it('are found again by sluice deliveries', async () => {
    await logOf({ HOME: at('home') });
    const store = at('home', '.local/state/sluice/sluice.db');
    const environment = { HOME: at('home') };
    const asked = { folder: at('here'), environment };
    const { code, out, err } = await runLine(['deliveries', 'list', '--store', store], asked);
    expect([code, out], err).to.deep.equal([0, 'no deliveries\n']);
  });
});
