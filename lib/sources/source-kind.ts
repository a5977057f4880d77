// The descriptor of a kind of source. It adds to every kind's descriptor the vocabulary and the shape of
// its occurrences, whether these may be about another namespace, and how long they can be read again. The
// guard and the ledger use the last two.
// Follows docs/architecture.md (one file and one registry line a kind).

import type { Clock, Random } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import type { EventObject } from '../core/occurrence.ts';
import type { Kind } from '../core/ports/kind.ts';
import type { Source } from '../core/ports/source.ts';
import type { Vocabulary } from '../core/vocabulary.ts';
import type { RequiredValue } from '../filters/required-values.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { Shape } from './shape.ts';

/** A kind of source. */
export interface SourceKind<Section> extends Kind<Section, SourceParts, Source> {
  /** The fields that rules may name on its occurrences. */
  readonly vocabulary: Vocabulary;
  /** Fields that it does not have although users look for them, with hints. */
  readonly missingFields: ReadonlyMap<string, string>;
  /** Whether an occurrence about an object in another namespace may start a build. */
  allowsForeign(section: Section): boolean;
  /** Whether it reads an Event; `own` is the gateway's namespace. */
  reads(section: Section, own: string, event: EventObject): boolean;
  /**
   * The section's selector with what follows from the rules; '' selects everything. Null if the section
   * does not ask for it; then `required` is not called.
   */
  derivedSelector(section: Section, required: () => readonly RequiredValue[]): string | null;
  /** How it shapes its objects, before anything else sees them. */
  shape(section: Section): Shape;
  /** How long the API server keeps an object that is not changed, in ms. */
  retentionMs(section: Section): number;
}

/** Everything that a kind of source may use. */
export interface SourceParts {
  /** Name of the source in the configuration. */
  readonly name: string;
  /** The gateway's own namespace; '' means all, as in the original gateway. */
  readonly namespace: string;
  /** Instead of the section's own; absent: the section decides. */
  readonly fieldSelector?: string;
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
}
