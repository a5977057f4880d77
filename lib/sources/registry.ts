// The kinds of source, one line each. Schema, documents, permissions and metric labels follow from
// this list.

import { eventsKind } from './events.ts';
import type { SourceKind } from './source-kind.ts';

/** Every kind of source by its key in the configuration. */
export const sourceKinds = {
  events: eventsKind,
} as const satisfies Readonly<Record<string, SourceKind<never>>>;
