// How the gateway stands, followed from observations alone: the cluster, what the reading of each
// watch path is doing, the breakers. Health is lib/gateway's; the store answers for the rest.
import type { BreakerState, Observation, ReadingState } from '../core/observation.ts';

/** What the reading of one watch path is doing. */
export interface PathStanding {
  readonly state: ReadingState;
  readonly why: string;
}

/** The cluster as it was found. */
export interface ClusterStanding {
  readonly id: string;
  readonly from: string;
  readonly server: string;
}

/** Follows what the status shows. */
export class Standing {
  /** Null until it was found. */
  cluster: ClusterStanding | null = null;
  readonly #paths = new Map<string, Map<string, PathStanding>>();
  readonly #breakers = new Map<string, BreakerState>();

  /** Takes note of an observation. */
  observe(observation: Observation): void {
    if (observation.kind === 'cluster-found') {
      const { id, from, server } = observation;
      this.cluster = { id, from, server };
    }
    if (observation.kind === 'reading') {
      const { source, path, state, why } = observation;
      const paths = this.#paths.get(source) ?? new Map<string, PathStanding>();
      this.#paths.set(source, paths.set(path, { state, why }));
    }
    if (observation.kind === 'breaker') this.#breakers.set(observation.trigger, observation.to);
  }

  /** The watch paths of a source. */
  paths(source: string): ReadonlyMap<string, PathStanding> {
    return this.#paths.get(source) ?? new Map();
  }

  /** The breaker of a trigger: closed until it was heard of. */
  breaker(trigger: string): BreakerState {
    return this.#breakers.get(trigger) ?? 'closed';
  }
}
