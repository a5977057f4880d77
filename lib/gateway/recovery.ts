// A start, in the order in which it happens and no other: what earlier processes left behind is
// taken up before anything else, the cluster is known before anything is read, and whatever a
// changed configuration left without an owner is set aside before anything works.

import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Batch, Gap, Position, Positions, Source, WatchPath } from '../core/source.ts';
import type { RenamedTrigger, Store } from '../core/store.ts';
import { orphan } from '../delivery/stored-deliveries.ts';
import type { SteadyClock } from '../kit/async/steady-clock.ts';
import { JUMP_MS } from './clock-watch.ts';
import { followCluster } from './cluster-identity.ts';
import type { GatewayParts } from './gateway-options.ts';
import { type Beat, Heartbeat, readBeat, recordDowntime } from './heartbeat.ts';
import type { RetentionClock } from './retention.ts';
import { createWorkers, type WorkerParts, type Workers } from './wiring.ts';

/** What a start works with. */
interface StartParts extends GatewayParts, Pick<WorkerParts, 'steady' | 'answered'> {
  /** Waited for while it is unavailable. */
  readonly store: Store;
  readonly retention: RetentionClock;
  readonly steady: SteadyClock;
}

/** Everything that is ready to run. */
export interface StartedGateway extends Workers {
  readonly sources: readonly Source[];
}

