// Doubles of the port Observe. It has no failure, so the failing one fails on being called.

import type { Observation, Observe } from '../../../lib/core/observation.ts';

/** Ignores observations. */
export const nopObserve: Observe = () => undefined;

/** One kind of observation. */
export type ObservationOf<Kind extends Observation['kind']> = Extract<
  Observation,
  { readonly kind: Kind }
>;

/** A recorder of observations. */
export interface RecordingObserve {
  readonly observe: Observe;
  /** Every observation so far, in order. */
  readonly seen: Observation[];
  /** The observations of one kind. */
  readonly of: <Kind extends Observation['kind']>(kind: Kind) => readonly ObservationOf<Kind>[];
}

/** Records observations. */
export function recordingObserve(): RecordingObserve {
  const seen: Observation[] = [];
  return {
    seen,
    observe: (observation) => void seen.push(observation),
    of: (kind) => seen.filter((observation) => isOf(observation, kind)),
  };
}

/** Throws at any observation: for code that must not observe. */
export const failingObserve: Observe = (observation) => {
  throw new Error(`observed ${observation.kind}, expected no observation`);
};

function isOf<Kind extends Observation['kind']>(
  observation: Observation,
  kind: Kind,
): observation is ObservationOf<Kind> {
  return observation.kind === kind;
}
