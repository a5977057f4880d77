// The sqlite store: the conformance suite and its own promises.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { describeStore } from '../conformance/store.ts';
import { describeCrash } from '../conformance/store-crash.ts';
import { describeDurableStore } from '../conformance/store-durable.ts';
import { POINTS } from './sqlite-crash.ts';

/** Kills at any moment. `make faults` has the long form for the whole gateway. */
const KILLS = 12;

let folder = '';
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describeStore('sqlite', async (maxBytes) =>
  openSqliteStore({ path: join(folder, `${(files += 1)}.db`), maxBytes }),
);

describeDurableStore('sqlite', async (name) =>
  openSqliteStore({ path: join(folder, `${name}.db`), maxBytes: 0 }),
);

describeCrash(
  'sqlite',
  () => {
    const path = join(folder, `crash-${(files += 1)}.db`);
    return {
      open: async () => openSqliteStore({ path, maxBytes: 0 }),
      module: new URL('./sqlite-crash.ts', import.meta.url).href,
      points: Object.keys(POINTS),
      args: [path],
    };
  },
  KILLS,
);
