// One row of the table of observations: all that follows from a kind. A new kind is one new row.

import type { ByKind } from '../../core/observation.ts';
import type { FailureLog } from '../failure-log.ts';
import type { GatewayState } from '../gateway-state.ts';
import type { LogLine, OriginalLine, OriginalParts } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import type { DecisionLog } from './decision-line.ts';

/** Lines of one observation, in the order to write them; null stands for no line. */
export type ObservationLines = LogLine | null | readonly (LogLine | null)[];

/**
 * All that follows from one kind of observation. Levels of lines: error: data lost or a human must act.
 * Warn: unexpected, recovered. Info: life cycle and configuration. Debug: each attempt.
 */
interface ObservationRow<O> {
  /** Makes its lines; absent: it has none. */
  readonly line?: (observed: O, failures: FailureLog, decisions: DecisionLog) => ObservationLines;
  /** Counts it or its duration; gauges read the state. */
  readonly count?: (observed: O, metrics: Metrics) => void;
  /** Changes the state of the gateway. */
  readonly state?: (observed: O, state: GatewayState) => void;
  /** Makes the lines of the original gateway. */
  readonly original?: (observed: O, parts: OriginalParts) => readonly OriginalLine[];
}

/** A row for each kind of these observations. */
export type RowTable<O extends { readonly kind: string }> = {
  readonly [K in keyof ByKind<O>]: ObservationRow<ByKind<O>[K]>;
};
