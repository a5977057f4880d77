// Commits as the gateway makes them of the bench's Events, for stores that are measured by
// themselves: the same occurrences, ids, entries and deliveries, through the same functions.

import { type EventObject, toOccurrence } from '../../lib/core/occurrence.ts';
import type { Commit } from '../../lib/core/ports/store.ts';
import {
  type StartRequest,
  toDelivery,
  toLedgerEntry,
  toStartRequest,
} from '../../lib/intake/start-request.ts';
import { eventAbout, LISTED_VERSION, OBJECT } from './event-lines.ts';

/** Which records a commit has. */
export interface Span {
  /** The number of the first. */
  readonly from: number;
  readonly count: number;
  /** The number of the object that all are about; each is about its own where absent. */
  readonly object?: number;
}

const SOURCE = 'bench';
const PATH = '/api/v1/events';
const CLUSTER = { id: '7f9d2c1e-3b4a-4c5d-8e6f-0a1b2c3d4e5f', name: null };
const RULE = { index: 0, name: 'shop', identity: 'shop' };
const TRIGGER = { name: 'hook', identity: 'hook' };
const DECISION = { action: 'accept', rule: RULE, triggers: ['hook'], quietMs: 3_600_000 } as const;

/** One commit: everything of it is due at `now`. */
export function commitOf(span: Span, now: number): Commit {
  const candidates = Array.from({ length: span.count }, (_, index) =>
    candidateOf(span.from + index, { now, object: span.object ?? span.from + index }),
  );
  const resourceVersion = String(LISTED_VERSION + span.from + span.count);
  return {
    positions: new Map([[SOURCE, new Map([[PATH, { resourceVersion, at: now }]])]]),
    ledger: candidates.map((one) => toLedgerEntry(one, now)),
    deliveries: candidates.map((one) =>
      toDelivery(one, { cluster: CLUSTER, state: 'waiting', now }),
    ),
    decisions: candidates.map(({ id }) => ({ id, at: now, trail: [] })),
    seen: candidates.map(({ occurrence: { path, key } }) => ({ path, key })),
    gone: [],
    listed: [],
    gaps: [],
    now,
    readMs: 0,
  };
}

function candidateOf(
  index: number,
  { now, object }: { readonly now: number; readonly object: number },
): StartRequest {
  const event = eventAbout(`${OBJECT}${object}`, index) as EventObject;
  const read = { source: SOURCE, path: PATH, from: 'watch', readAt: now } as const;
  return toStartRequest(toOccurrence(event, read), DECISION, {
    clusterId: CLUSTER.id,
    trigger: TRIGGER,
  });
}

/** A span in pieces of so many at the most. */
export function stepsOf({ from, count, ...rest }: Span, most: number): readonly Span[] {
  return Array.from({ length: Math.ceil(count / most) }, (_, step) => ({
    ...rest,
    from: from + step * most,
    count: Math.min(most, count - step * most),
  }));
}

/** The least text of a commit that must reach a disk. */
export function bytesOf({ positions, ledger, deliveries, decisions }: Commit): Buffer {
  return Buffer.from(JSON.stringify([[...positions], ledger, deliveries, decisions]));
}
