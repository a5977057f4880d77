// The kinds of source that there are, one line each. Schema, documents, permissions and metric
// labels follow from this list.
import type { Kind } from '../core/kind.ts';
import type { Source } from '../core/source.ts';
import { eventsKind } from './events.ts';
import type { SourceParts } from './parts.ts';

/** Every kind of source by the key that names it in the configuration. */
export const sourceKinds = {
  events: eventsKind,
} as const satisfies Readonly<Record<string, Kind<never, SourceParts, Source>>>;

/** The name of a kind of source. */
export type SourceKindName = keyof typeof sourceKinds;