/** Starts; nothing runs yet when it answers. */
export async function start(parts: StartParts, stop: AbortSignal): Promise<StartedGateway> {
  const { plan, api, store, clock, random, observe, steady, retention } = parts;
  const renamed = plan.triggers.flatMap(({ name: to, formerly }) =>
    formerly.map((from) => ({ from, to })),
  );
  const taken = await recover({ ...parts, renamed });
  retention.goOnFrom(taken.readMs);
  // The clock may have gone back while nobody watched it.
  steady.adjust(steady.driftMs);
  const readMs = (): number => retention.readMs;

  stop.throwIfAborted();
  const found = await parts.findCluster(observe, stop);
  const cluster = await followCluster(found, {
    store,
    observe,
    server: api.server,
    name: plan.clusterName,
    clusterTriggers: new Set(plan.triggers.filter((one) => one.usesCluster).map(nameOf)),
    now: steady.now(),
  });

  const sources = plan.sources.map((one) => one.create({ api, clock, random, observe }));
  await retirePaths(taken.paths, sources, { store, observe, readMs: readMs() });
  const { archive, outbox } = store;
  const triggers = new Set(plan.triggers.map(nameOf));
  await orphan({ archive, outbox, observe, now: steady.now() }, triggers);

  const span = taken.aliveAt === null ? null : { from: taken.aliveAt, to: steady.now() };
  const downtimes = await recordDowntime(store.keep, span);
  const workers = await createWorkers({ ...parts, cluster, downtimes, readMs });
  workers.dispatch.reportLost(taken.lost);
  // Held deliveries get tokens before new ones.
  await workers.release.recover();
  await workers.release.pass();
  if (taken.jumpedMs !== 0) workers.dispatch.clockJumped(taken.jumpedMs);
  return { sources, ...workers };
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

// What a start finds: the work that earlier processes left behind, for how long nobody worked, and
// watch paths that nobody reads any more. It reports and hands on; it attempts nothing.

/** What taking up works with. */
interface RecoveryParts {
  readonly store: Pick<Store, 'upkeep' | 'keep'>;
  readonly clock: Clock;
  readonly incarnation: string;
  /** Triggers that have another name now. */
  readonly renamed: readonly RenamedTrigger[];
  readonly observe: Observe;
}

/** What was taken up. */
interface RecoveredWork {
  /** Deliveries whose attempt was running when its process died. */
  readonly lost: readonly Delivery[];
  /** Every watch path that the store knows. */
  readonly paths: readonly string[];
  /** When an earlier process worked last, wall clock; null where none did. */
  readonly aliveAt: number | null;
  /** What earlier processes counted (see `RetentionClock`). */
  readonly readMs: number;
  /** By how much the clock went back while nobody watched it, in ms below zero; else 0. */
  readonly jumpedMs: number;
}

/** Takes up the work of earlier processes: before anything else. */
export async function recover(parts: RecoveryParts): Promise<RecoveredWork> {
  const { store, clock, incarnation, renamed, observe } = parts;
  const begun = await store.upkeep.begin({ incarnation, now: clock.now(), renamed });
  const { lost, unattempted, paths } = begun;
  const beat = await readBeat(store.keep);
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

/** A clock that stands before the last beat went back while nobody watched it. */
async function followClock(beat: Beat, { store, clock, observe }: RecoveryParts): Promise<number> {
  const byMs = clock.now() - beat.at;
  if (byMs > -JUMP_MS) return 0;
  await store.upkeep.shift(byMs);
  // At once: a start that dies now would find the same jump again.
  await new Heartbeat({ keep: store.keep, clock, readMs: () => beat.readMs }).beat();
  observe({ kind: 'clock-jumped', byMs });
  return byMs;
}

/** Hands over what is known of watch paths that are read under other paths now, or not at all. */
export async function retirePaths(
  paths: readonly string[],
  sources: readonly Source[],
  at: { readonly store: Pick<Store, 'upkeep'>; readonly readMs: number; readonly observe: Observe },
): Promise<void> {
  for (const path of paths) {
    const heirs = sources.flatMap((source) => source.heirsOf(path));
    if (heirs.some((heir) => isSamePath(heir, path))) continue;
    await at.store.upkeep.retire({ path, heirs, readMs: at.readMs });
    const names = [...new Set(heirs.map((heir) => heir.path))];
    at.observe({ kind: 'path-retired', path, heirs: names });
  }
}

function isSamePath(heir: WatchPath, path: string): boolean {
  return heir.path === path && heir.namespace === null;
}

// From where a source goes on: from its own positions, and from those of a source that has another
// name now, or that gave some of its namespaces away. So a path that was read before is not begun
// anew because somebody else reads it. Where reading goes on from several is the source's to say.

/** What decides who goes on from where. */
interface ResumeFacts {
  /** By the name of the source. */
  readonly positions: ReadonlyMap<string, Positions>;
  /** The sources that are configured. */
  readonly sources: readonly Pick<Source, 'name' | 'heirsOf'>[];
}

/** The positions from which a source goes on. */
export function resumePositions(name: string, { positions, sources }: ResumeFacts): Positions {
  const own = positions.get(name) ?? new Map<string, Position>();
  const found = new Map(own);
  for (const [path, { owner, position }] of latest(positions)) {
    const reader = sources.find((one) => one.name === owner);
    // Beside one that goes on reading it, another begins by its own `firstStart`.
    const isRead = reader?.heirsOf(path).some((heir) => heir.path === path) ?? false;
    if (!isRead) found.set(path, position);
  }
  return found;
}

interface OwnedPosition {
  readonly owner: string;
  readonly position: Position;
}

/** Of each path the position read last, whosever it is: an older one says nothing of since. */
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

// What a start without a position means where the store keeps nothing: whatever happened before it
// is unknown, and that is said, once for each watch path.

/** Marks the first position of each path with a gap. */
export class VolatileStartGaps {
  readonly #known: Set<string>;

  constructor(positions: Positions) {
    this.#known = new Set(positions.keys());
  }

  /** The batch, with a gap for each path that begins in it. */
  mark(batch: Batch): Batch {
    const gaps: Gap[] = [];
    for (const [path, to] of batch.positions) {
      if (this.#known.has(path)) continue;
      this.#known.add(path);
      const why =
        'a start with a store that keeps nothing: earlier Events and deliveries are not known';
      gaps.push({ source: batch.source, path, loss: 'possible-loss', why, from: null, to });
    }
    return gaps.length === 0 ? batch : { ...batch, gaps: [...batch.gaps, ...gaps] };
  }
}
