// The Grafana dashboard as data, and the names in its queries and in those of the alerts. That each query
// gives something is shown with a real Prometheus, in spec/e2e/monitoring.spec.ts.

import { expect } from 'chai';
import { UNSETTLED_STATES } from '../../../lib/core/delivery.ts';
import { GatewayState } from '../../../lib/telemetry/gateway-state.ts';
import { knownSeries, type MetricNames } from '../../../lib/telemetry/known-series.ts';
import { METRICS, type MetricName } from '../../../lib/telemetry/metric-table.ts';
import { ALERTS } from '../../../tools/chart/monitoring/alerts.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { findHelm, renderObjects } from '../helm.ts';
import { filledIn, queriesOf, readDashboard } from './dashboard.ts';

const dashboard = readDashboard();
const queries = queriesOf(dashboard);
const boxes = dashboard.panels.map(({ title, gridPos }) => ({ title, ...gridPos }));

describe('the dashboard', function () {
  this.timeout(60_000);

  it('is what the ConfigMap of the chart has', async function () {
    this.timeout(600_000);
    const values = { metrics: { dashboard: { enabled: true } } };
    const objects = renderObjects(await findHelm(this), { values });
    const found = objects.find(({ metadata }) => metadata?.name === 'gw-sluice-dashboard');
    const { data } = found as { readonly data?: Readonly<Record<string, string>> };
    expect(JSON.parse(data?.['sluice.json'] ?? '')).to.deep.equal(dashboard);
  });

  it('has variables for the data source, the cluster, the namespace and the pod', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).to.deep.equal([
      ...['datasource', 'cluster', 'namespace', 'pod'],
    ]);
  });

  it('has panels that do not overlap, in 24 columns, each with an id, a title and a description', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(boxes.length);
    for (const [index, box] of boxes.entries()) {
      expect(box.x + box.w, box.title).to.be.at.most(24);
      for (const other of boxes.slice(index + 1)) {
        const isApart =
          box.x + box.w <= other.x ||
          other.x + other.w <= box.x ||
          box.y + box.h <= other.y ||
          other.y + other.h <= box.y;
        expect(isApart, `${box.title} and ${other.title}`).to.equal(true);
      }
    }
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    for (const { title, description } of panels) {
      expect([title, description], title).to.not.include.oneOf(['', undefined]);
    }
  });

  it('chooses by every variable in every query', () => {
    for (const { title, expr } of queries) {
      for (const { labels } of selectorsOf(filledIn(dashboard, expr, '5m'))) {
        expect(labels, title).to.include.members(['cluster', 'namespace', 'pod']);
      }
    }
  });

  it('shows what the issue of an operator begins with', () => {
    const shown = queries.flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric));
    expect(shown).to.include.members([
      'sluice_read_position_age_seconds',
      'sluice_decisions_made_total',
      'sluice_deliveries_settled_total',
      'sluice_event_to_delivered_seconds_bucket',
      'sluice_queue_depth',
      'sluice_gaps_found_total',
      'sluice_breaker_open',
      'sluice_store_used_bytes',
      'process_resident_memory_bytes',
    ]);
  });
});

describe('the queries of dashboard and alerts', () => {
  const all = [
    ...queries.map(({ title, expr }) => ({ from: title, expr })),
    ...ALERTS.map(({ name, expr }) => ({ from: name, expr: expr.replaceAll('$selector', '') })),
  ];
  const TARGET_LABELS = ['cluster', 'namespace', 'pod', 'job', 'instance'];

  it('name metrics and labels that the gateway makes', () => {
    const wrong: string[] = [];
    for (const { from, expr } of all) {
      for (const { metric, labels } of selectorsOf(expr)) {
        // Those of the process come from the library; the end-to-end spec scrapes them.
        if (/^(?:process|nodejs)_/.test(metric)) continue;
        const name = metric.replace(/_(?:bucket|count|sum)$/, '');
        const known = isMetric(metric) ? METRICS[metric] : isMetric(name) ? METRICS[name] : null;
        if (known === null) wrong.push(`${from}: ${metric}`);
        const possible = [...TARGET_LABELS, 'le', ...(known?.labels ?? [])];
        for (const label of [...labels, ...groupedBy(expr)].filter(
          (one) => !possible.includes(one),
        )) {
          wrong.push(`${from}: ${metric} has no label ${label}`);
        }
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('choose values of labels that exist', () => {
    const wrong = all.flatMap(({ from, expr }) =>
      selectorsOf(expr).flatMap(({ metric, values }) => {
        const possible = valuesOf(metric);
        return values
          .filter((pair) => possible !== null && !possible.includes(pair))
          .map((pair) => `${from}: ${metric}{${pair}}`);
      }),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('show only labels that their series keep', () => {
    for (const { expr, legendFormat, title } of queries) {
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      expect(groupedBy(expr), title).to.include.members(shown);
    }
  });
});

/** Every `label=value` of a metric's series in a small configuration; null if it is not the gateway's. */
function valuesOf(series: string): readonly string[] | null {
  const metric = series.replace(/_(?:bucket|count|sum)$/, '');
  const known = isMetric(series) ? series : isMetric(metric) ? metric : null;
  if (known === null) return null;
  // Its series begin when they are measured.
  if (known === 'sluice_queue_depth') return UNSETTLED_STATES.map((state) => `state=${state}`);
  const rule = { index: 0, name: 'crash-loop', identity: '' };
  const names: MetricNames = {
    sources: ['shop'],
    triggers: ['hook'],
    rules: [{ rule, action: 'accept' }],
  };
  const entry = METRICS[known];
  const state = new GatewayState(names, new FakeClock());
  const measured = 'read' in entry ? entry.read(state).map(([of]) => of) : null;
  const labels: readonly object[] = measured ?? knownSeries(known, names);
  return labels.flatMap((one) => Object.entries(one).map(([label, value]) => `${label}=${value}`));
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  /** Each value that a matcher names, as `label=value`. */
  readonly values: readonly string[];
}

/** The selectors of a query: metrics in the table of panels always have braces. */
function selectorsOf(expr: string): readonly Selector[] {
  const found = [...expr.matchAll(/([a-z][a-z0-9_]*)\{([^}]*)\}/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      labels: [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label),
      values: [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"([^"$]*)"/g)].flatMap(
        ([, label = '', text = '']) => text.split('|').map((value) => `${label}=${value}`),
      ),
    }),
  );
  if (found.length === 0) throw new Error(`no metric in ${expr}`);
  return found;
}

function groupedBy(expr: string): readonly string[] {
  return [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
}
