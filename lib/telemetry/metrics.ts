// Makes the metrics of the table on a registry of their own. The rows of observations/ count; gauges read
// the state at a scrape. The only file that imports prom-client.
// Source: https://github.com/siimon/prom-client#gauge (collect)

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import { isRerun } from '../core/delivery-id.ts';
import { millisecondsOf, parseMicroTime } from '../core/micro-time.ts';
import type { DecisionObserved } from '../core/observation.ts';
import type { GatewayState } from './gateway-state.ts';
import { DEFAULT_RULE, knownSeries, type MetricNames } from './known-series.ts';
import { ruleLabel } from './log-value.ts';
import { type LabelsOf, METRICS, type MetricName, type MetricsOfType } from './metric-table.ts';

/** Answer to a scrape. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

/** The counters and histograms, and a scrape of all metrics. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Pick<Clock, 'now'>;
  /** All that a scrape has. */
  readonly #scraped: Registry;
  readonly #metrics = new Map<MetricName, Metric>();

  /** Decisions by rule since the last scrape, because a labelled increment for every Event is slow. */
  readonly #decided = { accept: new Map<string, number>(), reject: new Map<string, number>() };

  /** `names` are those of the configuration; null if nothing is scraped. */
  constructor(clock: Pick<Clock, 'now'>, state: GatewayState, names: MetricNames | null) {
    this.#clock = clock;
    for (const name of Object.keys(METRICS).filter(isMetricName)) {
      this.#metrics.set(name, created(name, this.#registry, state));
    }
    if (names === null) {
      this.#scraped = this.#registry;
      return;
    }
    for (const [name, metric] of this.#metrics) {
      // They appear with the value zero.
      for (const labels of knownSeries(name, names)) {
        if (metric instanceof Counter) metric.inc(labels, 0);
        if (metric instanceof Histogram) metric.zero(labels);
      }
    }
    this.#scraped = Registry.merge([this.#registry, processRegistry()]);
  }

  /** Renders all metrics in the text format of Prometheus. */
  async scrape(): Promise<Scrape> {
    for (const action of ['accept', 'reject'] as const) {
      const decided = this.#decided[action];
      for (const [rule, count] of decided) {
        this.add('sluice_decisions_made_total', { action, rule }, count);
      }
      decided.clear();
    }
    return { contentType: this.#scraped.contentType, text: await this.#scraped.metrics() };
  }

  /** Counts a decision and its dispositions. */
  decided({ decision: { action, rule }, disposed }: DecisionObserved): void {
    const label = rule === null ? DEFAULT_RULE : ruleLabel(rule);
    const decided = this.#decided[action];
    decided.set(label, (decided.get(label) ?? 0) + 1);
    for (const { disposition, trigger } of disposed) {
      this.add('sluice_dispositions_made_total', { disposition, trigger });
    }
  }

  /** Measures a delivery. A rerun or a manual retry would measure the person who asked for it. */
  delivered(delivery: Delivery): void {
    const { trigger, occurrences, retriedAt } = delivery;
    const happenedAt = parseMicroTime(occurrences.at(-1)?.happenedAt ?? '');
    if (happenedAt === undefined || retriedAt !== null || isRerun(delivery)) return;
    // The reporter's clock may be ahead of this one.
    const ms = Math.max(0, this.#clock.now() - millisecondsOf(happenedAt));
    this.time('sluice_event_to_delivered_seconds', { trigger }, ms / 1000);
  }

  /** Adds to a counter. */
  add<N extends MetricsOfType<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(labels, by);
  }

  /** Adds a duration, in seconds, to a histogram. */
  time<N extends MetricsOfType<'histogram'>>(name: N, labels: LabelsOf<N>, seconds: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(labels, seconds);
  }
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

type Metric = Counter | Gauge | Histogram;

function created(name: MetricName, registry: Registry, state: GatewayState): Metric {
  const entry = METRICS[name];
  const { help } = entry;
  const described = { name, help, labelNames: [...entry.labels], registers: [registry] };
  switch (entry.type) {
    case 'counter':
      return new Counter(described);
    case 'histogram':
      return new Histogram({ ...described, buckets: [...entry.buckets] });
    case 'gauge':
      return new Gauge({
        ...described,
        // The library calls it at each scrape.
        collect() {
          this.reset();
          for (const [labels, value] of entry.read(state)) this.set(labels, value);
        },
      });
  }
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
