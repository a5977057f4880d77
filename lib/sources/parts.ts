// What a kind of source may have, and nothing more.

import type { Clock, Random } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { ApiClient } from '../kubernetes/api.ts';

/** What a kind of source may have. */
export interface SourceParts {
  /** The name under which it stands in the configuration. */
  readonly name: string;
  /** The gateway's own namespace; '' means all (the original's way to say so). */
  readonly namespace: string;
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
}
