// The lines of every observation except decisions. Error: data lost or a human must act; warn:
// unexpected, recovered; info: life cycle and configuration; debug: each attempt. Observations
// without a line (Events read, queue depths) are metrics only.

import type { DecisionObserved, Observation } from '../core/observation.ts';
import { deliveryLines, limitLines } from './delivery-line.ts';
import type { FailureLog } from './failure-log.ts';
import { lifecycleLines, storeLines } from './lifecycle-line.ts';
import type { LogLine } from './logging.ts';
import { readingLines } from './reading-line.ts';

/** Every observation except decisions. */
export type OtherObservation = Exclude<Observation, DecisionObserved>;

/** Makes the lines of an observation other than a decision, in the order to write them. */
export function observationLines(
  observation: OtherObservation,
  failures: FailureLog,
): readonly LogLine[] {
  switch (observation.kind) {
    case 'reading':
    case 'watch-opened':
    case 'path-current':
    case 'path-stale':
    case 'watch-ended':
    case 'list-ended':
    case 'list-failed':
    case 'frame-skipped':
    case 'events-read':
    case 'gap':
    case 'path-retired':
      return readingLines(observation, failures);
    case 'attempt-started':
    case 'attempt-ended':
    case 'delivery-moved':
    case 'breaker':
    case 'pause':
    case 'queue-depth':
    case 'command-output':
      return deliveryLines(observation, failures);
    case 'budget':
    case 'shedding':
      return limitLines(observation, failures);
    case 'store-opened':
    case 'store-to-move':
    case 'store-trouble':
    case 'store-usage':
    case 'work-resumed':
    case 'history-lost':
    case 'clock-jumped':
      return storeLines(observation, failures);
    case 'started':
    case 'configuration-problem':
    case 'cluster-found':
    case 'cluster-waiting':
    case 'cluster-changed':
    case 'configuration-kept':
    case 'credentials-reread':
    case 'proxy-used':
    case 'listening':
    case 'stopping':
    case 'stopped':
    case 'bug':
      return lifecycleLines(observation, failures);
    default:
      return observation satisfies never;
  }
}
