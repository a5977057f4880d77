// The form of an alert, and builders of its expressions. The alerts themselves are in the tables beside this
// file; the runbook has a section for each.

/** An alert of Prometheus. */
export interface Alert {
  readonly name: `Sluice${string}`;
  readonly severity: 'critical' | 'warning' | 'info';
  /**
   * Its expression. The chart replaces `$selector` by label matchers of the release's series and
   * `$threshold` by the threshold.
   */
  readonly expr: string;
  /** How long the expression must hold before the alert fires; empty: at once. */
  readonly for: string;
  /** The default of `$threshold`; null if the expression has none. */
  readonly threshold: number | null;
  /** One line; Prometheus fills in `{{ $labels.… }}`. */
  readonly summary: string;
  readonly description: string;
}

/** The series of a metric with further label matchers, such as `state="dead"`. */
export function series(metric: string, matchers = ''): string {
  return `${metric}{$selector${matchers === '' ? '' : `,${matchers}`}}`;
}

/**
 * Holds for 15 minutes after a counter grew. `increase()` does not see what happened before the first
 * scrape of a series, and a gateway finds some things at its start. So a series that is new and above
 * zero counts too.
 */
export function grew(metric: string, matchers = ''): string {
  const of = series(metric, matchers);
  return `increase(${of}[15m]) > 0 or (${of} > 0 unless last_over_time(${of}[1h] offset 15m))`;
}
