// The recording double of Observe: remembers every observation so that a spec can ask.

import type { Observation, Observe } from '../../lib/core/observation.ts';

/** One kind of observation. */
export type ObservationOf<Kind extends Observation['kind']> = Extract<
  Observation,
  { readonly kind: Kind }
>;

/** A recorder of observations. */
export interface RecordingObserve {
  readonly observe: Observe;
  /** Everything observed so far, in its order. */
  readonly seen: Observation[];
  /** Those of one kind. */
  readonly of: <Kind extends Observation['kind']>(kind: Kind) => readonly ObservationOf<Kind>[];
}

/** Makes an Observe that remembers. */
export function recordingObserve(): RecordingObserve {
  const seen: Observation[] = [];
  return {
    seen,
    observe: (observation) => void seen.push(observation),
    of: (kind) => seen.filter((observation) => isOf(observation, kind)),
  };
}

function isOf<Kind extends Observation['kind']>(
  observation: Observation,
  kind: Kind,
): observation is ObservationOf<Kind> {
  return observation.kind === kind;
}
