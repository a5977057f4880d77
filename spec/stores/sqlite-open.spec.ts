// Failures to open a sqlite store. None of them changes an existing file.

import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { eventNamespaceOf } from '../../lib/core/delivery.ts';
import { SluiceError } from '../../lib/core/errors.ts';
import type { HistoryNote } from '../../lib/stores/sqlite/protocol.ts';
import { APPLICATION_ID, FORMAT, STEPS } from '../../lib/stores/sqlite/worker/schema.ts';
import { openSqliteStore, sqliteKind } from '../../lib/stores/sqlite.ts';
import { CLAIM } from '../conformance/store-steps.ts';
import { aCommit, deliveries, deliveriesOf, idOf, NOW } from '../support/builders.ts';

/** By convention, the user `nobody`, who owns no files. */
const NOBODY = 65_534;

describe('opening a sqlite store', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-open-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const at = (name: string): string => join(folder, name);
  const open = (name = 'sluice.db') => openSqliteStore({ path: at(name), maxBytes: 0 });

  async function refusal(name = 'sluice.db'): Promise<string> {
    try {
      const store = await open(name);
      await store[Symbol.asyncDispose]();
    } catch (error) {
      expect(error).to.be.instanceOf(SluiceError).with.property('code', 'store-unusable');
      return (error as SluiceError).message;
    }
    throw new Error('it opened');
  }

  async function make(name = 'sluice.db'): Promise<void> {
    await using store = await open(name);
    const decisions = [{ id: idOf(0), at: NOW, trail: [] }];
    await store.journal.commit(aCommit({ deliveries: deliveries(1), decisions }));
  }

  function alter(name: string, sql: string): void {
    const database = new DatabaseSync(at(name));
    database.exec(sql);
    database.close();
  }

  const ROWS: readonly [string, () => Promise<unknown>, RegExp][] = [
    [
      'its folder does not exist',
      async () => rm(folder, { recursive: true }),
      /no such file; create the folder/,
    ],
    [
      'its folder is a file',
      async () => {
        await rm(folder, { recursive: true });
        await writeFile(folder, '');
      },
      /a file where a folder is expected/,
    ],
    ['it is a folder', async () => mkdir(at('sluice.db')), /found|a folder; name a file/],
    [
      'it is not a database',
      async () => writeFile(at('sluice.db'), 'x'.repeat(5_000)),
      /did not write/,
    ],
    ['it is a short text', async () => writeFile(at('sluice.db'), 'hello'), /did not write/],
    [
      'it is the database of another program',
      async () => alter('sluice.db', 'CREATE TABLE a (b)'),
      /did not write/,
    ],
    [
      'it is marked as another program’s',
      async () => alter('sluice.db', 'PRAGMA application_id = 7; CREATE TABLE a (b)'),
      /did not write/,
    ],
    [
      'it is missing but its log exists',
      async () => writeFile(at('sluice.db-wal'), 'x'),
      /restore the file/,
    ],
    [
      'it is empty but its history exists',
      async () => {
        await writeFile(at('sluice.db'), '');
        await writeFile(at('sluice-history.db'), 'x');
      },
      /it is empty, but sluice-history\.db/,
    ],
    [
      'its pages are damaged',
      async () => {
        await make();
        const bytes = await readFile(at('sluice.db'));
        await writeFile(at('sluice.db'), bytes.fill(0x5a, 4_096));
      },
      /damaged \(/,
    ],
    [
      'it was truncated',
      async () => {
        await make();
        await writeFile(at('sluice.db'), (await readFile(at('sluice.db'))).subarray(0, 9_000));
      },
      /damaged \(/,
    ],
    [
      'only a newer program can read it',
      async () => {
        await make();
        const next = `PRAGMA user_version = ${FORMAT + 1}`;
        alter(
          'sluice.db',
          `${next}; UPDATE meta SET value = ${FORMAT + 1} WHERE name = 'minimum_reader'`,
        );
      },
      new RegExp(`format ${FORMAT + 1}, which needs at least ${FORMAT + 1}`),
    ],
  ];
  for (const [what, arrange, expected] of ROWS) {
    it(`is refused if ${what}, and changes nothing`, async () => {
      await arrange();
      const before = await contents(folder);
      const message = await refusal();
      expect(message).to.match(expected);
      expect(message).to.include(`open store ${at('sluice.db')}: `);
      expect(await contents(folder)).to.deep.equal(before);
    });
  }

  it('is refused while another process has it open, and succeeds afterwards', async () => {
    const first = await open();
    expect(await refusal()).to.match(/locked by another process \(|locked by another process/);
    await first[Symbol.asyncDispose]();
    await make();
  });

  it('is refused to another process, even after this one tried to open it again', async () => {
    await using store = await open();
    const module = new URL('../../lib/stores/sqlite.ts', import.meta.url).href;
    const program = `const { openSqliteStore } = await import(${JSON.stringify(module)});
      const opened = openSqliteStore({ path: ${JSON.stringify(at('sluice.db'))}, maxBytes: 0 });
      console.log(await opened.then(() => 'opened', ({ message }) => message));`;
    const other = (): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        timeout: 15_000,
      });
    expect(other()).to.match(/locked by another process/);
    expect(await refusal()).to.match(/locked by another process/);
    expect(other()).to.match(/locked by another process/);
    await store.keyValues.write('a', 'b');
  });

  it('is refused if the folder cannot be written', async () => {
    // Root may do everything, so the process becomes another user for a moment.
    const isRoot = process.geteuid?.() === 0;
    await chmod(folder, 0o555);
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      expect(await refusal()).to.match(/permission denied; make the folder writable/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(folder, 0o700);
    }
  });

  it('gives waiting deliveries of format 1 the namespaces of their Events', async () => {
    const old = new DatabaseSync(at('sluice.db'));
    old.exec(`${STEPS[0]}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1`);
    const made = ['noisy', 'noisy', 'noisy', 'quiet'].flatMap((namespace) =>
      deliveriesOf(namespace, { from: 0, count: 1 }),
    );
    const rows = made.map(({ key, bucket, cluster, source, rule, match, occurrences }) =>
      JSON.stringify({ key, bucket, cluster, source, rule, match, occurrences }),
    );
    // A body that SQLite cannot parse does not prevent the opening.
    for (const [place, text] of [...rows, `${'['.repeat(2_000)}${']'.repeat(2_000)}`].entries()) {
      const seq = place + 1;
      const trigger = place === 4 ? 'other' : 'build';
      old
        .prepare(`INSERT INTO queue VALUES (?, ?, ?, 0, ${NOW})`)
        .run(seq, trigger, `v1/Pod/shop/web-${place}`);
      old
        .prepare(
          `INSERT INTO delivery VALUES (?, ?, ?, '', ?, 'waiting', NULL, ${NOW}, ${NOW}, ?, NULL,
            '', 0, NULL, NULL, NULL, 0, NULL, NULL, ${NOW})`,
        )
        .run(seq, idOf(place), trigger, `v1/Pod/shop/web-${place}`, seq);
      old.prepare('INSERT INTO body VALUES (?, ?)').run(seq, text);
    }
    old.close();
    await using store = await open();
    const claimed = await store.outbox.claim({ ...CLAIM, limit: 2 });
    expect(claimed.map(eventNamespaceOf)).to.have.members(['noisy', 'quiet']);
  });

  it('opens a file that is one format ahead and allows this format as reader', async () => {
    await make();
    alter(
      'sluice.db',
      `PRAGMA user_version = ${FORMAT + 1}; ALTER TABLE delivery ADD COLUMN more TEXT`,
    );
    await using store = await open();
    await store.journal.commit(aCommit({ deliveries: deliveries(2) }));
    expect(await store.archive.list({ limit: 5 })).to.have.length(2);
  });

  it('opens a file that was created and never written', async () => {
    await writeFile(at('sluice.db'), '');
    await make();
  });

  it('creates files that only their owner can read', async () => {
    await using store = await open();
    const decisions = [{ id: idOf(0), at: NOW, trail: [] }];
    await store.journal.commit(aCommit({ deliveries: deliveries(1), decisions }));
    const names = await readdir(folder);
    expect(names).to.include.members(['sluice.db', 'sluice.db-wal', 'sluice-history.db']);
    for (const name of names) expect((await stat(at(name))).mode & 0o777, name).to.equal(0o600);
  });

  it('uses sluice.db in the folder of relative paths by default', async () => {
    for (const section of [{}, { path: 'other.db' }]) {
      const store = await sqliteKind.create(section, { folder, maxBytes: 0 }).open();
      await store[Symbol.asyncDispose]();
    }
    expect(await readdir(folder)).to.include.members(['sluice.db', 'other.db']);
  });

  it('leaves no log after it is closed', async () => {
    await make();
    expect(await readdir(folder)).to.have.members(['sluice.db', 'sluice-history.db']);
  });

  describe('with a damaged history', () => {
    async function openNoting(): Promise<readonly HistoryNote[]> {
      const notes: HistoryNote[] = [];
      const note = (one: HistoryNote): void => void notes.push(one);
      await using store = await openSqliteStore({ path: at('sluice.db'), maxBytes: 0, note });
      expect(await store.archive.decision(idOf(0))).to.equal(null);
      const decisions = [{ id: idOf(1), at: NOW, trail: [] }];
      await store.journal.commit(aCommit({ deliveries: deliveries(2), decisions }));
      expect(await store.archive.decision(idOf(1))).to.deep.equal(decisions[0]);
      expect(await store.archive.list({ limit: 5 })).to.have.length(2);
      return notes;
    }

    it('renames it, reports that, and continues with a new one', async () => {
      await make();
      await writeFile(at('sluice-history.db'), 'x'.repeat(9_000));
      const movedTo = at('sluice-history.db.damaged-1');
      const notes = await openNoting();
      expect(notes).to.have.length(1);
      expect(notes[0]).to.include({ file: at('sluice-history.db'), movedTo });
      expect(await readFile(movedTo, 'utf8')).to.equal('x'.repeat(9_000));
    });

    it('keeps several renamed files', async () => {
      for (const place of [1, 2]) {
        await rm(at('sluice.db'), { force: true });
        await rm(at('sluice-history.db'), { force: true });
        await make();
        await writeFile(at('sluice-history.db'), 'x'.repeat(9_000));
        expect((await openNoting())[0]?.movedTo).to.equal(at(`sluice-history.db.damaged-${place}`));
      }
    });

    it('continues without one if it cannot be created', async () => {
      await make();
      await rm(at('sluice-history.db'));
      await mkdir(at('sluice-history.db'));
      const notes: HistoryNote[] = [];
      const note = (one: HistoryNote): void => void notes.push(one);
      await using store = await openSqliteStore({ path: at('sluice.db'), maxBytes: 0, note });
      const decisions = [{ id: idOf(1), at: NOW, trail: [] }];
      await store.journal.commit(aCommit({ deliveries: deliveries(2), decisions }));
      expect(await store.archive.decision(idOf(1))).to.equal(null);
      expect(notes.map(({ movedTo }) => movedTo)).to.deep.equal([null]);
    });
  });

  it('runs when compiled as it does from sources', async function () {
    this.timeout(60_000);
    const out = at('dist');
    const tsc = join(import.meta.dirname, '../../node_modules/ts7/bin/tsc');
    const project = join(import.meta.dirname, '../../tsconfig.build.json');
    execFileSync(process.execPath, [tsc, '-p', project, '--outDir', out], { stdio: 'ignore' });
    await writeFile(at('package.json'), '{"type":"module"}');
    const compiled = (await import(join(out, 'lib/stores/sqlite.js'))) as {
      openSqliteStore: typeof openSqliteStore;
    };
    await using store = await compiled.openSqliteStore({ path: at('sluice.db'), maxBytes: 0 });
    await store.journal.commit(aCommit({ deliveries: deliveries(1) }));
    expect(await store.archive.list({ limit: 5 })).to.have.length(1);
  });
});

/** Every file with its content. */
async function contents(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => []);
  const found = new Map<string, string>();
  for (const name of names) {
    found.set(name, await readFile(join(folder, name), 'base64').catch(() => 'a folder'));
  }
  return found;
}
