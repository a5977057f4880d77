// What specs of stores are made of: commits, ledger entries and deliveries with defaults.
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Commit, LedgerEntry } from '../../lib/core/store.ts';
import { aDelivery } from '../support/builders.ts';

/** When everything happens. */
export const NOW = Date.UTC(2026, 0, 31, 12);
/** Where everything is read. */
export const PATH = '/api/v1/namespaces/shop/events';

/** A commit of nothing, with overrides. */
export function aCommit(overrides: Partial<Commit> = {}): Commit {
  return {
    source: 'shop',
    positions: new Map(),
    ledger: [],
    deliveries: [],
    seen: [],
    gone: [],
    listed: [],
    decisions: [],
    readMs: overrides.now ?? NOW,
    gaps: [],
    now: NOW,
    ...overrides,
  };
}

/** A ledger entry with overrides. */
export function anEntry(overrides: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    key: 'k1',
    path: PATH,
    eventKey: 'shop/web-1.17f1',
    object: 'v1/Pod/shop/web-1',
    id: aDelivery().id,
    life: '2026-01-31T11:58:00Z',
    firedAt: NOW,
    firedHappenedAt: '2026-01-31T11:59:30.000000Z',
    firedCount: 3,
    lastHappenedAt: '2026-01-31T11:59:30.000000Z',
    lastCount: 3,
    ...overrides,
  };
}

/** Numbered deliveries of one object each unless told otherwise. */
export function deliveries(count: number, overrides: Partial<Delivery> = {}): readonly Delivery[] {
  return Array.from({ length: count }, (_, place) =>
    aDelivery({ id: idOf(place), object: `v1/Pod/shop/web-${place}`, ...overrides }),
  );
}

/** The id of the delivery with a number. */
export function idOf(place: number): string {
  return place.toString().padStart(26, '0');
}
