// A start of the gateway, in its required order: first the work of earlier processes is recovered,
// then the cluster is identified, then sources read. Watch paths and deliveries that a changed
// configuration left without an owner are retired and orphaned before any loop runs. This file also
// decides from which positions a source resumes.

import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Batch, Gap, Position, Positions, Source } from '../core/ports/source.ts';
import type { RenamedTrigger, Store } from '../core/ports/store.ts';
import { orphan } from '../delivery/stored-deliveries.ts';
import { selectingSources } from '../plan/plan-sources.ts';
import { JUMP_MS } from './clock-watch.ts';
import { followCluster, needsSystemUid } from './cluster-identity.ts';
import { type Beat, readBeat, recordBeat, recordDowntime } from './heartbeat.ts';
import type { RetentionClock } from './store-upkeep.ts';
import { createWorkers, type GatewayParts, type WorkerParts, type Workers } from './wiring.ts';

/** Dependencies of a start. */
interface StartParts extends GatewayParts, Pick<WorkerParts, 'steady' | 'answered'> {
  /** Its calls are retried while it is unavailable. */
  readonly store: Store;
  readonly retention: RetentionClock;
}

/** The parts of a started gateway, ready to run. */
export interface StartedGateway extends Workers {
  readonly sources: readonly Source[];
}

/** Prepares everything to run; no loop runs yet when it resolves. */
export async function start(parts: StartParts, stop: AbortSignal): Promise<StartedGateway> {
  const { plan, api, store, clock, random, observe, steady, retention } = parts;
  const renamed = plan.triggers.flatMap(({ name: to, formerly }) =>
    formerly.map((from) => ({ from, to })),
  );
  const recovered = await recover({ ...parts, renamed });
  retention.goOnFrom(recovered.readMs);
  // The clock may have been set back while no gateway ran.
  steady.adjust(steady.driftMs);
  const readMs = (): number => retention.readMs;

  stop.throwIfAborted();
  const asking = { observe, needsSystemUid: await needsSystemUid(store.keyValues) };
  const found = await parts.findCluster(asking, stop);
  const cluster = await followCluster(found, {
    store,
    observe,
    server: api.server,
    name: plan.clusterName,
    clusterTriggers: new Set(plan.triggers.filter((one) => one.usesCluster).map((one) => one.name)),
    now: steady.now(),
  });

  const sources = selectingSources(plan).map((one) => one.create({ api, clock, random, observe }));
  await retirePaths(recovered.paths, sources, { store, observe, readMs: readMs() });
  const { archive, outbox } = store;
  const triggers = new Set(plan.triggers.map((one) => one.name));
  await orphan({ archive, outbox, observe, now: steady.now() }, triggers);

  const { aliveAt } = recovered;
  const span = aliveAt === null ? null : { from: aliveAt, to: steady.now() };
  const downtimes = await recordDowntime(store.keyValues, span);
  const workers = await createWorkers({ ...parts, cluster, downtimes, readMs });
  workers.dispatch.reportLost(recovered.lost);
  // Held deliveries get tokens before new ones.
  await workers.release.recover();
  await workers.release.pass();
  if (recovered.jumpedMs !== 0) workers.dispatch.clockJumped(recovered.jumpedMs);
  return { sources, ...workers };
}

/** Dependencies of the recovery. */
interface RecoveryParts extends Pick<StartParts, 'clock' | 'incarnation' | 'observe'> {
  readonly store: Pick<Store, 'upkeep' | 'keyValues'>;
  /** Triggers whose name changed. */
  readonly renamed: readonly RenamedTrigger[];
}

/** Work and times of earlier processes. */
interface RecoveredWork {
  /** Deliveries whose attempt was running when its process died. */
  readonly lost: readonly Delivery[];
  /** Every watch path in the store. */
  readonly paths: readonly string[];
  /** When an earlier process last worked, wall clock; null if there was none. */
  readonly aliveAt: number | null;
  /** Time counted by earlier processes (see `RetentionClock`). */
  readonly readMs: number;
  /** By how much the clock was set back while no gateway ran, in ms below zero; otherwise 0. */
  readonly jumpedMs: number;
}

