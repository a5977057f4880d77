// State of the gateway for the status document, derived from observations: its cluster, watch paths,
// triggers and store usage. Health comes from lib/gateway, and everything else from the store.

import type { Outcome, PauseReason } from '../core/delivery.ts';
import type { BreakerState, Observation } from '../core/observation.ts';
import type { TroubleReason } from '../core/source.ts';

type Observed<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/** State of the reading of one watch path. */
interface PathStanding extends Pick<Observed<'reading'>, 'state' | 'why'> {
  /** The error that caused `waiting`; else null. */
  readonly reason: TroubleReason | null;
}

/** The last failed attempt of a trigger. */
interface FailureStanding {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly id: string;
  readonly outcome: Exclude<Outcome, { readonly outcome: 'delivered' }>;
}

/** Why a trigger makes no attempts now. */
export interface PauseStanding {
  readonly reason: 'breaker' | PauseReason;
  /** Time of the next trial attempt, ms since 1970; in the past if it is due. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** Last reported usage of the store. */
type UsageStanding = Pick<Observed<'store-usage'>, 'level' | 'overflow' | 'bytes' | 'maxBytes'>;

/** Follows observations and holds the latest state. */
export class GatewayState {
  /** Null until the gateway has connected. */
  cluster: Pick<Observed<'cluster-found'>, 'id' | 'from' | 'server'> | null = null;
  /** Path of the store; empty if it has none. */
  storeAt = '';
  /** Null until it was reported. */
  usage: UsageStanding | null = null;
  /** Why the store is unavailable; null if it is available. */
  storeTrouble: string | null = null;
  readonly #failures = new Map<string, FailureStanding>();
  readonly #deliveredAts = new Map<string, number>();
  readonly #paths = new Map<string, Map<string, PathStanding>>();
  readonly #breakers = new Map<string, BreakerState>();
  readonly #pauses = new Map<string, PauseStanding>();

  /** Records an observation. */
  observe(observation: Observation, now: number): void {
    if (observation.kind === 'attempt-ended') this.#attempted(observation, now);
    if (observation.kind === 'store-opened') this.storeAt = observation.at;
    if (observation.kind === 'store-usage') this.usage = observation;
    if (observation.kind === 'store-trouble') {
      this.storeTrouble = observation.state === 'unavailable' ? observation.why : null;
    }
    if (observation.kind === 'cluster-found') this.cluster = observation;
    if (observation.kind === 'reading') {
      const { source, path, state, why, reason = null } = observation;
      const paths = this.#paths.get(source) ?? new Map<string, PathStanding>();
      this.#paths.set(source, paths.set(path, { state, why, reason }));
    }
    if (observation.kind === 'breaker') this.#broke(observation, now);
    if (observation.kind === 'pause') this.#paused(observation);
  }

  /** States of the watch paths of a source. */
  paths(source: string): ReadonlyMap<string, PathStanding> {
    return this.#paths.get(source) ?? new Map();
  }

  /** State of a trigger's breaker; closed until it is first reported. */
  breaker(trigger: string): BreakerState {
    return this.#breakers.get(trigger) ?? 'closed';
  }

  /** Why a trigger makes no attempts now; null if it is not paused. */
  pause(trigger: string): PauseStanding | null {
    return this.#pauses.get(trigger) ?? null;
  }

  /** The last failed attempt of a trigger since the start; null if there was none. */
  lastFailure(trigger: string): FailureStanding | null {
    return this.#failures.get(trigger) ?? null;
  }

  /** Time of a trigger's last delivery since the start, ms since 1970; null if there was none. */
  lastDeliveredAt(trigger: string): number | null {
    return this.#deliveredAts.get(trigger) ?? null;
  }

  #broke({ trigger, to, why, retryMs }: Observed<'breaker'>, now: number): void {
    const until = now + retryMs;
    this.#breakers.set(trigger, to);
    if (to === 'closed') this.#pauses.delete(trigger);
    if (to === 'open') this.#pauses.set(trigger, { reason: 'breaker', until, why });
    if (to === 'half-open') this.#trying(trigger, until);
  }

  #paused({ trigger, state, reason, until, why }: Observed<'pause'>): void {
    if (state === 'over') this.#pauses.delete(trigger);
    if (state === 'paused') this.#pauses.set(trigger, { reason, until, why });
    if (state === 'trying') this.#trying(trigger, until);
  }

  /** Records a trial attempt; it may come before its time because a person asked for it. */
  #trying(trigger: string, until: number): void {
    const pause = this.#pauses.get(trigger);
    if (pause !== undefined) this.#pauses.set(trigger, { ...pause, until });
  }

  #attempted({ delivery, outcome }: Observed<'attempt-ended'>, at: number): void {
    const { id, trigger } = delivery;
    if (outcome.outcome === 'delivered') this.#deliveredAts.set(trigger, at);
    else this.#failures.set(trigger, { at, id, outcome });
  }
}
