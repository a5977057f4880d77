// Every metric as data; a house spec compares it with docs/operations.md. Labels come only from
// closed sets: names in the configuration and the unions of lib/core; never from an Event. Rows of
// observations/ count; a gauge reads the state of the gateway when it is scraped, and nothing sets it.

import { PAUSE_REASONS } from '../core/delivery.ts';
import type { GatewayState } from './gateway-state.ts';

type MetricEntry =
  | ReturnType<typeof counter>
  | ReturnType<typeof gauge>
  | ReturnType<typeof histogram>;

function counter<const L extends string>(labels: readonly L[], help: string) {
  return { type: 'counter', labels, help } as const;
}

/** `read` makes all its series; one that was not measured has none, because zero would be wrong. */
function gauge<const L extends string>(
  labels: readonly L[],
  help: string,
  read: (state: GatewayState) => readonly (readonly [Readonly<Record<L, string>>, number])[],
) {
  return { type: 'gauge', labels, help, read } as const;
}

/** `buckets` are upper bounds in the unit of the metric. */
function histogram<const L extends string>(
  labels: readonly L[],
  help: string,
  buckets: readonly number[],
) {
  return { type: 'histogram', labels, help, buckets } as const;
}

/** Every metric by name. */
export const METRICS = {
  sluice_build_info: gauge(
    ['version'],
    'Always 1; its label holds the running version.',
    ({ version }) => (version === null ? [] : [[{ version }, 1]]),
  ),
  sluice_configuration_kept: gauge(
    [],
    '1 while the last good configuration runs because the current file is refused, else 0.',
    ({ isConfigurationKept }) => [[{}, Number(isConfigurationKept)]],
  ),
  sluice_events_read_total: counter(
    ['source', 'from'],
    'Events read, by source and by origin: a watch or a list.',
  ),
  sluice_decisions_made_total: counter(
    ['action', 'rule'],
    'Decisions, by action and rule: its name, or # and its index, or default if no rule matched.',
  ),
  sluice_decisions_suppressed_total: counter(
    [],
    'Decisions without an info line, because their series already had the same line.',
  ),
  sluice_dispositions_made_total: counter(
    ['disposition', 'trigger'],
    'Accepted occurrences, by disposition and trigger.',
  ),
  sluice_deliveries_settled_total: counter(
    ['trigger', 'state', 'reason'],
    'Deliveries that reached a final state, by trigger, state, and the reason of a dead one.',
  ),
  sluice_deliveries_doubted_total: counter(
    ['trigger'],
    'Settled deliveries that may have started twice: retried after an unknown outcome, without an idempotency key.',
  ),
  sluice_event_to_delivered_seconds: histogram(
    ['trigger'],
    'Time from the last occurrence of an Event, by its own timestamp, to its delivery. Without reruns and retries that a user asked for.',
    // From the resolution of most timestamps, through waits of a limit, to the default of retry.for.
    [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400],
  ),
  sluice_breaker_open: gauge(
    ['trigger'],
    '1 while the circuit breaker of a trigger is open or half-open, else 0.',
    ({ triggers }) =>
      [...triggers].map(([trigger, { breaker }]) => [{ trigger }, Number(breaker !== 'closed')]),
  ),
  sluice_breaker_opened_total: counter(
    ['trigger'],
    'Times that the circuit breaker of a trigger opened, including after a failed probe.',
  ),
  sluice_lane_paused: gauge(
    ['trigger', 'reason'],
    '1 while a trigger makes no attempts or one probe, else 0. Reason: throttled, or unauthorized if the receiver does not accept the credential.',
    ({ triggers }) =>
      [...triggers].flatMap(([trigger, { pause }]) =>
        PAUSE_REASONS.map(
          (reason) => [{ trigger, reason }, Number(pause?.reason === reason)] as const,
        ),
      ),
  ),
  sluice_attempt_duration_seconds: histogram(
    ['trigger', 'outcome'],
    'Duration of attempts, by trigger and outcome; its count is the number of attempts.',
    // From one API call to a near server to the longest usual timeout.
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  ),
  sluice_queue_depth: gauge(
    ['trigger', 'state'],
    'Unsettled deliveries, by trigger and state: waiting, held, open, running.',
    ({ triggers }) =>
      [...triggers].flatMap(([trigger, { depths }]) =>
        [...depths].map(([state, count]) => [{ trigger, state }, count] as const),
      ),
  ),
  sluice_read_position_age_seconds: gauge(
    ['source'],
    'Time since every watch path of a source was last proved current, or since the start.',
    ({ sources }) =>
      [...sources].flatMap(([source, { ageMs }]) =>
        ageMs === null ? [] : [[{ source }, ageMs / 1000] as const],
      ),
  ),
  sluice_watch_restarts_total: counter(
    ['source', 'reason'],
    'Watches that ended and reconnect, by source and reason.',
  ),
  sluice_lists_made_total: counter(
    ['source', 'purpose'],
    'Lists that were read completely, by source and purpose.',
  ),
  sluice_lists_failed_total: counter(
    ['source', 'reason'],
    'Lists that failed, by source and reason.',
  ),
  sluice_gaps_found_total: counter(
    ['source', 'loss'],
    'Gaps: spans that could not be read, by source and possible loss.',
  ),
  sluice_frames_skipped_total: counter(
    ['source'],
    'Watch frames and list items that were skipped because they are too large or unreadable.',
  ),
  sluice_store_commits_total: counter([], 'Commits of positions, ledger and new deliveries.'),
  sluice_store_used_bytes: gauge([], 'Size of the stored data.', ({ usage }) => [
    [{}, usage?.bytes ?? 0],
  ]),
  sluice_store_limit_bytes: gauge(
    [],
    'Size limit above which new deliveries wait or are shed; 0 without a limit.',
    ({ usage }) => [[{}, usage?.maxBytes ?? 0]],
  ),
  sluice_store_available: gauge(
    [],
    '1 while the store accepts changes, else 0.',
    ({ isStoreOpen, storeTrouble }) => [[{}, Number(isStoreOpen && storeTrouble === null)]],
  ),
  sluice_clock_jumps_total: counter([], 'Jumps of the wall clock that were noticed.'),
  sluice_attempts_lost_total: counter(
    [],
    'Attempts with unknown outcome found at start: their process died before the answer was stored.',
  ),
  sluice_bugs_found_total: counter(
    [],
    'Errors that should not have happened; each has an error line.',
  ),
} as const satisfies Record<`sluice_${string}`, MetricEntry>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

/** The names of all metrics of one type. */
export type MetricsOfType<T extends MetricEntry['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

/** The labels of a metric with their values. */
export type LabelsOf<N extends MetricName> = Readonly<
  Record<(typeof METRICS)[N]['labels'][number], string>
>;
