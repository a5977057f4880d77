// The promises of every store (lib/core/ports/store.ts) as cases for every implementation. Cases of a crash,
// for durable stores, are in store-crash.ts.

import type { Store } from '../../lib/core/ports/store.ts';
import { describeArchive } from './store-archive.ts';
import { describeBounds } from './store-bounds.ts';
import { describeConcurrency } from './store-concurrency.ts';
import { describeJournal } from './store-journal.ts';
import { describeLedger } from './store-ledger.ts';
import { describeOrder } from './store-order.ts';
import { describeOutbox } from './store-outbox.ts';
import { describeTurns } from './store-turns.ts';
import { describeUpkeep } from './store-upkeep.ts';

/** Opens an empty store with a bound in bytes; 0: none. */
export type OpenStore = (maxBytes: number) => Promise<Store>;

/** Declares the cases of a store. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open(0);
    });
    afterEach(() => store[Symbol.asyncDispose]());

    describeJournal(() => store);
    describeLedger(() => store);
    describeOutbox(() => store);
    describeOrder(() => store);
    describeTurns(() => store);
    describeUpkeep(() => store);
    describeArchive(() => store);
    describeConcurrency(() => store);
  });
  describeBounds(name, open);
}
