// What a kind of trigger hands in besides what every kind does: where it creates objects and what
// their names begin with (the loop guards ask before anything runs), and what it must be given.
// Follows docs/architecture.md (loop guard, names; one file and one registry line a kind).

import type { Clock, Random } from '../core/clock.ts';
import type { Delivery, Outcome } from '../core/delivery.ts';
import type { CheckContext, Kind } from '../core/kind.ts';
import type { Observe } from '../core/observation.ts';
import type { OnLostAnswer, Preview, Trigger } from '../core/trigger.ts';
import type { NeededSecret } from '../kit/secret.ts';
import { toDnsLabel } from '../kit/text/label.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';

/** A kind of trigger. */
export interface TriggerKind<Section> extends Kind<Section, TriggerParts, Trigger> {
  /** Whether it speaks to the cluster; one that does loses its deliveries with a new cluster. */
  readonly needsCluster: boolean;
  /** Whether it runs local commands, which only `--allow-exec` permits. */
  readonly needsExec: boolean;
  /** What becomes of lost answers where the trigger's entry says nothing. */
  readonly onLostAnswer: OnLostAnswer;
  /** Whether its receiver tells a repetition by the delivery's id, for a while at least. */
  hasKey(section: Section): boolean;
  /** The namespaces in which it creates objects. */
  buildNamespaces(section: Section, context: CheckContext): readonly string[];
  /** Files and variables that an attempt can not be made without; paths as in `check`. */
  secrets?(section: Section): readonly NeededSecret[];
  /**
   * Shows the first attempt at a delivery. It reads no secret: the place of one shows its name.
   * Absent: the kind cannot tell beforehand.
   */
  preview?(section: Section, parts: PreviewParts, delivery: Delivery): Preview;
  /** Where its requests go if variables of the environment choose their proxy; null if they do not. */
  receiver?(section: Section): URL | null;
  /** What its objects' names begin with where the configuration has no `prefix:`. */
  defaultPrefix(name: string): string;
}

// An object's name is `<prefix>-<26 characters>` and must stay a label value: 20 leaves 16 to spare
// for what a Job or a PipelineRun appends for its pods.
const LONGEST_PREFIX = 20;

/** A trigger's name as a DNS label of at most 20 characters; `build` where nothing is left of it. */
export function prefixFromName(name: string): string {
  return toDnsLabel(name, LONGEST_PREFIX) || 'build';
}

// What a kind of trigger may have, and nothing more.

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

// The port takes a list because some kinds will send batches; those that do not fire one by one.

/** A trigger that makes its attempts one after another, in the order of the deliveries. */
export function oneEach(
  keyLifeMs: number,
  fireOne: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>,
): Trigger {
  return {
    keyLifeMs,
    fire: async (deliveries, signal) => {
      const outcomes: Outcome[] = [];
      for (const delivery of deliveries) outcomes.push(await fireOne(delivery, signal));
      return outcomes;
    },
  };
}
