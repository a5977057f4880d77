// A start, in the order in which it happens and no other: what earlier processes left behind is
// taken up before anything else, the cluster is known before anything is read, and whatever a
// changed configuration left without an owner is set aside before anything works.

import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Source, WatchPath } from '../core/source.ts';
import type { RenamedTrigger, Store } from '../core/store.ts';
import { orphan } from '../delivery/dispatch.ts';
import type { SteadyClock } from '../kit/async/steady-clock.ts';
import { JUMP_MS } from './clock-watch.ts';
import { followCluster } from './cluster-identity.ts';
import type { GatewayParts } from './gateway-options.ts';
import { type Beat, Heartbeat, keepSpan, readBeat } from './heartbeat.ts';
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
  const taken = await takeUp({ ...parts, renamed });
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
  const without = await keepSpan(store.keep, span);
  const workers = await createWorkers({ ...parts, cluster, without, readMs });
  workers.dispatch.tellLost(taken.lost);
  // Held deliveries get tokens before new ones.
  await workers.release.restore();
  await workers.release.pass();
  if (taken.jumpedMs !== 0) workers.dispatch.jumped(taken.jumpedMs);
  return { sources, ...workers };
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

// What a start finds: the work that earlier processes left behind, for how long nobody worked, and
// watch paths that nobody reads any more. It reports and hands on; it attempts nothing.

/** What taking up works with. */
interface TakeUpParts {
  readonly store: Pick<Store, 'upkeep' | 'keep'>;
  readonly clock: Clock;
  readonly incarnation: string;
  /** Triggers that have another name now. */
  readonly renamed: readonly RenamedTrigger[];
  readonly observe: Observe;
}

/** What was taken up. */
interface TakenUp {
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
export async function takeUp(parts: TakeUpParts): Promise<TakenUp> {
  const { store, clock, incarnation, renamed, observe } = parts;
  const begun = await store.upkeep.begin({ incarnation, now: clock.now(), renamed });
  const { lost, unattempted, paths } = begun;
  const beat = await readBeat(store.keep);
  const downMs = beat === null ? null : Math.max(0, clock.now() - beat.at);
  observe({ kind: 'work-resumed', lost: lost.length, unattempted, downMs });
  for (const delivery of lost) tellLost(delivery, observe);
  if (beat === null) return { lost, paths, aliveAt: null, readMs: 0, jumpedMs: 0 };
  const { at, readMs } = beat;
  const jumpedMs = await followClock(beat, parts);
  return { lost, paths, aliveAt: Math.min(at, clock.now()), readMs, jumpedMs };
}

function tellLost(delivery: Delivery, observe: Observe): void {
  const { outcome, durationMs } = delivery.attempts.at(-1) ?? { outcome: null, durationMs: null };
  if (outcome === null) return;
  observe({ kind: 'attempt-ended', delivery, outcome, durationMs: durationMs ?? 0 });
}

/** A clock that stands before the last beat went back while nobody watched it. */
async function followClock(beat: Beat, { store, clock, observe }: TakeUpParts): Promise<number> {
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
    if (heirs.some((heir) => isItself(heir, path))) continue;
    await at.store.upkeep.retire({ path, heirs, readMs: at.readMs });
    const names = [...new Set(heirs.map((heir) => heir.path))];
    at.observe({ kind: 'path-retired', path, heirs: names });
  }
}

function isItself(heir: WatchPath, path: string): boolean {
  return heir.path === path && heir.namespace === null;
}