/** Recovers the work of earlier processes; the first call of the store. It attempts nothing. */
export async function recover(parts: RecoveryParts): Promise<RecoveredWork> {
  const { store, clock, incarnation, renamed, observe } = parts;
  const now = clock.now();
  const { lost, unattempted, paths } = await store.upkeep.begin({ incarnation, now, renamed });
  const beat = await readBeat(store.keyValues);
  const downMs = beat === null ? null : Math.max(0, clock.now() - beat.at);
  observe({ kind: 'work-resumed', lost: lost.length, unattempted, downMs });
  for (const delivery of lost) reportLost(delivery, observe);
  if (beat === null) return { lost, paths, aliveAt: null, readMs: 0, jumpedMs: 0 };
  const { at, readMs } = beat;
  const jumpedMs = await followClock(beat, parts);
  return { lost, paths, aliveAt: Math.min(at, clock.now()), readMs, jumpedMs };
}

function reportLost(delivery: Delivery, observe: Observe): void {
  const { outcome, durationMs } = delivery.attempts.at(-1) ?? { outcome: null, durationMs: null };
  if (outcome === null) return;
  observe({ kind: 'attempt-ended', delivery, outcome, durationMs: durationMs ?? 0 });
}

/** A clock before the last beat was set back while no gateway ran. */
async function followClock(beat: Beat, { store, clock, observe }: RecoveryParts): Promise<number> {
  const byMs = clock.now() - beat.at;
  if (byMs > -JUMP_MS) return 0;
  await store.upkeep.shift(byMs);
  // At once: if this start dies, the next one must not find the same jump again.
  await recordBeat({ keyValues: store.keyValues, clock, readMs: () => beat.readMs });
  observe({ kind: 'clock-jumped', byMs });
  return byMs;
}

/** Moves the records of watch paths that are no longer read to the paths that cover them now. */
export async function retirePaths(
  paths: readonly string[],
  sources: readonly Source[],
  at: { readonly store: Pick<Store, 'upkeep'>; readonly readMs: number; readonly observe: Observe },
): Promise<void> {
  for (const path of paths) {
    const successors = sources.flatMap((source) => source.successorsOf(path));
    if (successors.some((one) => one.path === path && one.namespace === null)) continue;
    await at.store.upkeep.retire({ path, successors, readMs: at.readMs });
    const heirs = [...new Set(successors.map((one) => one.path))];
    at.observe({ kind: 'path-retired', path, heirs });
  }
}

/** Everything that decides from which positions a source resumes. */
interface ResumeFacts {
  /** By name of the source, also of sources that are no longer configured. */
  readonly positions: ReadonlyMap<string, Positions>;
  /** The configured sources. */
  readonly sources: readonly Pick<Source, 'name' | 'successorsOf'>[];
}

/**
 * The positions from which a source resumes: its own, and those of a source that was renamed or
 * that gave namespaces away. So a new reader of a path does not restart it. The source itself
 * decides how to resume from several positions.
 */
export function resumePositions(name: string, { positions, sources }: ResumeFacts): Positions {
  const found = new Map(positions.get(name));
  for (const [path, { owner, position }] of latest(positions)) {
    const reader = sources.find((one) => one.name === owner);
    // If its own source still reads the path, another source begins by its own `firstStart`.
    const isRead = reader?.successorsOf(path).some((successor) => successor.path === path) ?? false;
    if (!isRead) found.set(path, position);
  }
  return found;
}

type OwnedPosition = Readonly<{ owner: string; position: Position }>;

/** The newest position of each path with its source; older ones do not cover the time since. */
function latest(positions: ReadonlyMap<string, Positions>): ReadonlyMap<string, OwnedPosition> {
  const found = new Map<string, OwnedPosition>();
  for (const [owner, paths] of positions) {
    for (const [path, position] of paths) {
      const known = found.get(path);
      if (known === undefined || known.position.at < position.at) {
        found.set(path, { owner, position });
      }
    }
  }
  return found;
}

/**
 * Marks the first position of each path with a gap: without a durable store, Events and deliveries
 * from before this start are unknown.
 */
export class VolatileStartGaps {
  readonly #known: Set<string>;

  constructor(positions: Positions) {
    this.#known = new Set(positions.keys());
  }

  /** Returns the batch with a gap for each path that begins in it. */
  mark(batch: Batch): Batch {
    const gaps: Gap[] = [];
    for (const [path, to] of batch.positions) {
      if (this.#known.has(path)) continue;
      this.#known.add(path);
      const why = 'the store is not durable: earlier Events and deliveries are unknown';
      gaps.push({ source: batch.source, path, loss: 'possible-loss', why, from: null, to });
    }
    return gaps.length === 0 ? batch : { ...batch, gaps: [...batch.gaps, ...gaps] };
  }
}
