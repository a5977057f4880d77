// How the gateway stands, followed from observations alone: the cluster, what the reading of each
// watch path is doing, what pauses each trigger and how it fared last, how full the store is. Health
// is lib/gateway's; the store answers for the rest.

import type { Outcome, PauseReason } from '../../core/delivery.ts';
import type {
  BreakerState,
  Observation,
  ReadingState,
  TroubleReason,
} from '../../core/observation.ts';

/** What the reading of one watch path is doing. */
interface PathStanding {
  readonly state: ReadingState;
  readonly why: string;
  /** Of `waiting`: the trouble that it waits after; else null. */
  readonly reason: TroubleReason | null;
}

/** The cluster as it was found. */
interface ClusterStanding {
  readonly id: string;
  readonly from: string;
  readonly server: string;
}

/** The last attempt of a trigger that did not deliver. */
interface FailureStanding {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly id: string;
  readonly outcome: Exclude<Outcome, { readonly outcome: 'delivered' }>;
}

/** Why a trigger makes no attempts now. */
export interface PauseStanding {
  readonly reason: 'breaker' | PauseReason;
  /** When one attempt is let through to see, ms since 1970; in the past once it may be made. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** How full the store is, as it was told last. */
type UsageStanding = Pick<
  Extract<Observation, { kind: 'store-usage' }>,
  'level' | 'overflow' | 'bytes' | 'maxBytes'
>;

/** Follows what the status shows. */
export class GatewayState {
  /** Null until it was found. */
  cluster: ClusterStanding | null = null;
  /** Where the store is; empty for one that is nowhere. */
  storeAt = '';
  /** Null until it was told. */
  usage: UsageStanding | null = null;
  /** Why the store takes nothing; null while it does. */
  storeTrouble: string | null = null;
  readonly #failures = new Map<string, FailureStanding>();
  readonly #deliveredAts = new Map<string, number>();
  readonly #paths = new Map<string, Map<string, PathStanding>>();
  readonly #breakers = new Map<string, BreakerState>();
  readonly #pauses = new Map<string, PauseStanding>();

  /** Takes note of an observation made now. */
  observe(observation: Observation, now: number): void {
    if (observation.kind === 'attempt-ended') this.#attempted(observation, now);
    if (observation.kind === 'store-opened') this.storeAt = observation.at;
    if (observation.kind === 'store-usage') this.usage = observation;
    if (observation.kind === 'store-trouble') {
      this.storeTrouble = observation.state === 'unavailable' ? observation.why : null;
    }
    if (observation.kind === 'cluster-found') {
      const { id, from, server } = observation;
      this.cluster = { id, from, server };
    }
    if (observation.kind === 'reading') {
      const { source, path, state, why, reason = null } = observation;
      const paths = this.#paths.get(source) ?? new Map<string, PathStanding>();
      this.#paths.set(source, paths.set(path, { state, why, reason }));
    }
    if (observation.kind === 'breaker') this.#broke(observation, now);
    if (observation.kind === 'pause') this.#paused(observation);
  }

  /** The watch paths of a source. */
  paths(source: string): ReadonlyMap<string, PathStanding> {
    return this.#paths.get(source) ?? new Map();
  }

  /** The breaker of a trigger: closed until it was heard of. */
  breaker(trigger: string): BreakerState {
    return this.#breakers.get(trigger) ?? 'closed';
  }

  /** Why a trigger makes no attempts now; null: it makes them. */
  pause(trigger: string): PauseStanding | null {
    return this.#pauses.get(trigger) ?? null;
  }

  /** The last attempt of a trigger since the start that did not deliver; null: there was none. */
  lastFailure(trigger: string): FailureStanding | null {
    return this.#failures.get(trigger) ?? null;
  }

  /** When an attempt of a trigger last delivered since the start, ms since 1970; null: never. */
  lastDeliveredAt(trigger: string): number | null {
    return this.#deliveredAts.get(trigger) ?? null;
  }

  #broke({ trigger, to, why, retryMs }: GatewayObservation<'breaker'>, now: number): void {
    const until = now + retryMs;
    this.#breakers.set(trigger, to);
    if (to === 'closed') this.#pauses.delete(trigger);
    if (to === 'open') this.#pauses.set(trigger, { reason: 'breaker', until, why });
    if (to === 'half-open') this.#trying(trigger, until);
  }

  #paused({ trigger, state, reason, until, why }: GatewayObservation<'pause'>): void {
    if (state === 'over') this.#pauses.delete(trigger);
    if (state === 'paused') this.#pauses.set(trigger, { reason, until, why });
    if (state === 'trying') this.#trying(trigger, until);
  }

  /** The attempt to see begins, maybe before its time because a person asked for it. */
  #trying(trigger: string, until: number): void {
    const pause = this.#pauses.get(trigger);
    if (pause !== undefined) this.#pauses.set(trigger, { ...pause, until });
  }

  #attempted({ delivery, outcome }: AttemptEnded, at: number): void {
    const { id, trigger } = delivery;
    if (outcome.outcome === 'delivered') this.#deliveredAts.set(trigger, at);
    else this.#failures.set(trigger, { at, id, outcome });
  }
}

type GatewayObservation<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

type AttemptEnded = GatewayObservation<'attempt-ended'>;
