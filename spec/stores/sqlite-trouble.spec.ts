// The whole table of SQLite's result codes, and the reaction of the store to each class of them:
// retry or end.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';
import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { EXTENDED_RESULTS, failureOf, RESULTS } from '../../lib/stores/sqlite/sqlite-errors.ts';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { CLAIM, settle } from '../conformance/store-steps.ts';
import { aCommit, deliveries, idOf, NOW } from '../support/builders.ts';
import type { Fault } from './faulty-worker.ts';

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'store-unavailable': [
    ...['PERM', 'ABORT', 'BUSY', 'LOCKED', 'NOMEM', 'READONLY', 'INTERRUPT', 'IOERR', 'FULL'],
    ...['CANTOPEN', 'PROTOCOL'],
  ],
  'store-unusable': [
    ...['CORRUPT', 'NOLFS', 'FORMAT', 'NOTADB'],
    ...['READONLY_DBMOVED', 'IOERR_CORRUPTFS', 'IOERR_DATA'],
  ],
  internal: [
    ...['ERROR', 'INTERNAL', 'NOTFOUND', 'EMPTY', 'SCHEMA', 'TOOBIG', 'CONSTRAINT', 'MISMATCH'],
    ...['MISUSE', 'AUTH', 'RANGE'],
  ],
};

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('boom'), { errcode });
}

describe('the table of SQLite’s result codes', () => {
  const rows = [...Object.entries(RESULTS), ...Object.entries(EXTENDED_RESULTS)];
  for (const [code, { name, means }] of rows) {
    it(`classifies ${name} as ${means}`, () => {
      expect(failureOf(sqliteError(Number(code)))).to.include({ code: means, result: name });
      expect(EXPECTED[means]).to.include(name.replace('SQLITE_', ''));
    });
  }

  it('has every primary code', () => {
    expect(Object.keys(RESULTS).map(Number)).to.deep.equal(
      Array.from({ length: 26 }, (_, n) => n + 1),
    );
    expect(rows).to.have.length(Object.values(EXPECTED).flat().length);
  });

  it('classifies an extended code like its primary one unless the table has it', () => {
    expect(failureOf(sqliteError(10 | (4 << 8)))).to.include({ result: 'SQLITE_IOERR' });
    expect(failureOf(sqliteError(26 << 20))).to.include({ code: 'internal' });
  });

  it('classifies errors of other origin as a bug', () => {
    expect(failureOf(new TypeError('x'))).to.include({ code: 'internal', result: 'none' });
  });
});

describe('a sqlite store that fails', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-fault-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A store with failing statements, which begin after the key `armed` was written. */
  async function openWith(fault: Fault): Promise<Store> {
    setEnvironmentData('fault', fault);
    const worker = new URL('./faulty-worker.ts', import.meta.url);
    const store = await openSqliteStore({ path: join(folder, 'a.db'), maxBytes: 0, worker });
    await store.journal.commit(aCommit({ deliveries: deliveries(2) }));
    await store.keyValues.write('armed', 'yes');
    return store;
  }

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: unknown) => (error as { code: unknown }).code,
    );

  const FAULTS: readonly [string, number, string][] = [
    ['a full disk', 13, 'INSERT INTO body'],
    ['a full disk at COMMIT', 13, 'COMMIT'],
    ['a disk that fails', 10, 'INSERT INTO delivery'],
    ['a disk that fails at COMMIT', 10 | (4 << 8), 'COMMIT'],
    ['a lock', 5, 'BEGIN'],
    ['a disk that became read-only', 8, 'INSERT INTO delivery'],
  ];
  for (const [what, errcode, sql] of FAULTS) {
    it(`stores nothing of a commit at ${what}, and accepts it on retry`, async () => {
      await using store = await openWith({ errcode, sql, times: 1 });
      const commit = aCommit({ deliveries: deliveries(4) });
      expect(await codeOf(store.journal.commit(commit))).to.equal('store-unavailable');
      expect(await store.archive.list({ limit: 9 })).to.have.length(2);
      expect(await store.archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count: 2 },
      ]);
      expect(await codeOf(store.journal.commit(commit))).to.equal('done');
      expect(await store.archive.counts()).to.deep.equal([
        { trigger: 'build', state: 'waiting', count: 4 },
      ]);
    });
  }

  it('executes all other concurrent calls if one fails', async () => {
    await using store = await openWith({ errcode: 13, sql: 'INSERT INTO body', times: 1_000 });
    const [claimed] = await store.outbox.claim({ ...CLAIM, limit: 1 });
    expect(claimed?.id).to.equal(idOf(0));
    const answers = await Promise.all([
      codeOf(settle(store, idOf(0))),
      codeOf(store.journal.commit(aCommit({ deliveries: deliveries(3) }))),
      codeOf(store.keyValues.write('a', 'b')),
      codeOf(store.upkeep.shift(1_000)),
    ]);
    expect(answers).to.deep.equal(['done', 'store-unavailable', 'done', 'done']);
    expect((await store.archive.get(idOf(0)))?.state).to.equal('delivered');
    expect((await store.archive.get(idOf(1)))?.dueAt).to.equal(NOW + 1_000);
    expect(await store.keyValues.read('a')).to.equal('b');
  });

  it('counts an attempt once if it was rolled back with another call and repeated', async () => {
    await using store = await openWith({ errcode: 13, sql: 'INSERT INTO body', times: 1 });
    await store.outbox.claim({ ...CLAIM, limit: 1 });
    const [attempted] = await Promise.all([
      store.outbox.attempt({ id: idOf(0), incarnation: 'one', now: NOW }),
      codeOf(store.journal.commit(aCommit({ deliveries: deliveries(3) }))),
    ]);
    expect(attempted).to.have.nested.property('delivery.attempts').with.length(1);
    expect((await settle(store, idOf(0))).attempts).to.have.length(1);
  });

  it('shifts no due time if the shift could not be stored', async () => {
    await using store = await openWith({ errcode: 13, sql: 'COMMIT', times: 1 });
    expect(await codeOf(store.upkeep.shift(1_000))).to.equal('store-unavailable');
    expect((await store.archive.get(idOf(1)))?.dueAt).to.equal(NOW);
    expect(await store.outbox.next('build')).to.equal(NOW);
  });

  it('fails every call after its file was found damaged', async () => {
    await using store = await openWith({ errcode: 11, sql: 'INSERT INTO body', times: 1 });
    const commit = aCommit({ deliveries: deliveries(3) });
    expect(await codeOf(store.journal.commit(commit))).to.equal('store-unusable');
    expect(await codeOf(store.journal.commit(aCommit()))).to.equal('store-unusable');
    expect(await codeOf(store.keyValues.read('a'))).to.equal('store-unusable');
  });

  it('fails every call after its thread ended', async () => {
    const store = await openWith({ errcode: 0, sql: 'INSERT INTO body', times: 1 });
    const calls = [
      store.journal.commit(aCommit({ deliveries: deliveries(3) })),
      store.keyValues.read('a'),
      store.outbox.next('build'),
    ];
    const codes = await Promise.all(calls.map(codeOf));
    expect(codes).to.deep.equal(['store-unusable', 'store-unusable', 'store-unusable']);
    expect(await codeOf(store.keyValues.read('a'))).to.equal('store-unusable');
    await store[Symbol.asyncDispose]();
  });
});
