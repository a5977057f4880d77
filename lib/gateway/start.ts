// A start, in the order in which it happens and no other: what earlier processes left behind is
// taken up before anything else, the cluster is known before anything is read, and whatever a
// changed configuration left without an owner is set aside before anything works.

import type { Source } from '../core/source.ts';
import type { Store } from '../core/store.ts';
import { orphan } from '../delivery/dispatch.ts';
import type { SteadyClock } from '../kit/steady-clock.ts';
import { followCluster } from './cluster-change.ts';
import { keepSpan } from './heartbeat.ts';
import type { GatewayParts } from './parts.ts';
import type { RetentionClock } from './retention-clock.ts';
import { retirePaths, takeUp } from './take-up.ts';
import { createWorkers, type WorkerParts, type Workers } from './workers.ts';

/** What a start works with. */
export interface StartParts extends GatewayParts, Pick<WorkerParts, 'steady' | 'answered'> {
  /** Waited for while it is unavailable. */
  readonly store: Store;
  readonly retention: RetentionClock;
  readonly steady: SteadyClock;
}

/** Everything that is ready to run. */
export interface Started extends Workers {
  readonly sources: readonly Source[];
}

/** Starts; nothing runs yet when it answers. */
export async function start(parts: StartParts, stop: AbortSignal): Promise<Started> {
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
