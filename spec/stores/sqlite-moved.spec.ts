// A store whose files are moved, deleted or replaced while it is open reports it and accepts no further
// calls. Checkpoints and VACUUM of SQLite itself have no such effect.

import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import type { Store } from '../../lib/core/ports/store.ts';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { OpenFiles } from '../../lib/stores/store-location.ts';
import { aCommit, deliveries } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

describe('a sqlite store with lost files', () => {
  let base = '';
  let folder = '';
  let path = '';
  let clock: FakeClock;
  let store: Store;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'sluice-moved-'));
    folder = join(base, 'data');
    await mkdir(folder);
    path = join(folder, 'sluice.db');
    clock = new FakeClock();
    store = await openSqliteStore({ path, maxBytes: 0, clock });
    await store.journal.commit(aCommit({ deliveries: deliveries(2) }));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await rm(base, { recursive: true, force: true });
  });

  const beat = (): Promise<void> => store.keyValues.write('heartbeat', '{}');

  const losses: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
    'is moved': [
      () => rename(path, join(base, 'away.db')),
      /sluice\.db was moved or deleted while/,
    ],
    'is deleted': [() => rm(path), /sluice\.db was moved or deleted while/],
    'is replaced by a copy': [
      async () => {
        await copyFile(path, join(base, 'copy.db'));
        await rename(join(base, 'copy.db'), path);
      },
      /sluice\.db is another file now while/,
    ],
    'is replaced by a new file of the same name': [
      async () => {
        await rm(path);
        await writeFile(path, '');
      },
      /sluice\.db is another file now while/,
    ],
    'loses its log': [() => rm(`${path}-wal`), /sluice\.db-wal was moved or deleted while/],
    'is deleted with its folder': [
      () => rm(folder, { recursive: true }),
      /sluice\.db was moved or deleted while/,
    ],
    'is moved with its folder': [
      () => rename(folder, join(base, 'elsewhere')),
      /sluice\.db was moved or deleted while/,
    ],
  };
  for (const [what, [lose, told]] of Object.entries(losses)) {
    it(`reports that its file ${what}, and accepts no further calls`, async () => {
      await lose();
      await clock.advance(10_000);
      const error = await until(
        () =>
          beat().then(
            () => null,
            (failed: unknown) => failed,
          ),
        'the end',
      );
      expect(error).to.have.property('code', 'store-unusable');
      expect(String(error)).to.match(told);
      expect(String(error)).to.include('restore the file and its -wal');
    });
  }

  it('does not change a file that another program put in its place', async () => {
    await rename(path, join(base, 'away.db'));
    await rename(`${path}-wal`, join(base, 'away.db-wal'));
    await writeFile(path, 'another store');
    await writeFile(`${path}-wal`, 'and its log');
    await clock.advance(10_000);
    await until(
      () =>
        beat().then(
          () => false,
          () => true,
        ),
      'the end',
    );
    await store[Symbol.asyncDispose]();
    expect(await readFile(path, 'utf8')).to.equal('another store');
    expect(await readFile(`${path}-wal`, 'utf8')).to.equal('and its log');
  });

  it('checks its files once in some seconds, not with every call', async () => {
    await rename(path, join(base, 'away.db'));
    for (let calls = 0; calls < 100; calls += 1) await beat();
    await clock.advance(4_900);
    for (let calls = 0; calls < 100; calls += 1) await beat();
    await clock.advance(100);
    await until(
      () =>
        beat().then(
          () => false,
          () => true,
        ),
      'the end',
    );
  });

  it('continues after checkpoints and commits of any size', async () => {
    for (let round = 0; round < 20; round += 1) {
      await store.keyValues.write(`large-${round % 3}`, 'x'.repeat(2_000_000));
      await clock.advance(6_000);
      await beat();
    }
    expect(await store.archive.counts()).to.have.length(1);
  });

  it('is not checked without a clock, as for a short command', async () => {
    const other = join(folder, 'other.db');
    await using short = await openSqliteStore({ path: other, maxBytes: 0 });
    await rename(other, join(base, 'away.db'));
    for (let calls = 0; calls < 10; calls += 1) await short.keyValues.write('a', 'b');
  });

  it('does not report changes that SQLite makes to its files', async () => {
    const other = join(folder, 'plain.db');
    using database = new DatabaseSync(other);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    const lost: string[] = [];
    const files = await OpenFiles.of({ path: other, clock, lost: (file) => lost.push(file) });
    for (const sql of [
      'INSERT INTO t SELECT randomblob(100000) FROM (VALUES (1), (2), (3), (4))',
      'DELETE FROM t',
      'VACUUM',
      'PRAGMA wal_checkpoint(PASSIVE)',
      'PRAGMA wal_checkpoint(TRUNCATE)',
      'INSERT INTO t VALUES (1)',
    ]) {
      database.exec(sql);
      await clock.advance(5_000);
      await files.look();
    }
    expect(lost).to.deep.equal([]);
    await rm(other);
    await clock.advance(5_000);
    await files.look();
    expect(lost).to.deep.equal([other]);
  });
});
