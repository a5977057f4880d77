// Every metric as data; a house spec compares it with docs/operations.md. Labels come only from
// closed sets: names in the configuration and the unions of lib/core; never from an Event.

interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** Every metric by name. */
export const METRICS = {
  sluice_build_info: {
    type: 'gauge',
    help: 'Always 1; its label holds the running version.',
    labels: ['version'],
  },
  sluice_configuration_kept: {
    type: 'gauge',
    help: '1 while the last good configuration runs because the current file is refused, else 0.',
    labels: [],
  },
  sluice_events_read_total: {
    type: 'counter',
    help: 'Events read, by source and by origin: a watch or a list.',
    labels: ['source', 'from'],
  },
  sluice_decisions_made_total: {
    type: 'counter',
    help: 'Decisions, by action and rule: its name, or # and its index, or default if no rule matched.',
    labels: ['action', 'rule'],
  },
  sluice_decisions_suppressed_total: {
    type: 'counter',
    help: 'Decisions without an info line, because their series already had the same line.',
    labels: [],
  },
  sluice_dispositions_made_total: {
    type: 'counter',
    help: 'Accepted occurrences, by disposition and trigger.',
    labels: ['disposition', 'trigger'],
  },
  sluice_deliveries_settled_total: {
    type: 'counter',
    help: 'Deliveries that reached a final state, by trigger, state, and the reason of a dead one.',
    labels: ['trigger', 'state', 'reason'],
  },
  sluice_deliveries_doubted_total: {
    type: 'counter',
    help: 'Settled deliveries that may have started twice: retried after an unknown outcome, without an idempotency key.',
    labels: ['trigger'],
  },
  sluice_event_to_delivered_seconds: {
    type: 'histogram',
    help: 'Time from the last occurrence of an Event, by its own timestamp, to its delivery. Without reruns and retries that a user asked for.',
    labels: ['trigger'],
    // From the resolution of most timestamps, through waits of a limit, to the default of retry.for.
    buckets: [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400],
  },
  sluice_breaker_open: {
    type: 'gauge',
    help: '1 while the circuit breaker of a trigger is open or half-open, else 0.',
    labels: ['trigger'],
  },
  sluice_breaker_opened_total: {
    type: 'counter',
    help: 'Times that the circuit breaker of a trigger opened, including after a failed probe.',
    labels: ['trigger'],
  },
  sluice_lane_paused: {
    type: 'gauge',
    help: '1 while a trigger makes no attempts or one probe, else 0. Reason: throttled, or unauthorized if the receiver does not accept the credential.',
    labels: ['trigger', 'reason'],
  },
  sluice_attempt_duration_seconds: {
    type: 'histogram',
    help: 'Duration of attempts, by trigger and outcome; its count is the number of attempts.',
    labels: ['trigger', 'outcome'],
    // From one API call to a near server to the longest usual timeout.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  sluice_queue_depth: {
    type: 'gauge',
    help: 'Unsettled deliveries, by trigger and state: waiting, held, open, running.',
    labels: ['trigger', 'state'],
  },
  sluice_read_position_age_seconds: {
    type: 'gauge',
    help: 'Time since every watch path of a source was last proved current, or since the start.',
    labels: ['source'],
  },
  sluice_watch_restarts_total: {
    type: 'counter',
    help: 'Watches that ended and reconnect, by source and reason.',
    labels: ['source', 'reason'],
  },
  sluice_lists_made_total: {
    type: 'counter',
    help: 'Lists that were read completely, by source and purpose.',
    labels: ['source', 'purpose'],
  },
  sluice_lists_failed_total: {
    type: 'counter',
    help: 'Lists that failed, by source and reason.',
    labels: ['source', 'reason'],
  },
  sluice_gaps_found_total: {
    type: 'counter',
    help: 'Gaps: spans that could not be read, by source and possible loss.',
    labels: ['source', 'loss'],
  },
  sluice_frames_skipped_total: {
    type: 'counter',
    help: 'Watch frames and list items that were skipped because they are too large or unreadable.',
    labels: ['source'],
  },
  sluice_store_commits_total: {
    type: 'counter',
    help: 'Commits of positions, ledger and new deliveries.',
    labels: [],
  },
  sluice_store_used_bytes: {
    type: 'gauge',
    help: 'Size of the stored data.',
    labels: [],
  },
  sluice_store_limit_bytes: {
    type: 'gauge',
    help: 'Size limit above which new deliveries wait or are shed; 0 without a limit.',
    labels: [],
  },
  sluice_store_available: {
    type: 'gauge',
    help: '1 while the store accepts changes, else 0.',
    labels: [],
  },
  sluice_clock_jumps_total: {
    type: 'counter',
    help: 'Jumps of the wall clock that were noticed.',
    labels: [],
  },
  sluice_attempts_lost_total: {
    type: 'counter',
    help: 'Attempts with unknown outcome found at start: their process died before the answer was stored.',
    labels: [],
  },
  sluice_bugs_found_total: {
    type: 'counter',
    help: 'Errors that should not have happened; each has an error line.',
    labels: [],
  },
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
