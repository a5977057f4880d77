// The sqlite store under the conformance suite, and what is its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { describeStore } from '../conformance/store.ts';

let folder = '';
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describeStore('sqlite', async (maxBytes) =>
  openSqliteStore({ path: join(folder, `${(files += 1)}.db`), maxBytes }),
);
