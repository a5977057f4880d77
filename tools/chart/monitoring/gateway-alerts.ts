// Alerts about the gateway's process, its configuration and its store.

import { type Alert, grew, series } from './alert.ts';

/** Alerts about the gateway itself. */
export const GATEWAY_ALERTS = [
  {
    name: 'SluiceAbsent',
    severity: 'critical',
    expr: `absent(${series('sluice_build_info')})`,
    for: '5m',
    threshold: null,
    summary: 'No gateway runs, or Prometheus cannot reach it.',
    description:
      'There were no metrics of the gateway for 5 minutes. While it is away nothing is judged. It judges Events of that time when it is back, as long as the cluster keeps them (1 hour by default).',
  },
  {
    name: 'SluiceRestarting',
    severity: 'warning',
    expr: `changes(${series('process_start_time_seconds')}[15m]) > $threshold`,
    for: '',
    threshold: 2,
    summary: '{{ $labels.pod }} restarts again and again.',
    description:
      'The gateway {{ $labels.namespace }}/{{ $labels.pod }} started {{ $value }} times in 15 minutes. A build whose attempt is interrupted by the end of the process three times in a row becomes a dead letter.',
  },
  {
    name: 'SluiceConfigurationKept',
    severity: 'warning',
    expr: `${series('sluice_configuration_kept')} == 1`,
    for: '5m',
    threshold: null,
    summary: '{{ $labels.pod }} refuses its configuration and runs the previous one.',
    description:
      'The configuration of {{ $labels.namespace }}/{{ $labels.pod }} is invalid. The gateway keeps running with the last one that was valid, so the latest change of rules or triggers is not in effect.',
  },
  {
    name: 'SluiceStoreUnavailable',
    severity: 'critical',
    expr: `${series('sluice_store_available')} == 0`,
    for: '2m',
    threshold: null,
    summary: 'The store of {{ $labels.pod }} accepts no changes.',
    description:
      'Nothing is decided and nothing is started while the store of {{ $labels.namespace }}/{{ $labels.pod }} cannot be written: its disk is full, read-only or failing.',
  },
  {
    name: 'SluiceStoreNearlyFull',
    severity: 'warning',
    expr: `${series('sluice_store_used_bytes')} / (${series('sluice_store_limit_bytes')} > 0) > $threshold`,
    for: '15m',
    threshold: 0.8,
    summary: 'The store of {{ $labels.pod }} is {{ $value | humanizePercentage }} full.',
    description:
      'At the limit of the store, new deliveries of {{ $labels.namespace }}/{{ $labels.pod }} wait or are shed, as its `overflow` says.',
  },
  {
    name: 'SluiceEventLoopBlocked',
    severity: 'warning',
    expr: `${series('nodejs_eventloop_lag_p99_seconds')} > $threshold`,
    for: '10m',
    threshold: 1,
    summary: 'The process of {{ $labels.pod }} is too busy to answer in time.',
    description:
      'Timers and answers of {{ $labels.namespace }}/{{ $labels.pod }} were late by {{ $value | humanizeDuration }} (99th percentile). Its CPU limit is too low, or it reads more Events than one core can judge.',
  },
  {
    name: 'SluiceClockJumped',
    severity: 'info',
    expr: grew('sluice_clock_jumps_total'),
    for: '',
    threshold: null,
    summary: 'The clock of the node of {{ $labels.pod }} jumped.',
    description:
      'The gateway {{ $labels.namespace }}/{{ $labels.pod }} shifted its due times by the same amount, so no build starts early or late. Timestamps in the log and the ages of Events may be wrong.',
  },
  {
    name: 'SluiceBugFound',
    severity: 'warning',
    expr: grew('sluice_bugs_found_total'),
    for: '',
    threshold: null,
    summary: '{{ $labels.pod }} found an error in itself.',
    description:
      'An error that should not happen was caught in {{ $labels.namespace }}/{{ $labels.pod }}. Its log has an error line with the details.',
  },
] as const satisfies readonly Alert[];
