// The gateway: runs a Plan. Start and stop stand in one place each, in the order in which they
// happen. It judges nothing (intake), attempts nothing (delivery) and prints nothing (telemetry).
import type { Clock, Random } from '../core/clock.ts';
import type { ClusterRef } from '../core/delivery.ts';
import { UNSETTLED_STATES } from '../core/delivery.ts';
import type { Health } from '../core/health.ts';
import type { Observation, Observe } from '../core/observation.ts';
import type { Source } from '../core/source.ts';
import type { Store } from '../core/store.ts';
import type { Plan } from '../assembly/plan.ts';
import { Dispatch, orphan } from '../delivery/dispatch.ts';
import type { LaneParts } from '../delivery/attempt.ts';
import { Lane } from '../delivery/lane.ts';
import { Intake } from '../intake/intake.ts';
import { Limiter } from '../intake/limit.ts';
import { Release } from '../intake/release.ts';
import type { ApiClient } from '../kubernetes/api.ts';
import type { ClusterIdentity } from '../kubernetes/cluster.ts';
import { aborted } from '../kit/aborted.ts';
import { HealthWatch } from './health-watch.ts';
import { Beginnings } from './beginnings.ts';
import { clusterId } from './identity.ts';
import { Sweeper } from './sweeper.ts';

/** What a gateway works with. */
export interface GatewayParts {
  readonly plan: Plan;
  readonly api: ApiClient;
  readonly store: Store;
  /** Asks the API server which cluster this is; waits for one that is away. */
  readonly findCluster: (observe: Observe, signal: AbortSignal) => Promise<ClusterIdentity>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of the configuration begin. */
  readonly folder: string;
  /** The name of this process life. */
  readonly incarnation: string;
  /** How long running attempts may go on after a stop, in ms. */
  readonly drainMs: number;
}

/** What was left when a gateway had stopped. */
export interface Stopped {
  /** Deliveries that wait in the store. */
  readonly waiting: number;
  /** Attempts that were cut off. */
  readonly abandoned: number;
}

/** Tokens spent within so long before the start count against the limits. */
const LIMITS_REMEMBER_MS = 3_600_000;

