// The location of the store by flag, variable, configuration or default.

import { expect } from 'chai';
import { findStore, placeWith, type StorePlace } from '../../lib/cli/data-folder.ts';
import type { StoreSection } from '../../lib/plan/plan-store.ts';

interface Row {
  readonly what: string;
  readonly flag?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly section?: StoreSection;
  readonly expected: readonly [kind: string, at: string, from: string];
}

const DATA = { SLUICE_DATA: '/data' };

const ROWS: readonly Row[] = [
  { what: 'nothing', expected: ['sqlite', '/me/.local/state/sluice/sluice.db', 'default'] },
  {
    what: 'only XDG_STATE_HOME',
    environment: { XDG_STATE_HOME: '/state' },
    expected: ['sqlite', '/state/sluice/sluice.db', 'default'],
  },
  {
    what: 'a relative path in the file, which begins in the state folder',
    section: { sqlite: { path: 'a/b.db' } },
    expected: ['sqlite', '/me/.local/state/sluice/a/b.db', 'file'],
  },
  {
    what: 'only SLUICE_DATA',
    environment: DATA,
    expected: ['sqlite', '/data/sluice.db', 'default'],
  },
  {
    what: 'SLUICE_DATA relative to the working directory',
    environment: { SLUICE_DATA: 'var' },
    expected: ['sqlite', '/here/var/sluice.db', 'default'],
  },
  {
    what: 'empty variables and an empty flag, as nothing',
    flag: '',
    environment: { SLUICE_DATA: '', SLUICE_STORE: '' },
    expected: ['sqlite', '/me/.local/state/sluice/sluice.db', 'default'],
  },
  {
    what: 'a path in the file, which begins in SLUICE_DATA',
    environment: DATA,
    section: { sqlite: { path: 'a/b.db' } },
    expected: ['sqlite', '/data/a/b.db', 'file'],
  },
  {
    what: 'an absolute path in the file',
    environment: DATA,
    section: { sqlite: { path: '/b.db' } },
    expected: ['sqlite', '/b.db', 'file'],
  },
  {
    what: 'sqlite in the file, without a path',
    environment: DATA,
    section: { sqlite: {} },
    expected: ['sqlite', '/data/sluice.db', 'file'],
  },
  {
    what: 'memory in the file',
    section: { memory: {} },
    expected: ['memory', '', 'file'],
  },
  {
    what: 'a variable, which overrides the file and begins in the working directory',
    environment: { ...DATA, SLUICE_STORE: 'v.db' },
    section: { sqlite: { path: 'f.db' } },
    expected: ['sqlite', '/here/v.db', 'environment'],
  },
  {
    what: 'memory in the variable',
    environment: { SLUICE_STORE: 'memory' },
    section: { sqlite: {} },
    expected: ['memory', '', 'environment'],
  },
  {
    what: 'a flag, which overrides all',
    flag: 'x/f.db',
    environment: { ...DATA, SLUICE_STORE: 'v.db' },
    section: { memory: {} },
    expected: ['sqlite', '/here/x/f.db', 'flag'],
  },
  {
    what: 'memory as the flag',
    flag: 'memory',
    environment: { SLUICE_STORE: 'v.db' },
    expected: ['memory', '', 'flag'],
  },
  {
    what: 'a file of the name memory',
    flag: './memory',
    expected: ['sqlite', '/here/memory', 'flag'],
  },
];

async function place(row: Omit<Row, 'what' | 'expected'>): Promise<StorePlace> {
  const { flag, environment, section = null } = row;
  const machine = { folder: '/here', environment: { HOME: '/me', ...environment } };
  return (await findStore({ flag, section }, machine)).place;
}

describe('findStore', () => {
  for (const { what, expected, ...row } of ROWS) {
    it(`finds it with ${what}`, async () => {
      const { kind, at, from } = await place(row);
      expect([kind, at, from]).to.deep.equal(expected);
    });
  }

  it('keeps all settings of the file except kind and path', async () => {
    const section = { sqlite: { path: 'f.db' }, maxSize: '2Gi', overflow: 'shed' } as const;
    expect((await place({ flag: 'x.db', section })).section).to.deep.equal({
      sqlite: { path: '/here/x.db' },
      maxSize: '2Gi',
      overflow: 'shed',
    });
    expect((await place({ flag: 'memory', section })).section).to.deep.equal({
      memory: {},
      maxSize: '2Gi',
      overflow: 'shed',
    });
  });
});

describe('placeWith', () => {
  it('uses all settings of another file except kind and path', async () => {
    const elsewhere = await place({ environment: DATA });
    const { section, at } = placeWith(elsewhere, { sqlite: { path: 'k.db' }, maxSize: '4Gi' });
    expect([at, section]).to.deep.equal(['/data/sluice.db', { sqlite: {}, maxSize: '4Gi' }]);
  });
});
