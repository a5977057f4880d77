// What a kind of trigger hands in besides what every kind does: where it creates objects and what
// their names begin with (the loop guards ask before anything runs), and what it must be given.
// Follows docs/architecture.md (loop guard, names; one file and one registry line a kind).

import type { Delivery } from '../core/delivery.ts';
import type { CheckContext, Kind } from '../core/kind.ts';
import type { OnLostAnswer, Preview, Trigger } from '../core/trigger.ts';
import { toDnsLabel } from '../kit/label.ts';
import type { NeededSecret } from '../kit/secret.ts';
import type { PreviewParts, TriggerParts } from './parts.ts';

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
