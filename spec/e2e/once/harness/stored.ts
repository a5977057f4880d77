// The contents of a store while no gateway has it open. A copy of its files is read, so that the
// next gateway finds them exactly as the last one left them, even after a crash.

import { constants } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, DeliveryState } from '../../../../lib/core/delivery.ts';
import type { Gap } from '../../../../lib/core/ports/source.ts';
import type { Archive, Store } from '../../../../lib/core/ports/store.ts';
import { storeKinds } from '../../../../lib/stores/registry.ts';
import { attemptName } from './counting-receiver.ts';

const PAGE = 1_000;

/** Work of a gateway at its death. */
export interface InFlight {
  /** Attempts without an outcome, by `attemptName`. */
  readonly attempts: readonly string[];
  /** Ids of those that died twice in a row: a third death would make them poison. */
  readonly atRisk: readonly string[];
  /** Deliveries claimed but not attempted, and those that waited. */
  readonly claimed: number;
  readonly waiting: number;
}

/** Everything that was stored. */
export interface Stored {
  readonly deliveries: readonly Delivery[];
  readonly gaps: readonly Gap[];
}

/** What was in flight in a data folder that no gateway has. */
export async function inFlightIn(folder: string): Promise<InFlight> {
  return lookAt(folder, async ({ archive }) => {
    const running = await listed(archive, ['running']);
    const open = running.filter(({ attempts }) => attempts.at(-1)?.outcome === null);
    const counts = await archive.counts();
    const waiting = counts.filter(({ state }) => state === 'waiting');
    return {
      attempts: open.map(({ id, attempts }) => attemptName(id, attempts.length)),
      atRisk: open.filter(({ deaths }) => deaths >= 1).map(({ id }) => id),
      claimed: running.length - open.length,
      waiting: waiting.reduce((sum, { count }) => sum + count, 0),
    };
  });
}

/** Every delivery and gap in a data folder that no gateway has. */
export async function storedIn(folder: string): Promise<Stored> {
  return lookAt(folder, async ({ archive }) => ({
    deliveries: await listed(archive),
    gaps: await archive.gaps(PAGE),
  }));
}

async function listed(
  archive: Archive,
  states?: readonly DeliveryState[],
): Promise<readonly Delivery[]> {
  const found: Delivery[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await archive.list({
      limit: PAGE,
      ...(states === undefined ? {} : { states }),
      ...(last === undefined ? {} : { after: last.id }),
    });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

async function lookAt<Result>(
  folder: string,
  look: (store: Store) => Promise<Result>,
): Promise<Result> {
  const copy = await mkdtemp(join(tmpdir(), 'sluice-look-'));
  try {
    for (const name of await readdir(folder)) {
      // The lock belongs to the other process.
      if (!name.includes('.db')) continue;
      await copyFile(join(folder, name), join(copy, name), constants.COPYFILE_FICLONE);
    }
    await using store = await storeKinds.sqlite.create({}, { folder: copy, maxBytes: 0 }).open();
    return await look(store);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
