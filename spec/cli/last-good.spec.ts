// A restart with a refused file: the last good configuration runs, and log and health report it; a
// start that has none, or that is strict, exits 3.

import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { findStore } from '../../lib/cli/data-folder.ts';
import { chooseConfiguration } from '../../lib/cli/last-good.ts';
import { runCommandLine } from '../../lib/cli/main.ts';
import { createValidator } from '../../lib/config/validate.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { createSectionValidators } from '../../lib/plan/native-form.ts';
import { until } from '../support/until.ts';
import { VALIDATORS } from '../support/validators.ts';
import { aPlayedCluster } from './played-cluster.ts';
import { runLine, type SpecMachine, specMachine } from './process-context.ts';

const GOOD = `# only for our eyes
version: 1
filters: [{ name: pods-of-the-good-one, kind: Pod, action: reject }]
`;
const BAD = 'version: 1\nfilters: [{ kind: Pod, actoin: reject }]\n';
const SETTINGS = { namespace: 'shop', buildNamespace: 'shop', exec: 'refused' } as const;
const EXEC = `filters: [{ kind: Node, action: accept }]
triggers: { local: { exec: { command: [make] } } }
`;

describe('a restart with a refused configuration', () => {
  const cluster = aPlayedCluster();
  const file = (): string => join(cluster().folder, 'sluice.yaml');
  const write = (text: string): Promise<void> => writeFile(file(), text);
  const lineOf = (more: readonly string[]): readonly string[] => [
    ...['run', '--config', file(), '--master', cluster().playback.url, '--namespace', 'shop'],
    ...['--probes', '127.0.0.1:0', '--api', '127.0.0.1:0', '--log-format', 'text', ...more],
  ];
  const machineOf = (): SpecMachine =>
    specMachine({ environment: { SLUICE_DATA: cluster().folder } });

  const chosenFor = async (text: string, validators = VALIDATORS) => {
    const found = {
      ...loadPlan({ ...SETTINGS, validators, text }),
      text,
      file: file(),
      folder: '',
    };
    const machine = { ...machineOf(), validators };
    const { place } = await findStore({ flag: undefined, section: found.store }, machine);
    const dataFolder = cluster().folder;
    const request = { settings: SETTINGS, place, dataFolder, strictness: 'lenient' } as const;
    return chooseConfiguration(found, request, machine);
  };

  /** Runs until the only Event is judged and `look` has returned. */
  const judged = async (
    more: readonly string[] = [],
    look: (machine: SpecMachine) => Promise<void> = async () => undefined,
  ): Promise<SpecMachine> => {
    const machine = machineOf();
    const running = runCommandLine(lineOf(more), machine);
    try {
      await until(() => {
        if (machine.err() !== '') throw new Error(machine.err());
        return / source events|cluster \S+ at /.test(machine.out());
      }, 'the cluster to be found');
      await look(machine);
    } finally {
      machine.stopping.abort(new Error('SIGTERM'));
    }
    expect(await running, machine.err()).to.equal(0);
    return machine;
  };
  it('exits 3 for a mistyped file name, and runs no stored configuration', async () => {
    await write(GOOD);
    await judged();
    const line = lineOf([]).map((word) => (word === file() ? `${word}x` : word));
    const environment = { SLUICE_DATA: cluster().folder };
    const { code, err } = await runLine(line, { environment });
    expect(code).to.equal(3);
    expect(err).to.include(`sluice.db is of ${file()}`);
  });

  const refusedRun = (more: readonly string[] = []) =>
    runLine(lineOf(more), { environment: { SLUICE_DATA: cluster().folder } });
  const exists = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );

  it('runs the last good one, and reports it in the log, the probes, the status and a metric', async () => {
    await write(GOOD);
    const first = await judged([], async (machine) => {
      const metrics = await ask(machine, 'probes', '/metrics');
      expect(metrics).to.match(/^sluice_configuration_kept 0$/m);
    });
    expect(first.out()).to.not.include('last good one');
    await write(BAD);
    const second = await judged([], async (machine) => {
      expect(await ask(machine, 'probes', '/metrics')).to.match(/^sluice_configuration_kept 1$/m);
      const ready = await until(async () => {
        const text = await ask(machine, 'probes', '/readyz');
        return text.includes('"ready":true') ? text : undefined;
      }, 'readiness');
      expect(ready).to.match(/"notes":\[.*"configuration: refused; the last good one of 20/);
      const status: unknown = JSON.parse(await ask(machine, 'api', '/api/v1/status'));
      expect(status).to.have.nested.property('configuration.file', file());
      expect(status).to.have.nested.property('configuration.keptSince').that.matches(/^20/);
      const rules = await ask(machine, 'api', '/api/v1/rules');
      expect(rules).to.include('pods-of-the-good-one');
    });
    const { out, err } = { out: second.out(), err: second.err() };
    expect(out).to.match(/error configuration \/filters\/0\/actoin .*\[unknown-key\]\n/);
    expect(out).to.match(
      /error configuration \S+sluice\.yaml is refused \(1 problem\); the last good one of 20\S+ runs instead\n/,
    );
    expect(`${out}${err}`).to.not.include('only for our eyes');
  });

  it('runs it if the file is missing, not YAML, or of another program', async () => {
    await write(GOOD);
    await judged();
    await write('filters: [');
    expect((await judged()).out()).to.match(/\[not-yaml\]\n.*the last good one of/);
    await write('logLevel: error\nreceivers: []\n');
    expect((await judged()).out()).to.match(/\[wrong-file\]\n.*the last good one of/);
    await rm(file());
    const third = await judged();
    expect(third.out()).to.match(/\[unreadable\]\n.*sluice\.yaml is refused \(1 problem\)/);
    expect(third.out()).to.include('the last good one of 20');
  });

  it('runs it if a secret of the file is unreadable', async () => {
    await write(GOOD);
    await judged();
    const http = '{ url: "https://ci.example.test/h", auth: { bearer: { tokenFile: nothing } } }';
    await write(
      `filters: [{ kind: Node, action: accept }]\ntriggers: { hook: { http: ${http} } }\n`,
    );
    expect((await judged()).out()).to.match(/\[secret-unreadable\]\n.*the last good one of/);
  });

  it('exits 3 with --strict, before a store is opened', async () => {
    await write(GOOD);
    await judged();
    await write(BAD);
    const { code, err } = await refusedRun(['--strict', '--store', join(file(), 'no-folder')]);
    expect(code, err).to.equal(3);
    expect(err).to.include('error unknown-key');
    expect(err).to.match(/is refused: 1 error\n/);
  });

  it('exits 3 if there is none, and creates no store', async () => {
    await write(BAD);
    const { code, err } = await refusedRun();
    expect(code).to.equal(3);
    expect(err).to.include('error unknown-key');
    expect(err).to.match(/is refused: 1 error, and \S+sluice\.db has no last good one\n/);
    expect(await exists(join(cluster().folder, 'sluice.db'))).to.equal(false);
  });

  it('exits 3 with both reasons if it is refused, too', async () => {
    await write(EXEC);
    await judged(['--allow-exec']);
    await write(BAD);
    const { code, err } = await refusedRun();
    expect(code).to.equal(3);
    expect(err).to.include('error unknown-key');
    expect(err).to.match(
      /error unknown-key[^]*^last good \S+sluice\.yaml:2:\d+: error not-allowed: /m,
    );
    expect(err).to.match(/is refused: 1 error, and so is the last good one of 20/);
  });

  it('uses the store bounds of the one it runs, unless store: of the file is valid', async () => {
    await write(`${GOOD}store: { sqlite: {}, maxSize: 64Mi }\n`);
    await judged();
    const boundOf = async (text: string): Promise<unknown> =>
      (await chosenFor(text)).place.section.maxSize;
    expect(await boundOf('filters: [')).to.equal('64Mi');
    expect(await boundOf(`${BAD}store: { sqlite: {}, maxSize: 2Gi }\n`)).to.equal('2Gi');
    expect(await boundOf(`${BAD}store: { sqlite: {} }\n`)).to.equal(undefined);
  });

  it('is validated by the schemas that the file has compiled', async () => {
    await write(`${GOOD}logging: { level: info }\n`);
    await judged();
    const compiled: string[] = [];
    const validators = createSectionValidators((schema) => {
      compiled.push(Object.keys(schema['properties'] ?? {}).join());
      return createValidator(schema);
    });
    const { kept } = await chosenFor(BAD, validators);
    expect(kept?.file).to.equal(file());
    const sections = compiled.filter((names) => !names.includes(','));
    expect(sections).to.have.members(['version', 'filters', 'logging']);
  });

  it('finds the last good one in the store that the refused file names', async () => {
    const store = 'store: { sqlite: { path: elsewhere.db } }\n';
    await write(`${GOOD}${store}`);
    await judged();
    await write(`${BAD}${store}`);
    expect((await judged()).out()).to.include('the last good one of');
    await write(BAD);
    expect((await refusedRun()).code).to.equal(3);
    expect(await exists(join(cluster().folder, 'sluice.db'))).to.equal(false);
  });

  it('exits 1 before any reading if the store cannot be opened', async () => {
    await write(GOOD);
    await writeFile(
      join(cluster().folder, 'sluice.db'),
      'this is no database, but a text\n'.repeat(99),
    );
    const { code, err, out } = await refusedRun();
    expect(code).to.equal(1);
    expect(err).to.include('sluice.db');
    expect(out).to.not.match(/cluster|listing|watching/);
    await write(BAD);
    const both = await refusedRun();
    expect(both.code).to.equal(1);
    expect(both.err).to.match(/error unknown-key[\s\S]*open store \S+sluice\.db: /);
  });
});

async function ask(machine: SpecMachine, listener: string, path: string): Promise<string> {
  const pattern = new RegExp(` ${listener} on ([\\d.:]+)`);
  const address = await until(() => pattern.exec(machine.out())?.[1], `the ${listener}`);
  return (await fetch(`http://${address}${path}`)).text();
}
