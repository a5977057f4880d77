// Every metric as data: what docs/operations.md lists and a house spec compares. Labels come only
// from closed sets: names of the configuration, and the unions of lib/core; never from an Event.

interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Of a histogram: the upper bounds of its buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** Every metric by name. */
export const METRICS = {
  sluice_build_info: {
    type: 'gauge',
    help: 'Always 1; its label tells the version that runs.',
    labels: ['version'],
  },
  sluice_configuration_kept: {
    type: 'gauge',
    help: '1 while the last good configuration runs because the file is refused, else 0.',
    labels: [],
  },
  sluice_events_read_total: {
    type: 'counter',
    help: 'Events read, by source and by how: from a watch or a list.',
    labels: ['source', 'from'],
  },
  sluice_decisions_made_total: {
    type: 'counter',
    help: 'Decisions, by action and rule: its name, # and its index without one, or default where no rule matched.',
    labels: ['action', 'rule'],
  },
  sluice_decisions_suppressed_total: {
    type: 'counter',
    help: 'Decisions without an info line, because their series had the same line before.',
    labels: [],
  },
  sluice_dispositions_made_total: {
    type: 'counter',
    help: 'What became of accepted occurrences, by disposition and trigger.',
    labels: ['disposition', 'trigger'],
  },
  sluice_deliveries_settled_total: {
    type: 'counter',
    help: 'Deliveries that reached a final state, by trigger, state, and the reason of a dead one.',
    labels: ['trigger', 'state', 'reason'],
  },
  sluice_deliveries_doubted_total: {
    type: 'counter',
    help: 'Settled deliveries that may have started twice: repeated after a lost answer, without a key.',
    labels: ['trigger'],
  },
  sluice_breaker_open: {
    type: 'gauge',
    help: '1 while the circuit breaker of a trigger lets nothing or one attempt through, else 0.',
    labels: ['trigger'],
  },
  sluice_breaker_opened_total: {
    type: 'counter',
    help: 'How often the circuit breaker of a trigger opened, also after an attempt to see failed.',
    labels: ['trigger'],
  },
  sluice_lane_paused: {
    type: 'gauge',
    help: '1 while a trigger makes no attempts, or one to see, because its receiver asked to wait (throttled) or does not accept the credential (unauthorized), else 0.',
    labels: ['trigger', 'reason'],
  },
  sluice_attempt_duration_seconds: {
    type: 'histogram',
    help: 'How long attempts took, by trigger and outcome; its count is the number of attempts.',
    labels: ['trigger', 'outcome'],
    // From one API call on a near server to the longest customary timeout.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  sluice_queue_depth: {
    type: 'gauge',
    help: 'Deliveries that are not settled, by trigger and state: waiting, held, open, running.',
    labels: ['trigger', 'state'],
  },
  sluice_watch_restarts_total: {
    type: 'counter',
    help: 'Watches that ended and were or will be opened again, by source and reason.',
    labels: ['source', 'reason'],
  },
  sluice_lists_made_total: {
    type: 'counter',
    help: 'Lists that were read whole, by source and purpose.',
    labels: ['source', 'purpose'],
  },
  sluice_lists_failed_total: {
    type: 'counter',
    help: 'Lists that were not read whole, by source and reason.',
    labels: ['source', 'reason'],
  },
  sluice_gaps_found_total: {
    type: 'counter',
    help: 'Spans that could not be read, by source and by what may be lost.',
    labels: ['source', 'loss'],
  },
  sluice_frames_skipped_total: {
    type: 'counter',
    help: 'Watch frames and list items that were skipped, being too large or unreadable.',
    labels: ['source'],
  },
  sluice_store_commits_total: {
    type: 'counter',
    help: 'Commits of what was read: positions, ledger and new deliveries.',
    labels: [],
  },
  sluice_store_used_bytes: {
    type: 'gauge',
    help: 'How much the store holds.',
    labels: [],
  },
  sluice_store_limit_bytes: {
    type: 'gauge',
    help: 'How much it may hold before new deliveries wait or are shed; 0 without a bound.',
    labels: [],
  },
  sluice_store_available: {
    type: 'gauge',
    help: '1 while the store takes what it is given, 0 while it can not.',
    labels: [],
  },
  sluice_clock_jumps_total: {
    type: 'counter',
    help: 'Jumps of the wall clock that were noticed.',
    labels: [],
  },
  sluice_attempts_lost_total: {
    type: 'counter',
    help: 'Attempts whose process died before their answer was written down, found at the start.',
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

/** Exactly the labels of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<
  Record<(typeof METRICS)[N]['labels'][number], string>
>;
