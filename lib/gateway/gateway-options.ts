// What a gateway is given. It makes none of it itself, so that specs and the demo hand in their own.

import type { Clock, Random } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { Store } from '../core/store.ts';
import type { ClusterIdentity } from '../kubernetes/client/cluster-id.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { Plan } from '../plan/plan.ts';

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
  /** `none`: the cluster begins with this gateway, so a start without a position misses nothing. */
  readonly before?: 'none';
}
