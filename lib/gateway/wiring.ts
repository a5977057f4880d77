// Creates the workers and connects them: limits, lanes, release and intake. It starts none of them.
// Workers use the steady clock, because jumps must not affect waiting deliveries. Triggers and
// sources use the wall clock, because the times they sign or compare must agree with other
// machines.

import type { Clock, Random } from '../core/clock.ts';
import type { ClusterRef } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Committed, Store } from '../core/ports/store.ts';
import type { LaneParts } from '../delivery/attempt-runner.ts';
import { Dispatch, Lane } from '../delivery/lane.ts';
import type { PauseSpan } from '../delivery/retry-age.ts';
import { SharedLock } from '../delivery/shared-lock.ts';
import { HeldRelease } from '../intake/held-release.ts';
import { Intake } from '../intake/intake.ts';
import { Limiter, rememberedMs } from '../intake/limiter.ts';
import type { SteadyClock } from '../kit/async/steady-clock.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { ClusterIdentity, ClusterQuestion } from '../kubernetes/cluster-id.ts';
import type { Plan } from '../plan/plan.ts';
import type { GatewayState } from '../telemetry/gateway-state.ts';

/** Dependencies of a gateway, which creates none of them: specs and the demo pass their own. */
export interface GatewayParts {
  readonly plan: Plan;
  readonly api: ApiClient;
  readonly store: Store;
  /** Asks the API server for the identity of the cluster; waits while the server is unavailable. */
  readonly findCluster: (asking: ClusterQuestion, signal: AbortSignal) => Promise<ClusterIdentity>;
  /**
   * Observes what the cluster denies until nothing is left; see cluster-check.ts. `cluster-refused`
   * stops the gateway; another error is a bug, without which it runs as well. Absent: nothing is compared.
   */
  readonly followAccess?: (observe: Observe, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  /** The state that `observe` changes. */
  readonly state: GatewayState;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder to which relative paths of the configuration refer. */
  readonly folder: string;
  /** Name of this run of the process. */
  readonly incarnation: string;
  /** How long attempts may still run after a stop, in ms. */
  readonly drainMs: number;
  /** `none`: the cluster is as new as this gateway, so its first start misses nothing. */
  readonly before?: 'none';
}

/** Dependencies of the workers; `clock` is the wall clock. */
export interface WorkerParts extends Omit<GatewayParts, 'findCluster' | 'drainMs'> {
  readonly store: Store;
  readonly cluster: ClusterRef;
  readonly steady: SteadyClock;
  /** Spans in which no gateway ran, the oldest first. */
  readonly downtimes: readonly PauseSpan[];
  /** The clock of the retention. */
  readonly readMs: () => number;
  /** Called with every answer to a commit. */
  readonly answered: (committed: Committed) => void;
}

/** The parts that work on the store. */
export interface Workers {
  readonly dispatch: Dispatch;
  readonly release: HeldRelease;
  readonly intake: Intake;
}

/** Creates them; reads from the store which deliveries were started within the limits' periods. */
export async function createWorkers(parts: WorkerParts): Promise<Workers> {
  const limiter = await createLimiter(parts);
  const dispatch = createDispatch(parts);
  const release = createRelease(parts, limiter, dispatch);
  return { dispatch, release, intake: createIntake(parts, limiter, { dispatch, release }) };
}

/** The limits, less the tokens of deliveries that were started before this process began. */
async function createLimiter({ steady, plan, store, observe }: WorkerParts): Promise<Limiter> {
  const forMs = rememberedMs(plan.limits);
  const now = (): number => steady.monotonic();
  const limiter = new Limiter(plan.limits, { now, from: now() - forMs, observe });
  const wall = steady.now();
  limiter.recover(await store.archive.firedSince(wall - forMs), wall);
  return limiter;
}

function createDispatch(parts: WorkerParts): Dispatch {
  const { plan, api, store, clock, steady, random, incarnation, observe } = parts;
  const { environment, folder } = parts;
  const laneParts: LaneParts = {
    outbox: store.outbox,
    archive: store.archive,
    keyValues: store.keyValues,
    attemptLock: new SharedLock(),
    downtimes: parts.downtimes,
    clock: steady,
    random,
    incarnation,
    observe,
  };
  const lanes = plan.triggers.map((planned): [string, Lane] => {
    const trigger = planned.create({ api, clock, random, observe, environment, folder });
    return [planned.name, new Lane({ ...planned, trigger: planned.name }, trigger, laneParts)];
  });
  return new Dispatch(new Map(lanes));
}

function createRelease(
  { plan, store, steady, observe, downtimes }: WorkerParts,
  limiter: Limiter,
  dispatch: Dispatch,
): HeldRelease {
  return new HeldRelease({
    archive: store.archive,
    outbox: store.outbox,
    keyValues: store.keyValues,
    limiter,
    holdForMs: plan.limits.holdForMs,
    downtimes,
    clock: steady,
    observe,
    released: (delivery) => dispatch.wake([delivery]),
  });
}

function createIntake(
  parts: WorkerParts,
  limiter: Limiter,
  { dispatch, release }: Pick<Workers, 'dispatch' | 'release'>,
): Intake {
  const { plan, store, cluster, steady, random, observe, readMs, answered } = parts;
  const foreign = plan.sources.filter(({ allowForeign }) => allowForeign);
  return new Intake({
    chain: plan.chain,
    cluster,
    triggers: new Map(plan.triggers.map(({ name, identity }) => [name, { name, identity }])),
    guard: plan.guard,
    foreignSources: new Set(foreign.map(({ name }) => name)),
    journal: store.journal,
    limiter,
    clock: steady,
    random,
    observe,
    overflow: plan.store.overflow,
    readMs,
    answered,
    committed: (deliveries) => {
      dispatch.wake(deliveries);
      if (deliveries.some(({ state }) => state === 'held')) release.wake();
    },
  });
}
