// `sluice run` on a playback: flags override the file.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { recordingStore } from '../support/doubles/store.ts';
import { until } from '../support/until.ts';
import { aPlayedCluster } from './played-cluster.ts';
import { specMachine } from './process-context.ts';

describe('sluice run', () => {
  const cluster = aPlayedCluster();

  it('logs the original’s lines for the original’s form with --log-format brigade', async () => {
    const file = join(cluster().folder, 'filters.json');
    const filters = [{ kind: 'Node', action: 'accept' }, { action: 'reject' }];
    await writeFile(file, JSON.stringify({ project: 'org/repo', filters }));
    const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
    const args = ['-config', file, '-master', cluster().playback.url, '-namespace', 'shop'];
    const running = runCommandLine(
      [...args, '--log-format', 'brigade', '--probes', 'off', '--api', 'off'],
      machine,
    );
    await until(() => machine.err().includes('Rejecting'), 'the decision');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
    expect(machine.out()).to.match(/^Processing shop\/web-1\.17f1e2d3c4b5a697: \{$/m);
    expect(machine.err()).to.include('rule 0: kind mismatch');
    expect(machine.err()).to.include('rule 1: matched all conditions of rule');
    expect(machine.err()).to.include('Rejecting shop/web-1.17f1e2d3c4b5a697 by filter');
  });

  it('logs as the flags say, whatever the file says', async () => {
    const file = join(cluster().folder, 'quiet.json');
    const logging = { format: 'text', level: 'error', decisions: 'none', event: 'line' };
    await writeFile(file, JSON.stringify({ version: 1, logging, filters: [{ action: 'reject' }] }));
    const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
    const at = ['--master', cluster().playback.url, '--namespace', 'shop'];
    const off = ['--probes', 'off', '--api', 'off'];
    const log = ['--log-format', 'json', '--log-level', 'debug', '--log-decisions', 'all'];
    const args = ['run', '--config', file, ...at, ...off, ...log, '--log-event', 'full'];
    const running = runCommandLine(args, machine);
    const linesOf = (kind: string): readonly Readonly<Record<string, unknown>>[] =>
      machine
        .out()
        .split('\n')
        .filter((line) => line.includes(`"kind":"${kind}"`))
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    await until(() => linesOf('decision').length > 0, 'a decision');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
    expect(linesOf('decision')[0]).to.have.nested.property('fullEvent.metadata.namespace', 'shop');
    expect(machine.out()).to.include('"level":"debug"');
  });

  it('opens the probes at the address of --probes', async () => {
    const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
    const args = [
      'run',
      '--master',
      cluster().playback.url,
      '--namespace',
      'shop',
      '--log-format',
      'json',
    ];
    const running = runCommandLine([...args, '--probes', '127.0.0.1:0', '--api', 'off'], machine);
    const address = await until(
      () => /"address":"([\d.:]+)"/.exec(machine.out())?.[1],
      'the probes',
    );
    await until(async () => (await fetch(`http://${address}/readyz`)).status === 200, 'readiness');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
  });

  for (const command of ['run', 'record']) {
    it(`stops ${command} while a plugin for credentials hangs`, async () => {
      const file = join(cluster().folder, 'kubeconfig.json');
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: process.execPath,
        args: [
          '-e',
          `require('node:fs').writeFileSync('${file}.hangs', String(process.pid)); setTimeout(() => {}, 20000)`,
        ],
        interactiveMode: 'Never',
      };
      const kubeconfig = {
        'current-context': 'a',
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
        clusters: [{ name: 'a', cluster: { server: cluster().playback.url } }],
        users: [{ name: 'a', user: { exec } }],
      };
      await writeFile(file, JSON.stringify(kubeconfig));
      const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
      const args = [command, '--kubeconfig', file, '--namespace', 'shop'];
      const listeners = ['--probes', 'off', '--api', 'off', '--log-format', 'text'];
      const running = runCommandLine(command === 'run' ? [...args, ...listeners] : args, machine);
      const plugin = await until(
        async () => Number(await readFile(`${file}.hangs`, 'utf8')) || null,
        'the plugin to run',
      );
      machine.stopping.abort(new Error('SIGTERM'));
      expect(await running, machine.err()).to.equal(0);
      // The command does not wait for its plugin; without this the specs would.
      process.kill(plugin);
      if (command === 'run') expect(machine.out()).to.include('stopping: SIGTERM');
    });
  }

  it('passes the open store to its wrapper', async () => {
    let kept = (): readonly string[] => [];
    const aroundStore = (inner: Store): Store => {
      const { store, of } = recordingStore(inner);
      kept = () => of('write').map(([name]) => name);
      return store;
    };
    const file = join(cluster().folder, 'sluice.yaml');
    await writeFile(file, 'version: 1\nfilters: [{ kind: Pod, action: reject }]\n');
    const machine = specMachine({ aroundStore, environment: {} });
    const off = ['--probes', 'off', '--api', 'off', '--log-format', 'text'];
    const at = ['--master', cluster().playback.url, '--namespace', 'shop', '--store', 'memory'];
    const running = runCommandLine(['run', '--config', file, ...at, ...off], machine);
    await until(() => machine.out().includes('reject'), 'the decision');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
    expect(kept()).to.include.members(['configuration', 'cluster']);
    expect(machine.out()).to.match(/info {2}store memory\n/);
  });

  it('continues to read while a full store rejects the configuration, and stores it later', async () => {
    let refusals = 0;
    let isKept = false;
    let hasRoom = false;
    const aroundStore = (store: Store): Store => ({
      ...store,
      keyValues: {
        read: (name) => store.keyValues.read(name),
        write: async (name, value) => {
          if (name !== 'configuration') return store.keyValues.write(name, value);
          if (hasRoom) isKept = true;
          else throw new SluiceError('store-unavailable', `no room ${(refusals += 1)}`);
        },
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    });
    const file = join(cluster().folder, 'sluice.yaml');
    await writeFile(file, 'version: 1\nfilters: [{ kind: Pod, action: reject }]\n');
    const machine = specMachine({ aroundStore });
    const off = ['--probes', 'off', '--api', 'off', '--log-format', 'text'];
    const at = ['--master', cluster().playback.url, '--namespace', 'shop', '--store', 'memory'];
    const running = runCommandLine(['run', '--config', file, ...at, ...off], machine);
    await until(() => machine.out().includes('reject') && refusals > 0, 'the decision');
    hasRoom = true;
    await until(() => isKept, 'the configuration to be kept');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
    expect(machine.out()).to.match(/error the store accepts no changes: .*no room 1/);
  });

  it('rejects every Event without a configuration, and warns about that', async () => {
    const machine = specMachine({ environment: { SLUICE_DATA: cluster().folder } });
    const args = [
      '--master',
      cluster().playback.url,
      '--namespace',
      'shop',
      '--probes',
      'off',
      '--api',
      'off',
    ];
    const running = runCommandLine([...args, '--log-format', 'text'], machine);
    await until(() => machine.out().includes('reject'), 'the decision');
    machine.stopping.abort(new Error('SIGTERM'));
    expect(await running).to.equal(0);
    expect(machine.out().split('\n')[0]).to.include('every Event is logged and rejected');
    expect(machine.out()).not.to.include('accept queued');
  });
});