/** Runs a Plan. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #health: HealthWatch;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#health = new HealthWatch(parts.plan.sources.map(({ name }) => name));
  }

  /** Whether it does its work, and what it waits for. */
  health(): Health {
    return this.#health.health();
  }

  /** Observes how many deliveries stand where, for a scrape. */
  async measure(): Promise<void> {
    const counts = await this.#parts.store.archive.counts();
    for (const { name: trigger } of this.#parts.plan.triggers) {
      for (const state of UNSETTLED_STATES) {
        const found = counts.find((one) => one.trigger === trigger && one.state === state);
        this.#observe({ kind: 'queue-depth', trigger, state, count: found?.count ?? 0 });
      }
    }
  }

  /**
   * Runs until the signal aborts, then drains.
   *
   * **Errors**: throws what no retry cures (see Source), after everything has been stopped.
   */
  async run(stop: AbortSignal): Promise<Stopped> {
    const cluster = await this.#findCluster(stop);
    if (cluster !== null) return this.#runOn(cluster, stop);
    this.#observe({ kind: 'stopping', why: reasonOf(stop), limitMs: 0 });
    return this.#stopped(0);
  }

  async #runOn(cluster: ClusterRef, stop: AbortSignal): Promise<Stopped> {
    const { plan, clock, store } = this.#parts;
    const limiter = await this.#limiter();
    const dispatch = this.#dispatch();
    const release = this.#release(limiter, dispatch);
    const intake = this.#intake({ cluster, limiter, dispatch, release });
    const triggers = new Set(plan.triggers.map(({ name }) => name));
    await orphan({ ...store, observe: this.#parts.observe, now: clock.now() }, triggers);

    // A source that can never work stops everything, as a signal from outside does.
    const failed = new AbortController();
    const ending = AbortSignal.any([stop, failed.signal]);
    const abandon = new AbortController();
    // Each by itself, so that the failure of one does not hide that the others still run.
    const watched = (all: readonly Promise<unknown>[]): Promise<unknown> =>
      Promise.all(all.map((one) => one.catch((error: unknown) => failed.abort(error))));
    const working = watched([
      dispatch.run({ stop: ending, abandon: abandon.signal }),
      release.run(ending),
      new Sweeper({ store, clock, retention: plan.retention }).run(ending),
    ]);
    const reading = watched(
      plan.sources.map((one) => this.#read(one.create(this.#sourceParts()), { intake, ending })),
    );
    await Promise.race([reading, aborted(ending)]);

    this.#observe({ kind: 'stopping', why: reasonOf(ending), limitMs: this.#parts.drainMs });
    const abandoned = await this.#drain({ reading, working }, { dispatch, abandon });
    const stopped = await this.#stopped(abandoned);
    if (failed.signal.aborted) throw failed.signal.reason;
    return stopped;
  }

  async #stopped(abandoned: number): Promise<Stopped> {
    const waiting = await this.#countWaiting();
    const { durable } = this.#parts.store.journal;
    this.#observe({ kind: 'stopped', durable, waiting, abandoned });
    return { waiting, abandoned };
  }

  async #read(
    source: Source,
    { intake, ending }: { intake: Intake; ending: AbortSignal },
  ): Promise<void> {
    const { journal } = this.#parts.store;
    const positions = await journal.positions(source.name);
    const beginnings = journal.durable ? null : new Beginnings(positions);
    for await (const batch of source.batches(positions, ending)) {
      await intake.take(beginnings?.mark(batch) ?? batch);
    }
  }

  /** Lets reading and running attempts end within the limit; answers how many were cut off. */
  async #drain(
    { reading, working }: { reading: Promise<unknown>; working: Promise<unknown> },
    { dispatch, abandon }: { dispatch: Dispatch; abandon: AbortController },
  ): Promise<number> {
    const done = new AbortController();
    const limit = this.#parts.clock
      .sleep(this.#parts.drainMs, done.signal)
      .then(() => dispatch.running)
      .catch(() => 0);
    const abandoned = await Promise.race([Promise.all([reading, working]).then(() => 0), limit]);
    done.abort();
    abandon.abort();
    // Attempts that were cut off still write their outcome down; reading that hangs is left behind.
    await working;
    return abandoned;
  }

  async #findCluster(stop: AbortSignal): Promise<ClusterRef | null> {
    const { api, findCluster, plan, store } = this.#parts;
    try {
      // Health must hear what it waits for, as the log does.
      const observe: Observe = (one) => this.#observe(one);
      const found = await findCluster(observe, stop);
      const at = { server: api.server, observe };
      return { id: await clusterId(store.keep, found, at), name: plan.clusterName };
    } catch (error) {
      if (stop.aborted) return null;
      throw error;
    }
  }

  /** The limits with what was started before this process began. */
  async #limiter(): Promise<Limiter> {
    const { clock, plan, store } = this.#parts;
    const wall = clock.now();
    const start = clock.monotonic();
    const from = start - LIMITS_REMEMBER_MS;
    const limiter = new Limiter(plan.limits, { now: () => clock.monotonic(), from });
    for (const { at, object } of await store.archive.firedSince(wall - LIMITS_REMEMBER_MS)) {
      limiter.takeAt(object, Math.min(start, start - (wall - at)));
    }
    return limiter;
  }

  #dispatch(): Dispatch {
    const { plan, store, clock, random, incarnation } = this.#parts;
    const observe: Observe = (one) => this.#observe(one);
    const parts: LaneParts = { outbox: store.outbox, clock, random, incarnation, observe };
    const lanes = plan.triggers.map((planned): [string, Lane] => {
      const { environment, folder } = this.#parts;
      const trigger = planned.create({ ...this.#sourceParts(), environment, folder });
      return [planned.name, new Lane({ ...planned, trigger: planned.name }, trigger, parts)];
    });
    return new Dispatch(new Map(lanes));
  }

  #release(limiter: Limiter, dispatch: Dispatch): Release {
    const { plan, store, clock } = this.#parts;
    return new Release({
      archive: store.archive,
      outbox: store.outbox,
      limiter,
      holdForMs: plan.limits.holdForMs,
      clock,
      observe: (one) => this.#observe(one),
      released: (delivery) => dispatch.wake([delivery]),
    });
  }

  #intake(at: {
    cluster: ClusterRef;
    limiter: Limiter;
    dispatch: Dispatch;
    release: Release;
  }): Intake {
    const { plan, store, clock } = this.#parts;
    const foreign = plan.sources.filter(({ allowForeign }) => allowForeign);
    return new Intake({
      chain: plan.chain,
      cluster: at.cluster,
      triggers: new Map(plan.triggers.map(({ name, identity }) => [name, { name, identity }])),
      guard: plan.guard,
      foreignSources: new Set(foreign.map(({ name }) => name)),
      journal: store.journal,
      limiter: at.limiter,
      clock,
      observe: (one) => this.#observe(one),
      committed: (deliveries) => {
        at.dispatch.wake(deliveries);
        if (deliveries.some(({ state }) => state === 'held')) at.release.wake();
      },
    });
  }

  #sourceParts(): Pick<GatewayParts, 'api' | 'clock' | 'random' | 'observe'> {
    const { api, clock, random } = this.#parts;
    return { api, clock, random, observe: (one) => this.#observe(one) };
  }

  async #countWaiting(): Promise<number> {
    const counts = await this.#parts.store.archive.counts();
    const unsettled = counts.filter(({ state }) => state === 'waiting' || state === 'held');
    return unsettled.reduce((sum, { count }) => sum + count, 0);
  }

  #observe(observation: Observation): void {
    this.#health.observe(observation);
    this.#parts.observe(observation);
  }
}

function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}
