// The series that exist from the start, at zero: all whose labels are names of the configuration or
// words of closed sets. Without them the first failure would be a new series, and `increase()` and
// `rate()` of Prometheus see no change in the first sample of a series.

import { type Action, DISPOSITIONS, type RuleRef } from '../core/decision.ts';
import {
  DEAD_REASONS,
  DELIVERY_STATES,
  type DeliveryState,
  OUTCOMES,
  PAUSE_REASONS,
  UNSETTLED_STATES,
} from '../core/delivery.ts';
import { GAP_LOSSES, LIST_PURPOSES, TROUBLE_REASONS } from '../core/source.ts';
import { ruleLabel } from './log-value.ts';
import type { LabelsOf, MetricName } from './metric-table.ts';

/** The names of a configuration that are label values. */
export interface MetricNames {
  readonly sources: readonly string[];
  readonly triggers: readonly string[];
  /** Each rule with its action; without the default rejection. */
  readonly rules: readonly { readonly rule: RuleRef; readonly action: Action }[];
}

/** The label of decisions that no rule made. */
export const DEFAULT_RULE = 'default';

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);
const FINAL_STATES = DELIVERY_STATES.filter((state) => !UNSETTLED.has(state) && state !== 'dead');

const FINALS = [
  ...FINAL_STATES.map((state) => ({ state, reason: '' })),
  ...DEAD_REASONS.map((reason) => ({ state: 'dead', reason })),
];

type SeriesTable = {
  readonly [N in MetricName]: (names: MetricNames) => readonly LabelsOf<N>[];
};

/** One series without a label. */
const one = (): readonly object[] => [{}];

/** A gauge that has no series until it is measured: zero would be wrong until then. */
const measured = (): readonly never[] => [];

const ofTriggers = ({ triggers }: MetricNames): readonly { trigger: string }[] =>
  triggers.map((trigger) => ({ trigger }));

const ofSources = ({ sources }: MetricNames): readonly { source: string }[] =>
  sources.map((source) => ({ source }));

/**
 * The labels of each metric's series that exist from the start, in the order of the table: prom-client
 * prints them in the order in which a series began.
 */
export const KNOWN_SERIES: SeriesTable = {
  sluice_build_info: measured,
  sluice_configuration_kept: one,
  sluice_events_read_total: (names) =>
    ofSources(names).flatMap((of) => [
      { ...of, from: 'watch' },
      { ...of, from: 'list' },
    ]),
  sluice_decisions_made_total: ({ rules }) => [
    ...rules.map(({ rule, action }) => ({ action, rule: ruleLabel(rule) })),
    { action: 'reject', rule: DEFAULT_RULE },
  ],
  sluice_decisions_suppressed_total: one,
  sluice_dispositions_made_total: (names) =>
    ofTriggers(names).flatMap((of) => DISPOSITIONS.map((disposition) => ({ disposition, ...of }))),
  sluice_deliveries_settled_total: (names) =>
    ofTriggers(names).flatMap((of) => FINALS.map((final) => ({ ...of, ...final }))),
  sluice_deliveries_doubted_total: ofTriggers,
  sluice_event_to_delivered_seconds: ofTriggers,
  sluice_breaker_open: ofTriggers,
  sluice_breaker_opened_total: ofTriggers,
  sluice_lane_paused: (names) =>
    ofTriggers(names).flatMap((of) => PAUSE_REASONS.map((reason) => ({ ...of, reason }))),
  sluice_attempt_duration_seconds: (names) =>
    ofTriggers(names).flatMap((of) => OUTCOMES.map((outcome) => ({ ...of, outcome }))),
  sluice_queue_depth: measured,
  sluice_read_position_age_seconds: measured,
  sluice_watch_restarts_total: (names) =>
    ofSources(names).flatMap((of) => TROUBLE_REASONS.map((reason) => ({ ...of, reason }))),
  sluice_lists_made_total: (names) =>
    ofSources(names).flatMap((of) => LIST_PURPOSES.map((purpose) => ({ ...of, purpose }))),
  sluice_lists_failed_total: (names) =>
    ofSources(names).flatMap((of) => TROUBLE_REASONS.map((reason) => ({ ...of, reason }))),
  sluice_gaps_found_total: (names) =>
    ofSources(names).flatMap((of) => GAP_LOSSES.map((loss) => ({ ...of, loss }))),
  sluice_frames_skipped_total: ofSources,
  sluice_store_commits_total: one,
  sluice_store_used_bytes: one,
  sluice_store_limit_bytes: one,
  sluice_store_available: one,
  sluice_clock_jumps_total: one,
  sluice_attempts_lost_total: one,
  sluice_bugs_found_total: one,
};
