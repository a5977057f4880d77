// What a kind of trigger may have, and nothing more.

import type { Clock, Random } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { ApiClient } from '../kubernetes/api.ts';

/** What a kind of trigger may have. */
export interface TriggerParts {
  /** The name under which it stands in the configuration. */
  readonly name: string;
  /** What the names of its objects begin with. */
  readonly prefix: string;
  /** Where builds go unless the section says otherwise. */
  readonly buildNamespace: string;
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Chance, for ids that stand for one request only. */
  readonly random: Random;
  readonly observe: Observe;
  /** Where relative paths of the configuration begin: the folder of its file. */
  readonly folder: string;
  /** Variables: what a local command inherits, and which proxy requests go through. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Parts of a preview: nothing that opens or reads anything. */
export type PreviewParts = Pick<TriggerParts, 'name' | 'prefix' | 'buildNamespace' | 'folder'>;
