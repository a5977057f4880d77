// Builders for specs of stores: commits, ledger entries and deliveries with defaults, and the steps
// that most of these specs share.

import { expect } from 'chai';
import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { Gap, Positions } from '../../lib/core/source.ts';
import type { ClaimRequest, Commit, Committed, LedgerEntry, Store } from '../../lib/core/store.ts';
import { aDelivery, anEvent } from '../support/builders.ts';

/** The time of all records. */
export const NOW = Date.UTC(2026, 0, 31, 12);
/** The watch path of all records. */
export const PATH = '/api/v1/namespaces/shop/events';

/** Overrides of a commit; the positions are those of one source. */
interface CommitOverrides extends Omit<Partial<Commit>, 'positions'> {
  readonly source?: string;
  readonly positions?: Positions;
}

/** An empty commit with overrides; the source is `shop`. */
export function aCommit({
  source = 'shop',
  positions,
  ...overrides
}: CommitOverrides = {}): Commit {
  return {
    positions: new Map(positions === undefined ? [] : [[source, positions]]),
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

/** Numbered deliveries, by default each of its own object. */
export function deliveries(count: number, overrides: Partial<Delivery> = {}): readonly Delivery[] {
  return Array.from({ length: count }, (_, place) =>
    aDelivery({ id: idOf(place), object: `v1/Pod/shop/web-${place}`, ...overrides }),
  );
}

/** Numbered deliveries of Events of a namespace, each of its own object. */
export function deliveriesOf(
  namespace: string,
  { from, count, ...overrides }: { from: number; count: number } & Partial<Delivery>,
): readonly Delivery[] {
  const { firstTime, happenedAt, count: times } = aDelivery().occurrences[0];
  const event = anEvent({ metadata: { name: 'web-1.17f1e2d3c4b5a697', namespace } });
  return Array.from({ length: count }, (_, place) =>
    aDelivery({
      id: idOf(from + place),
      object: `v1/Pod/${namespace}/web-${from + place}`,
      occurrences: [{ event, firstTime, happenedAt, count: times }],
      ...overrides,
    }),
  );
}

/** The id of the delivery with a number. */
export function idOf(place: number): string {
  return place.toString().padStart(26, '0');
}

/** The known ids in the answer of a commit. */
export function existingOf(committed: Committed): ReadonlySet<string> {
  if (!committed.done) throw new Error('it is full');
  return committed.existing;
}

/** The outcome of a successful attempt. */
export const DELIVERED: Outcome = { outcome: 'delivered' };

/** A claim of up to ten. */
export const CLAIM: ClaimRequest = {
  trigger: 'build',
  incarnation: 'one',
  now: NOW,
  limit: 10,
  order: 'none',
};

/** Settles a delivery that the incarnation `one` has claimed. */
export async function settle(
  store: Store,
  id: string,
  next: Partial<Delivery> = {},
): Promise<Delivery> {
  const answer = await store.outbox.settle({
    id,
    incarnation: 'one',
    outcome: DELIVERED,
    durationMs: 5,
    next: { state: 'delivered', dead: null, dueAt: NOW, started: null, ...next },
    now: NOW,
  });
  if (!answer.done) throw new Error(`delivery ${id} is ${answer.state}`);
  return answer.delivery;
}

/** Claims, attempts and settles a delivery. */
export async function attemptOnce(
  store: Store,
  id: string,
  next: Partial<Delivery> = {},
): Promise<Delivery> {
  const claimed = await store.outbox.claim({ ...CLAIM, now: NOW + 1_000, limit: 1_000 });
  expect(idsOf(claimed)).to.include(id);
  await store.outbox.attempt({ id, incarnation: 'one', now: NOW });
  return settle(store, id, next);
}

/** A delivery that must exist. */
export async function stored(store: Store, id: string): Promise<Delivery> {
  const found = await store.archive.get(id);
  if (found === null) throw new Error(`no delivery ${id}`);
  return found;
}

/** Their ids. */
export function idsOf(many: readonly Delivery[]): readonly string[] {
  return many.map(({ id }) => id);
}

/** A gap with overrides. */
export function aGap(overrides: Partial<Gap> = {}): Gap {
  const to = { resourceVersion: '9', at: NOW };
  return { source: 'shop', path: PATH, loss: 'none', why: '', from: null, to, ...overrides };
}
