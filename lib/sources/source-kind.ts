// What a kind of source hands in besides what every kind does: whom its objects may speak about, and
// for how long they can come again. What follows from both is the guards' and the ledger's.
// Follows docs/architecture.md (one file and one registry line a kind).

import type { Clock, Random } from '../core/clock.ts';
import type { EventObject } from '../core/event.ts';
import type { Kind } from '../core/kind.ts';
import type { Observe } from '../core/observation.ts';
import type { Source } from '../core/source.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';

/** A kind of source. */
export interface SourceKind<Section> extends Kind<Section, SourceParts, Source> {
  /** Whether an occurrence about an object of another namespace than its own may start something. */
  allowsForeign(section: Section): boolean;
  /** Whether it reads an Event; `own` is the gateway's namespace. */
  reads(section: Section, own: string, event: EventObject): boolean;
  /** How long an object that nobody changes stays where it is read, in ms. */
  retentionMs(section: Section): number;
}

// What a kind of source may have, and nothing more.

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
