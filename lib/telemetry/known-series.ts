// The series of counters and histograms that exist from the start, at zero: all whose labels are names of
// the configuration or words of closed sets. Without them the first failure would be a new series, and
// `increase()` and `rate()` of Prometheus see no change in the first sample of a series.

import { type Action, DISPOSITIONS, type RuleRef } from '../core/decision.ts';
import { DEAD_REASONS, DELIVERY_STATES, isUnsettled, OUTCOMES } from '../core/delivery.ts';
import { GAP_LOSSES, LIST_PURPOSES, TROUBLE_REASONS } from '../core/ports/source.ts';
import { ruleLabel } from './log-value.ts';
import { METRICS, type MetricName } from './metric-table.ts';

/** The names of a configuration that are label values. */
export interface MetricNames {
  readonly sources: readonly string[];
  readonly triggers: readonly string[];
  /** Each rule with its action; without the default rejection. */
  readonly rules: readonly { readonly rule: RuleRef; readonly action: Action }[];
}

/** The label of decisions that no rule made. */
export const DEFAULT_RULE = 'default';

type Labels = Readonly<Record<string, string>>;

/** A dead delivery has a reason; the other final states have none. */
const FINALS: readonly Labels[] = [
  ...DELIVERY_STATES.filter((state) => !isUnsettled(state) && state !== 'dead').map((state) => ({
    state,
    reason: '',
  })),
  ...DEAD_REASONS.map((reason) => ({ state: 'dead', reason })),
];

/** Labels whose values depend on one another, by metric. */
const PAIRS: { readonly [N in MetricName]?: (names: MetricNames) => readonly Labels[] } = {
  sluice_decisions_made_total: ({ rules }) => [
    ...rules.map(({ rule, action }) => ({ action, rule: ruleLabel(rule) })),
    { action: 'reject', rule: DEFAULT_RULE },
  ],
  sluice_deliveries_settled_total: ({ triggers }) =>
    triggers.flatMap((trigger) => FINALS.map((final) => ({ trigger, ...final }))),
};

/** Values of the other labels. */
const VALUES: Readonly<Record<string, (names: MetricNames) => readonly string[]>> = {
  source: ({ sources }) => sources,
  trigger: ({ triggers }) => triggers,
  from: () => ['watch', 'list'],
  disposition: () => DISPOSITIONS,
  outcome: () => OUTCOMES,
  reason: () => TROUBLE_REASONS,
  purpose: () => LIST_PURPOSES,
  loss: () => GAP_LOSSES,
};

/** The labels of a metric's series that exist from the start. */
export function knownSeries(name: MetricName, names: MetricNames): readonly Labels[] {
  const labels: readonly string[] = METRICS[name].labels;
  const each = (series: readonly Labels[], label: string): readonly Labels[] =>
    series.flatMap((one) =>
      (VALUES[label]?.(names) ?? []).map((value) => ({ ...one, [label]: value })),
    );
  return PAIRS[name]?.(names) ?? labels.reduce(each, [{}]);
}
