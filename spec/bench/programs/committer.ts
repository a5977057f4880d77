// Commits to a store in a process of its own, and measures each commit; or, as the floor, appends the
// same bytes to a file and waits until the disk has them. Works off what waits, but delivers nothing.

import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from '../../../lib/core/ports/kind.ts';
import type { ClosedStore, Commit, Outbox, Store } from '../../../lib/core/ports/store.ts';
import { storeKinds } from '../../../lib/stores/registry.ts';
import type { StoreParts } from '../../../lib/stores/store-kind.ts';
import { percentile } from '../arithmetic.ts';
import { bytesOf, commitOf, type Span } from '../records.ts';
import { serve, sharedNow } from '../rpc.ts';

/** What is committed to. */
export interface Place {
  /** A kind of store, or `append` for the floor. */
  readonly kind: string;
  /** Where it lies. */
  readonly folder: string;
}

/** How commits are timed. */
export interface Timing {
  /** Deliveries in each. */
  readonly batch: number;
  /** How long in all, in ms of committing. */
  readonly forMs: number;
}

/** What commits one after the other came to. */
export interface Timed {
  readonly commits: number;
  /** The time of all commits together; that of making them is not in it. */
  readonly busyMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Deliveries that are worked off. */
export interface Working {
  readonly count: number;
  /** How many are under way at a time. */
  readonly concurrency: number;
}

/** Takes one commit; what it answers with is done. */
interface Sink extends AsyncDisposable {
  /** What works its deliveries off; null where nothing can. */
  readonly outbox: Outbox | null;
  /** Makes ready what is not to be measured. */
  prepare(commit: Commit): () => Promise<void>;
}

const KINDS: Readonly<Record<string, Kind<unknown, StoreParts, ClosedStore>>> = storeKinds;
// The first commits pay for code that runs for the first time, and for tables that are made.
const WARM_COMMITS = 20;
const MS_PER_DAY = 86_400_000;

let sink: Sink | undefined;
let committed = 0;

async function open({ kind, folder }: Place): Promise<null> {
  sink = kind === 'append' ? appender(folder) : storeSink(await opened(kind, folder));
  return null;
}

async function opened(kind: string, folder: string): Promise<Store> {
  const found = KINDS[kind];
  if (found === undefined) throw new Error(`no store "${kind}"`);
  return found.create({}, { folder, maxBytes: 0 }).open();
}

function storeSink(store: Store): Sink {
  return {
    outbox: store.outbox,
    prepare: (commit) => async () => {
      const { done } = await store.journal.commit(commit);
      if (!done) throw new Error('the store is full');
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function appender(folder: string): Sink {
  const file = openSync(join(folder, 'append'), 'a');
  return {
    outbox: null,
    prepare: (commit) => {
      const bytes = bytesOf(commit);
      return async () => {
        writeSync(file, bytes);
        fdatasyncSync(file);
      };
    },
    [Symbol.asyncDispose]: async () => closeSync(file),
  };
}

function prepared(span: Span, now: number): () => Promise<void> {
  if (sink === undefined) throw new Error('nothing is open');
  committed += span.count;
  return sink.prepare(commitOf(span, now));
}

/** Commits one after the other for a while, each by the clock. */
async function time({ batch, forMs }: Timing): Promise<Timed> {
  for (let warm = 0; warm < WARM_COMMITS; warm += 1) await timed(batch);
  const spent: number[] = [];
  let busyMs = 0;
  while (busyMs < forMs) {
    const ms = await timed(batch);
    spent.push(ms);
    busyMs += ms;
  }
  const [p50Ms, p99Ms] = [percentile(spent, 0.5), percentile(spent, 0.99)];
  return { commits: spent.length, busyMs, p50Ms, p99Ms };
}

async function timed(batch: number): Promise<number> {
  const commit = prepared({ from: committed, count: batch }, new Date().getTime());
  const startedAt = sharedNow();
  await commit();
  return sharedNow() - startedAt;
}

/** Commits some deliveries that have been waiting since yesterday; answers how long that took, in ms. */
async function fill({ batch, ...span }: Span & { readonly batch: number }): Promise<number> {
  const startedAt = sharedNow();
  const end = span.from + span.count;
  const yesterday = new Date().getTime() - MS_PER_DAY;
  let last: Promise<void> = Promise.resolve();
  for (let from = span.from; from < end; from += batch) {
    // Created in this order, and a whole day before the last one.
    const now = yesterday + from;
    const commit = prepared({ ...span, from, count: Math.min(batch, end - from) }, now);
    // The next one is made while the store works.
    await last;
    last = commit();
  }
  await last;
  return sharedNow() - startedAt;
}

/**
 * Takes deliveries that wait from claimed over attempted to settled, as a lane does whose attempts take
 * no time; answers how many a second.
 */
async function work({ count, concurrency }: Working): Promise<number> {
  const outbox = sink?.outbox;
  if (outbox === null || outbox === undefined) throw new Error('nothing can be worked off');
  const startedAt = sharedNow();
  const running = new Set<Promise<void>>();
  let settled = 0;
  while (settled < count) {
    const now = new Date().getTime();
    const limit = concurrency - running.size;
    const claimed = await outbox.claim({ ...LANE, limit, now });
    for (const { id } of claimed) {
      const worked = attempted(outbox, id).then(() => {
        settled += 1;
        running.delete(worked);
      });
      running.add(worked);
    }
    if (running.size === 0) throw new Error(`${settled} of ${count} were there`);
    await Promise.race(running);
  }
  return (settled * 1000) / (sharedNow() - startedAt);
}

const INCARNATION = 'bench';
const LANE = { trigger: 'hook', incarnation: INCARNATION, order: 'none' } as const;

async function attempted(outbox: Outbox, id: string): Promise<void> {
  const now = new Date().getTime();
  const claim = { id, incarnation: INCARNATION, now };
  const begun = await outbox.attempt(claim);
  const next = { state: 'delivered', dead: null, dueAt: now, started: null } as const;
  const outcome = { outcome: 'delivered' } as const;
  const ended = await outbox.settle({ ...claim, outcome, durationMs: 0, next });
  if (!begun.done || !ended.done) throw new Error(`delivery ${id} is another's`);
}

async function close(): Promise<null> {
  await sink?.[Symbol.asyncDispose]();
  sink = undefined;
  return null;
}

serve({ open, time, fill, work, close });
