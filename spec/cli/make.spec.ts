// `make run`, the first command of a new user: its command line, and the one-line message for an
// old Node.js.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { childEnvironment } from '../controlplane/environment.ts';
import { type Hook, hooked } from './hooked.ts';

const root = join(import.meta.dirname, '../..');
const HOME = '/me/my self';
// The Node.js of this process, whatever `node` is in the shell.
const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;

describe('a checkout on this machine', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-make-'));
    for (const name of ['Makefile', 'package.json', 'bin']) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, 'package-lock.json'), '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const make = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    spawnSync('make', args, {
      cwd: folder,
      encoding: 'utf8',
      env: childEnvironment({ PATH, HOME, ARGS: '', MAKEFLAGS: '', MAKELEVEL: '', ...environment }),
    });

  describe('with its packages', () => {
    beforeEach(() => {
      const installed = join(folder, 'node_modules/.package-lock.json');
      mkdirSync(join(folder, 'node_modules'));
      writeFileSync(installed, '{}');
      const later = new Date(Date.UTC(2100, 0));
      utimesSync(installed, later, later);
    });

    const lines: readonly (readonly [args: readonly string[], line: string])[] = [
      [[], 'demo'],
      [['ARGS=--stay'], 'demo --stay'],
      [['CONFIG=my.yaml'], "demo --config 'my.yaml'"],
      [['KUBECONFIG=k'], "run --kubeconfig 'k'"],
      [
        ['KUBECONFIG=~/.kube/config', 'CONFIG=~/my files/x.yaml'],
        `run --kubeconfig '${HOME}/.kube/config' --config '${HOME}/my files/x.yaml'`,
      ],
      [["CONFIG=it's~/x.yaml"], "demo --config 'it'\\''s~/x.yaml'"],
    ];
    for (const [args, line] of lines) {
      it(`runs sluice ${line} for make run ${args.join(' ')}`, () => {
        const { stdout, stderr } = make(['-n', 'run', ...args]);
        const last = stdout.trimEnd().split('\n').at(-1)?.trimEnd().replaceAll(/ +/g, ' ');
        expect(last, stderr).to.equal(`exec node bin/sluice.js ${line}`);
      });
    }

    it('installs nothing if the list of packages has a new time only', () => {
      writeFileSync(join(folder, 'node_modules/.installed-package-lock.json'), '{}');
      const latest = new Date(Date.UTC(2101, 0));
      utimesSync(join(folder, 'package-lock.json'), latest, latest);
      mkdirSync(join(folder, 'programs'));
      writeFileSync(join(folder, 'programs/npm'), '#!/bin/sh\n', { mode: 0o755 });
      const withNpm = { PATH: `${join(folder, 'programs')}:${PATH}` };
      const target = 'node_modules/.package-lock.json';
      const { status, stdout, stderr } = make([target], withNpm);
      expect(status, stderr).to.equal(0);
      expect(stdout).to.not.include('installing');
      writeFileSync(join(folder, 'package-lock.json'), '{ }');
      utimesSync(join(folder, 'package-lock.json'), latest, latest);
      expect(make([target], withNpm).stdout).to.include('installing');
    });

    it('runs the demo also if the environment names a cluster', () => {
      const { stdout } = make(['-n', 'run'], { KUBECONFIG: '/etc/prod', CONFIG: 'x' });
      expect(stdout).to.match(/sluice\.js demo\s*$/);
    });
  });

  const NEEDS = 'needs Node.js 24.15 or newer, this is 20.0.0';
  const MAC =
    `${NEEDS}: no package brings one for darwin-${process.arch}, install it from https://nodejs.org, ` +
    'or brew install node';

  const withHooks = (...hooks: readonly Hook[]): Readonly<Record<string, string>> =>
    hooked(mkdtempSync(join(folder, 'hooks-')), hooks);
  const saidBy = (text: string): readonly string[] =>
    text.split('\n').filter((line) => line !== '' && !/^(?:first|second) process /.test(line));

  it('prints on a Mac one line about the missing Node.js, before it installs anything', () => {
    const { status, stdout, stderr } = make(['run'], withHooks('older', 'mac'));
    expect(saidBy(stderr)[0]).to.equal(`make: ${MAC}`);
    expect(stdout).to.not.include('installing');
    expect(status).to.equal(2);
  });

  it('installs Node.js on Linux from a package', () => {
    const { stdout } = make(['-n', 'run'], withHooks('older'));
    expect(stdout).to.match(/npm ci --loglevel=error/);
    expect(make(['node'], withHooks('older')).status).to.equal(0);
  });

  const rows: readonly (readonly [string, readonly Hook[], string])[] = [
    ['on a Mac', ['older', 'mac'], MAC],
    ['on Linux', ['older'], `${NEEDS}: in a checkout, make run and make test install it`],
  ];
  for (const [where, hooks, line] of rows) {
    it(`prints ${where} one line about the needed Node.js from bin/sluice.js`, () => {
      const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/sluice.js')], {
        encoding: 'utf8',
        env: childEnvironment({ ...withHooks(...hooks) }),
      });
      expect(saidBy(stderr)).to.deep.equal([`sluice: ${line}`]);
      expect(status).to.equal(1);
    });
  }
});
