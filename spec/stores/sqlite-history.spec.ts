// The history of the sqlite store: its file may be missing for a while without any effect on the
// main file.

import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DecisionRecord, Store } from '../../lib/core/ports/store.ts';
import type { HistoryNote } from '../../lib/stores/sqlite/protocol.ts';
import { openSqliteStore } from '../../lib/stores/sqlite.ts';
import { aCommit, deliveries, idOf, NOW } from '../support/builders.ts';

describe('the history of a sqlite store', () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);
  const notes: HistoryNote[] = [];
  const open = (): Promise<Store> =>
    openSqliteStore({ path: at('sluice.db'), maxBytes: 0, note: (one) => void notes.push(one) });
  const sweep = (store: Store): Promise<number> =>
    store.upkeep.sweep({ goneBefore: 0, settledBefore: 0 });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-history-'));
    notes.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is written again after the first sweep at which it can be opened', async () => {
    await (await open())[Symbol.asyncDispose]();
    await rm(at('sluice-history.db'));
    await mkdir(at('sluice-history.db'));
    await using store = await open();
    await sweep(store);
    await commit(store, 0);
    expect(await store.archive.decision(idOf(0))).to.equal(null);
    await rmdir(at('sluice-history.db'));
    await sweep(store);
    await commit(store, 1);
    expect((await store.archive.decision(idOf(1)))?.id).to.equal(idOf(1));
    expect(notes, 'told once').to.have.length(1);
  });
});

async function commit(store: Store, place: number): Promise<void> {
  const made = deliveries(place + 1).slice(place);
  const decisions: readonly DecisionRecord[] = [{ id: idOf(place), at: NOW, trail: [] }];
  await store.journal.commit(aCommit({ deliveries: made, decisions }));
}
