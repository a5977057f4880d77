// The only file that imports prom-client: it makes the metrics of the table on a registry of their
// own and updates them for each observation. Nothing here reads an Event.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Action } from '../core/decision.ts';
import { type DeliveryState, UNSETTLED_STATES } from '../core/delivery.ts';
import type {
  DecisionObserved,
  LifecycleObserved,
  Observation,
  ReadingObserved,
} from '../core/observation.ts';
import type { StoreObserved } from '../core/store-observation.ts';
import { ruleLabel } from './log-value.ts';
import { type LabelsOf, METRICS, type MetricName, type MetricsOfType } from './metric-table.ts';

/** Answer to a scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

type Counted = Exclude<
  ReadingObserved,
  { kind: 'reading' | 'watch-opened' | 'path-current' | 'path-stale' | 'path-retired' }
>;

type AnyMetric = Counter | Gauge | Histogram;

/** Updates the metrics for each observation. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, AnyMetric>();

  /**
   * Decisions by rule since the last scrape, because a labelled increment for every Event is slow.
   */
  readonly #decided: Readonly<Record<Action, Map<string, number>>> = {
    accept: new Map(),
    reject: new Map(),
  };

  constructor() {
    for (const name of Object.keys(METRICS).filter(isMetricName)) {
      this.#metrics.set(name, created(name, this.#registry));
    }
  }

  /** Renders all metrics in the text format of Prometheus. */
  async scrape(): Promise<Scrape> {
    for (const action of ['accept', 'reject'] as const) {
      const decided = this.#decided[action];
      for (const [rule, count] of decided) {
        this.#add('sluice_decisions_made_total', { action, rule }, count);
      }
      decided.clear();
    }
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Counts a decision that has no info line. */
  suppressed(): void {
    this.#add('sluice_decisions_suppressed_total', {}, 1);
  }

  /** Updates the metrics for an observation; most life-cycle observations change none. */
  count(observation: Observation): void {
    switch (observation.kind) {
      case 'decision':
        this.#decide(observation);
        return;
      case 'events-read':
      case 'watch-ended':
      case 'list-ended':
      case 'list-failed':
      case 'frame-skipped':
      case 'gap':
        this.#read(observation);
        return;
      case 'attempt-ended':
      case 'delivery-moved':
      case 'breaker':
      case 'pause':
      case 'queue-depth':
        this.#delivered(observation);
        return;
      case 'started':
      case 'configuration-kept':
        this.#begun(observation);
        return;
      case 'bug':
        this.#add('sluice_bugs_found_total', {}, 1);
        return;
      case 'store-usage':
      case 'store-trouble':
      case 'store-opened':
      case 'clock-jumped':
      case 'history-lost':
      case 'store-to-move':
      case 'work-resumed':
        this.#stored(observation);
        return;
      case 'budget':
      case 'shedding':
      case 'path-retired':
      case 'path-current':
      case 'path-stale':
      case 'cluster-changed':
      case 'reading':
      case 'watch-opened':
      case 'attempt-started':
      case 'command-output':
      case 'configuration-problem':
      case 'cluster-found':
      case 'cluster-waiting':
      case 'credentials-reread':
      case 'proxy-used':
      case 'listening':
      case 'stopping':
      case 'stopped':
        return;
      default:
        return observation satisfies never;
    }
  }

  #begun(observed: Extract<LifecycleObserved, { kind: 'started' | 'configuration-kept' }>): void {
    if (observed.kind === 'started') {
      this.#set('sluice_build_info', { version: observed.version }, 1);
    }
    this.#set('sluice_configuration_kept', {}, observed.kind === 'started' ? 0 : 1);
  }

  #stored(observed: StoreObserved): void {
    switch (observed.kind) {
      case 'store-usage':
        this.#add('sluice_store_commits_total', {}, observed.commits ?? 0);
        this.#set('sluice_store_used_bytes', {}, observed.bytes);
        this.#set('sluice_store_limit_bytes', {}, observed.maxBytes);
        return;
      case 'store-trouble':
        this.#set('sluice_store_available', {}, observed.state === 'available' ? 1 : 0);
        return;
      case 'store-opened':
        this.#set('sluice_store_available', {}, 1);
        return;
      case 'clock-jumped':
        this.#add('sluice_clock_jumps_total', {}, 1);
        return;
      case 'work-resumed':
        this.#add('sluice_attempts_lost_total', {}, observed.lost);
        return;
      case 'history-lost':
      case 'store-to-move':
        return;
    }
  }

  #read(observed: Counted): void {
    const { source } = observed.kind === 'gap' ? observed.gap : observed;
    switch (observed.kind) {
      case 'events-read': {
        const { from, count } = observed;
        this.#add('sluice_events_read_total', { source, from }, count);
        return;
      }
      case 'watch-ended':
        this.#add('sluice_watch_restarts_total', { source, reason: observed.reason }, 1);
        return;
      case 'list-ended':
        this.#add('sluice_lists_made_total', { source, purpose: observed.purpose }, 1);
        return;
      case 'list-failed':
        this.#add('sluice_lists_failed_total', { source, reason: observed.reason }, 1);
        return;
      case 'frame-skipped':
        this.#add('sluice_frames_skipped_total', { source }, 1);
        return;
      case 'gap':
        this.#add('sluice_gaps_found_total', { source, loss: observed.gap.loss }, 1);
        return;
    }
  }

  #decide({ decision: { action, rule }, disposed }: DecisionObserved): void {
    const label = rule === null ? 'default' : ruleLabel(rule);
    const decided = this.#decided[action];
    decided.set(label, (decided.get(label) ?? 0) + 1);
    for (const { disposition, trigger } of disposed) {
      this.#add('sluice_dispositions_made_total', { disposition, trigger }, 1);
    }
  }

  #delivered(
    observed: Extract<
      Observation,
      { kind: 'attempt-ended' | 'delivery-moved' | 'breaker' | 'pause' | 'queue-depth' }
    >,
  ): void {
    if (observed.kind === 'queue-depth') {
      const { trigger, state, count } = observed;
      this.#set('sluice_queue_depth', { trigger, state }, count);
      return;
    }
    if (observed.kind === 'breaker') {
      const { trigger, to } = observed;
      this.#set('sluice_breaker_open', { trigger }, to === 'closed' ? 0 : 1);
      if (to === 'open') this.#add('sluice_breaker_opened_total', { trigger }, 1);
      return;
    }
    if (observed.kind === 'pause') {
      const { trigger, reason, state } = observed;
      this.#set('sluice_lane_paused', { trigger, reason }, state === 'over' ? 0 : 1);
      return;
    }
    const { trigger } = observed.delivery;
    if (observed.kind === 'attempt-ended') {
      const labels = { trigger, outcome: observed.outcome.outcome };
      this.#observe('sluice_attempt_duration_seconds', labels, observed.durationMs / 1000);
      return;
    }
    if (UNSETTLED.has(observed.to)) return;
    const labels = { trigger, state: observed.to, reason: observed.dead ?? '' };
    this.#add('sluice_deliveries_settled_total', labels, 1);
    if (observed.possiblyTwice) this.#add('sluice_deliveries_doubted_total', { trigger }, 1);
  }

  #add<N extends MetricsOfType<'counter'>>(name: N, labels: LabelsOf<N>, by: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, by);
  }

  #set<N extends MetricsOfType<'gauge'>>(name: N, labels: LabelsOf<N>, to: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set(labels, to);
  }

  #observe<N extends MetricsOfType<'histogram'>>(
    name: N,
    labels: LabelsOf<N>,
    value: number,
  ): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(labels, value);
  }
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

function created(name: MetricName, registry: Registry): AnyMetric {
  const entry = METRICS[name];
  const { help } = entry;
  const described = { name, help, labelNames: [...entry.labels], registers: [registry] };
  switch (entry.type) {
    case 'counter':
      return new Counter(described);
    case 'gauge':
      return new Gauge(described);
    case 'histogram':
      return new Histogram({ ...described, buckets: [...entry.buckets] });
  }
}
