// Dependencies of the gateway. It creates none of them, so that specs and the demo pass their own.

import type { Clock, Random } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { Store } from '../core/store.ts';
import type { ClusterIdentity } from '../kubernetes/client/cluster-id.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { Plan } from '../plan/plan.ts';

/** Dependencies and settings of one gateway. */
export interface GatewayParts {
  readonly plan: Plan;
  readonly api: ApiClient;
  readonly store: Store;
  /** Asks the API server for the identity of the cluster; waits while the server is unavailable. */
  readonly findCluster: (observe: Observe, signal: AbortSignal) => Promise<ClusterIdentity>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder to which relative paths of the configuration refer. */
  readonly folder: string;
  /** Name of this run of the process. */
  readonly incarnation: string;
  /** How long attempts may still run after a stop, in ms. */
  readonly drainMs: number;
  /**
   * `none`: the cluster is as new as this gateway, so a start without a position misses nothing.
   */
  readonly before?: 'none';
}
