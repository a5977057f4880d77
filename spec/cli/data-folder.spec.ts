// The folder of the gateway's own files: how it is chosen and created, and the store of an earlier
// version in the working directory.

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import {
  type DataFolder,
  findDataFolder,
  givenFolder,
  makeDataFolder,
  storeToMove,
} from '../../lib/cli/data-folder.ts';
import { SluiceError } from '../../lib/core/errors.ts';

const STORE = 'sluice.db';

const NOBODY = 65_534;

describe('the folder of the own files', () => {
  let top = '';
  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'sluice-folder-')));
    for (const name of ['here', 'home']) await mkdir(join(top, name));
  });
  afterEach(async () => {
    await chmod(join(top, 'home'), 0o700).catch(() => undefined);
    await rm(top, { recursive: true });
  });
  const at = (...names: readonly string[]): string => join(top, ...names);
  const find = (
    environment: Readonly<Record<string, string>>,
    path: string | null = STORE,
  ): Promise<DataFolder> => findDataFolder(path, { folder: at('here'), environment });
  const home = (): Record<string, string> => ({ HOME: at('home') });
  const touch = async (...names: readonly string[]): Promise<void> => {
    await mkdir(dirname(at(...names)), { recursive: true });
    await writeFile(at(...names), '');
  };

  const named: readonly (readonly [Record<string, string>, string, DataFolder['from']])[] = [
    [{ SLUICE_DATA: '/data', XDG_STATE_HOME: '/state', HOME: '/me' }, '/data', 'given'],
    [{ XDG_STATE_HOME: '/state', HOME: '/me' }, '/state/sluice', 'XDG_STATE_HOME'],
    [{ XDG_STATE_HOME: 'state', HOME: '/me' }, '/me/.local/state/sluice', 'HOME'],
    [{ SLUICE_DATA: '', XDG_STATE_HOME: '', HOME: '/me' }, '/me/.local/state/sluice', 'HOME'],
  ];
  for (const [environment, path, from] of named) {
    it(`is ${path} with ${JSON.stringify(environment)}`, async () => {
      expect(await find(environment)).to.include({ path, from, own: path });
    });
  }

  it('begins in the working directory if SLUICE_DATA is relative', async () => {
    expect(await find({ SLUICE_DATA: 'var' })).to.include({ path: at('here', 'var') });
  });

  it('is created with its parents, for its user only', async () => {
    const folder = await find(home());
    await makeDataFolder(folder);
    await makeDataFolder(folder);
    for (const path of [folder.path, dirname(folder.path)]) {
      expect((await stat(path)).mode & 0o777).to.equal(0o700);
    }
  });

  it('is created at the path of SLUICE_DATA', async () => {
    await makeDataFolder(await find({ SLUICE_DATA: at('a', 'b') }));
    expect((await stat(at('a', 'b'))).mode & 0o777).to.equal(0o700);
  });

  const refused: readonly (readonly [
    what: string,
    environment: () => Record<string, string>,
    prepare: () => Promise<unknown>,
    said: RegExp,
  ])[] = [
    ['no variable names one', () => ({}), async () => undefined, /none of SLUICE_DATA, XDG_/],
    ['HOME is relative', () => ({ HOME: 'me' }), async () => undefined, /none of SLUICE_DATA/],
    [
      'the home is missing',
      () => ({ HOME: at('nobody') }),
      async () => undefined,
      /nobody\/\.local\/state\/sluice \(by HOME\): there is no such home folder/,
    ],
    [
      'the home is a file',
      () => ({ HOME: at('file') }),
      () => touch('file'),
      /a file where a folder is expected/,
    ],
    [
      'the folder is a file',
      home,
      () => touch('home', '.local/state/sluice'),
      /a file where a folder is expected/,
    ],
    [
      'SLUICE_DATA is a file',
      () => ({ SLUICE_DATA: at('file') }),
      () => touch('file'),
      /folder .*file: a file/,
    ],
  ];
  for (const [what, environment, prepare, said] of refused) {
    it(`is refused with the next step if ${what}`, async () => {
      await prepare();
      const error: unknown = await makeDataFolder(await find(environment())).catch(
        (e: unknown) => e,
      );
      expect(error).to.be.instanceOf(SluiceError).with.property('code', 'store-unusable');
      expect(String(error)).to.match(said).and.include('set SLUICE_DATA to a folder that');
      expect(await readdir(top)).to.not.include('nobody');
    });
  }

  it('is refused if the home cannot be written', async () => {
    // Root may write everywhere, so the process is another user for a moment.
    const isRoot = process.geteuid?.() === 0;
    await chmod(top, 0o755);
    await chmod(at('home'), 0o555);
    const folder = await find(home());
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      const error: unknown = await makeDataFolder(folder).catch((e: unknown) => e);
      expect(String(error)).to.include('permission denied; set SLUICE_DATA');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  describe('with a store of an earlier version in the working directory', () => {
    it('is the working directory, and the state folder is not created', async () => {
      await touch('here', STORE);
      const folder = await find(home());
      expect(folder).to.include({ path: at('here'), from: 'working directory' });
      await makeDataFolder(folder);
      expect(await readdir(at('home'))).to.deep.equal([]);
    });

    it('is the working directory also for a path of the configuration', async () => {
      await touch('here', 'var/builds.db');
      expect(await find(home(), 'var/builds.db')).to.include({ from: 'working directory' });
      expect(await find(home())).to.include({ from: 'HOME' });
    });

    it('is the working directory also for a user without a home, with no folder to move to', async () => {
      await touch('here', STORE);
      const folder = await find({});
      expect(folder).to.include({ path: at('here'), from: 'working directory' });
      await makeDataFolder(folder);
      expect(await storeToMove(folder, at('here', STORE))).to.equal(null);
    });

    const elsewhere: readonly (readonly [string, () => Promise<DataFolder>])[] = [
      ['SLUICE_DATA names another', () => find({ SLUICE_DATA: at('data') })],
      ['the store is elsewhere', () => find(home(), null)],
      ['the path is absolute', () => find(home(), at('other.db'))],
    ];
    for (const [what, found] of elsewhere) {
      it(`is another folder if ${what}`, async () => {
        await touch('here', STORE);
        expect((await found()).from).to.not.equal('working directory');
      });
    }

    it('is another folder if the name belongs to a folder', async () => {
      await mkdir(at('here', STORE));
      expect((await find(home())).from).to.equal('HOME');
    });

    for (const name of ['here', 'it is here']) {
      it(`has a command that moves all files out of "${name}"`, async () => {
        const folder = at(name);
        const files = [STORE, `${STORE}-wal`, 'sluice-history.db', 'sluice.token'];
        for (const file of files) await touch(name, file);
        const found = await findDataFolder(STORE, { folder, environment: home() });
        const toMove = await storeToMove(found, join(folder, STORE));
        expect(toMove?.to).to.equal(at('home', '.local/state/sluice', STORE));
        await promisify(execFile)('/bin/sh', ['-euc', toMove?.command ?? 'false']);
        expect(await readdir(folder)).to.deep.equal([]);
        expect(await readdir(found.own)).to.have.members(files);
        expect((await stat(found.own)).mode & 0o777).to.equal(0o700);
        const after = await findDataFolder(STORE, { folder, environment: home() });
        expect(after.from).to.equal('HOME');
      });
    }

    it('has no command if another store could be overwritten', async () => {
      await touch('here', STORE);
      await touch('home', '.local/state/sluice', STORE);
      const toMove = await storeToMove(await find(home()), at('here', STORE));
      expect(toMove).to.include({ at: at('here', STORE), command: '' });
    });

    it('reports nothing about a store in the right folder', async () => {
      await touch('data', STORE);
      const given = await find({ SLUICE_DATA: at('data') });
      expect(await storeToMove(given, at('data', STORE))).to.equal(null);
      expect(await storeToMove(givenFolder(at('data')), '')).to.equal(null);
    });
  });
});
