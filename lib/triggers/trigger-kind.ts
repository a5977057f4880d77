// The descriptor of a kind of trigger. It adds to every kind's descriptor the secrets, and
// namespaces and name prefixes of created objects, which the loop guard must know before anything
// runs.
// Follows docs/architecture.md (loop guard, names; one file and one registry line a kind).

import type { Clock, Random } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Kind } from '../core/ports/kind.ts';
import type { DryRun, OnLostAnswer, Preview, Trigger } from '../core/ports/trigger.ts';
import type { NeededSecret } from '../kit/secret.ts';
import { toDnsLabel } from '../kit/text/label.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';

/** A kind of trigger. */
export interface TriggerKind<Section> extends Kind<Section, TriggerParts, Trigger> {
  /** The result of a delivery, for people; `${/pointer}` stands for a value of the section. */
  readonly starts: string;
  /** Pointers to the parts of a section that may have templates. Absent: no part may. */
  readonly templatesAt?: readonly string[];
  /** Whether it uses the cluster's API; its deliveries are then orphaned if the cluster changes. */
  readonly needsCluster: boolean;
  /** Whether it runs local commands, which need `--allow-exec`. */
  readonly needsExec: boolean;
  /** Default of `onLostAnswer`. */
  readonly onLostAnswer: OnLostAnswer;
  /** Whether its receiver recognizes a repetition by the delivery id, at least for a while. */
  hasKey(section: Section): boolean;
  /** Files and variables that every attempt needs; paths as in `check`. */
  secrets?(section: Section): readonly NeededSecret[];
  /**
   * Shows the first attempt of a delivery. It reads no secret, but shows its name instead.
   * Absent: the kind cannot show an attempt beforehand.
   */
  preview?(section: Section, parts: PreviewParts, delivery: Delivery): Preview;
  /**
   * Makes a delivery without an effect, so that a mistake is found before the first real one. It
   * reports only what would refuse every delivery. Absent: the kind has no dry run.
   */
  dryRun?(section: Section, parts: DryRunParts, signal: AbortSignal): Promise<DryRun>;
  /** URL of its requests if environment variables choose their proxy; else null. */
  receiver?(section: Section): URL | null;
  /** Beginning of its objects' names if the configuration has no `prefix:`. */
  defaultPrefix(name: string): string;
}

// An object's name is `<prefix>-<26 characters>` and must be a label value of at most 63
// characters. 20 leaves 16 for the suffix that a Job or a PipelineRun appends for its pods.
const LONGEST_PREFIX = 20;

/** A trigger's name as a DNS label of at most 20 characters; `build` if no character is legal. */
export function prefixFromName(name: string): string {
  return toDnsLabel(name, LONGEST_PREFIX) || 'build';
}

/** Everything that a kind of trigger may use. */
export interface TriggerParts {
  /** Name of the trigger in the configuration. */
  readonly name: string;
  /** Beginning of the names of its objects. */
  readonly prefix: string;
  /** Namespace of builds unless the section names another. */
  readonly buildNamespace: string;
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Randomness, for ids of single requests. */
  readonly random: Random;
  readonly observe: Observe;
  /** The folder of the configuration file, to which its paths are relative. */
  readonly folder: string;
  /** Environment variables: inherited by local commands, and for the choice of a proxy. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Parts of a preview, none of which does I/O. */
export type PreviewParts = Pick<TriggerParts, 'name' | 'prefix' | 'buildNamespace' | 'folder'>;

/** Parts of a dry run. */
export type DryRunParts = PreviewParts &
  Pick<TriggerParts, 'api' | 'clock'> & {
    /** With an id that no delivery has. */
    readonly delivery: Delivery;
  };

/** Name of the object that a delivery starts, so that one delivery has one object: `<prefix>-<id>`. */
export function objectName(prefix: string, id: string): string {
  return `${prefix}-${id}`;
}
