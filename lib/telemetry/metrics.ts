// Makes the metrics of the table on a registry of their own and updates them for each observation.
// Of an Event, nothing but its time is read. The only file that imports prom-client.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Action } from '../core/decision.ts';
import { type Delivery, type DeliveryState, UNSETTLED_STATES } from '../core/delivery.ts';
import { isRerun } from '../core/delivery-id.ts';
import { millisecondsOf, parseMicroTime } from '../core/event.ts';
import type { DecisionObserved, Observation } from '../core/observation.ts';
import { DEFAULT_RULE, KNOWN_SERIES, type MetricNames } from './known-series.ts';
import { ruleLabel } from './log-value.ts';
import type { ByKind } from './logging.ts';
import { type LabelsOf, METRICS, type MetricName, type MetricsOfType } from './metric-table.ts';

/** Answer to a scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

const UNSETTLED: ReadonlySet<DeliveryState> = new Set(UNSETTLED_STATES);

type MetricRows = {
  readonly [K in keyof ByKind<Observation>]: (observed: ByKind<Observation>[K]) => void;
};

const none = (): void => undefined;

type AnyMetric = Counter | Gauge | Histogram;

/** Updates the metrics for each observation. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Pick<Clock, 'now'>;
  /** All that a scrape has. */
  readonly #scraped: Registry;
  readonly #metrics = new Map<MetricName, AnyMetric>();

  /**
   * Decisions by rule since the last scrape, because a labelled increment for every Event is slow.
   */
  readonly #decided: Readonly<Record<Action, Map<string, number>>> = {
    accept: new Map(),
    reject: new Map(),
  };

  /** `names` are those of the configuration; null if nothing is scraped. */
  constructor(clock: Pick<Clock, 'now'>, names: MetricNames | null) {
    this.#clock = clock;
    for (const name of Object.keys(METRICS).filter(isMetricName)) {
      const metric = created(name, this.#registry);
      this.#metrics.set(name, metric);
      if (names !== null) for (const labels of KNOWN_SERIES[name](names)) begin(metric, labels);
    }
    this.#scraped =
      names === null ? this.#registry : Registry.merge([this.#registry, processRegistry()]);
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
    return { contentType: this.#scraped.contentType, text: await this.#scraped.metrics() };
  }

  /** Counts a decision that has no info line. */
  suppressed(): void {
    this.#add('sluice_decisions_suppressed_total', {});
  }

  /** Updates the metrics for an observation; most life-cycle observations change none. */
  count(observation: Observation): void {
    this.#count(observation.kind, observation);
  }

  #count<K extends Observation['kind']>(kind: K, observed: ByKind<Observation>[K]): void {
    this.#rows[kind](observed);
  }

  /** The changes by each kind of observation. */
  readonly #rows: MetricRows = {
    decision: (observed) => this.#decide(observed),
    'events-read': ({ source, from, count }) =>
      this.#add('sluice_events_read_total', { source, from }, count),
    'watch-ended': ({ source, reason }) =>
      this.#add('sluice_watch_restarts_total', { source, reason }),
    'list-ended': ({ source, purpose }) =>
      this.#add('sluice_lists_made_total', { source, purpose }),
    'list-failed': ({ source, reason }) =>
      this.#add('sluice_lists_failed_total', { source, reason }),
    'frame-skipped': ({ source }) => this.#add('sluice_frames_skipped_total', { source }),
    gap: ({ gap: { source, loss } }) => this.#add('sluice_gaps_found_total', { source, loss }),
    'attempt-ended': ({ delivery: { trigger }, outcome: { outcome }, durationMs }) =>
      this.#observe('sluice_attempt_duration_seconds', { trigger, outcome }, durationMs / 1000),
    'delivery-moved': ({ delivery, to, dead, possiblyTwice }) => {
      if (UNSETTLED.has(to)) return;
      const { trigger } = delivery;
      if (to === 'delivered') this.#delivered(delivery);
      this.#add('sluice_deliveries_settled_total', { trigger, state: to, reason: dead ?? '' });
      if (possiblyTwice) this.#add('sluice_deliveries_doubted_total', { trigger });
    },
    breaker: ({ trigger, to }) => {
      this.#set('sluice_breaker_open', { trigger }, to === 'closed' ? 0 : 1);
      if (to === 'open') this.#add('sluice_breaker_opened_total', { trigger });
    },
    pause: ({ trigger, reason, state }) =>
      this.#set('sluice_lane_paused', { trigger, reason }, state === 'over' ? 0 : 1),
    'position-age': ({ source, ageMs }) =>
      this.#set('sluice_read_position_age_seconds', { source }, ageMs / 1000),
    'queue-depth': ({ trigger, state, count }) =>
      this.#set('sluice_queue_depth', { trigger, state }, count),
    started: ({ version }) => {
      this.#set('sluice_build_info', { version }, 1);
      this.#set('sluice_configuration_kept', {}, 0);
    },
    'configuration-kept': () => this.#set('sluice_configuration_kept', {}, 1),
    bug: () => this.#add('sluice_bugs_found_total', {}),
    'store-usage': ({ commits = 0, bytes, maxBytes }) => {
      this.#add('sluice_store_commits_total', {}, commits);
      this.#set('sluice_store_used_bytes', {}, bytes);
      this.#set('sluice_store_limit_bytes', {}, maxBytes);
    },
    'store-trouble': ({ state }) =>
      this.#set('sluice_store_available', {}, state === 'available' ? 1 : 0),
    'store-opened': () => this.#set('sluice_store_available', {}, 1),
    'clock-jumped': () => this.#add('sluice_clock_jumps_total', {}),
    'work-resumed': ({ lost }) => this.#add('sluice_attempts_lost_total', {}, lost),
    permission: none,
    'access-review': none,
    'dry-run': none,
    'history-lost': none,
    'store-to-move': none,
    budget: none,
    shedding: none,
    'path-retired': none,
    'path-current': none,
    'path-stale': none,
    'cluster-changed': none,
    reading: none,
    'watch-opened': none,
    'attempt-started': none,
    'command-output': none,
    'configuration-problem': none,
    'cluster-found': none,
    'cluster-waiting': none,
    'credentials-reread': none,
    'proxy-used': none,
    listening: none,
    'pod-event': none,
    'heartbeat-file': none,
    'log-file': none,
    stopping: none,
    stopped: none,
  };

  #decide({ decision: { action, rule }, disposed }: DecisionObserved): void {
    const label = rule === null ? DEFAULT_RULE : ruleLabel(rule);
    const decided = this.#decided[action];
    decided.set(label, (decided.get(label) ?? 0) + 1);
    for (const { disposition, trigger } of disposed) {
      this.#add('sluice_dispositions_made_total', { disposition, trigger });
    }
  }

  /** The time of a rerun or a manual retry would measure the person who asked for it. */
  #delivered(delivery: Delivery): void {
    const { trigger, occurrences, retriedAt } = delivery;
    const happenedAt = parseMicroTime(occurrences.at(-1)?.happenedAt ?? '');
    if (happenedAt === undefined || retriedAt !== null || isRerun(delivery)) return;
    // The reporter's clock may be ahead of this one.
    const ms = Math.max(0, this.#clock.now() - millisecondsOf(happenedAt));
    this.#observe('sluice_event_to_delivered_seconds', { trigger }, ms / 1000);
  }

  #add<N extends MetricsOfType<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
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

/** Makes a series appear with the value zero. */
function begin(metric: AnyMetric, labels: Readonly<Record<string, string>>): void {
  if (metric instanceof Counter) metric.inc(labels, 0);
  else if (metric instanceof Gauge) metric.set(labels, 0);
  else metric.zero(labels);
}

/**
 * Sampling of the event loop. The library's default of 10 ms uses 0.5 % of a core in an idle process,
 * this 0.1 %. It is the lowest lag that the metric can show.
 */
const LAG_SAMPLE_MS = 50;

/** Made once a process: its collectors cannot be ended, and they do not keep the process alive. */
let processMetrics: Registry | null = null;

/** The metrics of the process and of Node.js. They belong to all gateways of the process. */
function processRegistry(): Registry {
  if (processMetrics === null) {
    processMetrics = new Registry();
    collectDefaultMetrics({
      register: processMetrics,
      eventLoopMonitoringPrecision: LAG_SAMPLE_MS,
    });
  }
  return processMetrics;
}
