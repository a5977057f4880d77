// The one table of observations: kind to log lines, metrics and state. A kind without a row does not
// compile.

import type { ByKind, Observation } from '../../core/observation.ts';
import { originalDecision } from '../brigade-format.ts';
import type { GatewayState } from '../gateway-state.ts';
import { DELIVERY_ROWS, LIMIT_ROWS } from './delivery-observations.ts';
import { ACCESS_ROWS, LIFECYCLE_ROWS, STORE_ROWS } from './lifecycle-observations.ts';
import { READING_ROWS } from './reading-observations.ts';
import type { RowTable } from './row.ts';

/** All that follows from each kind of observation. */
export const OBSERVATIONS: RowTable<Observation> = {
  decision: {
    line: (observed, _, decisions) => decisions.line(observed),
    count: (observed, metrics) => metrics.decided(observed),
    original: originalDecision,
  },
  ...LIFECYCLE_ROWS,
  ...STORE_ROWS,
  ...ACCESS_ROWS,
  ...READING_ROWS,
  ...DELIVERY_ROWS,
  ...LIMIT_ROWS,
};

/** Changes the state of the gateway by an observation. */
export function record(observation: Observation, state: GatewayState): void {
  recordKind(observation.kind, observation, state);
}

function recordKind<K extends Observation['kind']>(
  kind: K,
  observed: ByKind<Observation>[K],
  state: GatewayState,
): void {
  OBSERVATIONS[kind].state?.(observed, state);
}
