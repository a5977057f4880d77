// The chart's dashboard and alerts with a real Prometheus and a real gateway: after a run in which
// everything that the dashboard shows happens once, every query of it gives a series that is not zero.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { ALERTS } from '../../tools/chart/monitoring/alerts.ts';
import { findHelm } from '../charts/helm.ts';
import { filledIn, queriesOf, readDashboard } from '../charts/monitoring/dashboard.ts';
import { type Rule, renderRules, TARGET } from '../charts/monitoring/rules.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { findPackage } from '../support/debian-package.ts';
import { until } from '../support/until.ts';
import { MonitoredRun } from './support/monitored-run.ts';
import { Prometheus } from './support/prometheus.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const PATIENCE_MS = 30_000;
// Longer than the whole run.
const INTERVAL = '5m';

const SETTLED = 'sluice_deliveries_settled_total';

/** Series that must be seen before the gateway is killed. */
const FIRST = [
  ...['delivered', 'refused', 'unknown', 'dead', 'discarded'].map(
    (state) => `${SETTLED}{state="${state}"}`,
  ),
  ...['delivered', 'retry', 'refused', 'unknown'].map(
    (outcome) => `sluice_attempt_duration_seconds_count{outcome="${outcome}"}`,
  ),
  ...['queued', 'repeat', 'held'].map(
    (disposition) => `sluice_dispositions_made_total{disposition="${disposition}"}`,
  ),
  'sluice_decisions_made_total{action="reject"}',
  'sluice_deliveries_doubted_total',
  'sluice_breaker_open{trigger="down"}',
  'sluice_queue_depth{state="held"}',
  'sluice_queue_depth{state="running"}',
  'sluice_lane_paused{reason="throttled"}',
];

/** Series that must be seen after its restart. */
const SECOND = [
  `${SETTLED}{state="orphaned"}`,
  'sluice_gaps_found_total{loss="possible-loss"}',
  'sluice_attempts_lost_total',
  'sluice_breaker_open{trigger="down"}',
  'sluice_queue_depth{state="held"}',
  'sluice_lane_paused{reason="unauthorized"}',
];

describe('the dashboard and the alerts of the chart', function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let programs = '';
  let rules: readonly Rule[] = [];

  before(async function () {
    // helm may have to be built.
    this.timeout(sharedStartMs + 600_000);
    plane = await sharedControlPlane();
    rules = renderRules(await findHelm(this));
    programs = findPackage('prometheus', this);
  });
  it('show everything that happened, each once, to a real Prometheus', async () => {
    await using run = await MonitoredRun.start(plane);
    await using prometheus = await Prometheus.start({
      programs,
      target: run.target,
      labels: TARGET,
      rules,
    });
    const seen = async (expr: string): Promise<unknown> =>
      until(() => prometheus.hasMore(expr), `${expr} to be seen`, PATIENCE_MS);

    // Growth is seen only from a first sample on.
    await seen('sluice_build_info');
    await run.play();
    for (const expr of FIRST) await seen(expr);
    expect(await prometheus.target()).to.include({ health: 'up', lastError: '' });
    expect(checkedMetrics(programs, await run.metrics())).to.equal('');
    expect(await prometheus.query('min_over_time(up[5m]) == 1')).to.have.lengthOf(1);
    await run.restart();
    for (const expr of SECOND) await seen(expr);
    run.loseApiServer();
    await seen('sluice_read_position_age_seconds > 5');

    const dashboard = readDashboard();
    const empty: string[] = [];
    for (const { title, refId, expr } of queriesOf(dashboard)) {
      const filled = filledIn(dashboard, expr, INTERVAL);
      if (!(await prometheus.hasMore(filled))) empty.push(`${title} ${refId}: ${filled}`);
    }
    expect(empty).to.deep.equal([]);
    expect(await prometheus.target()).to.include({ health: 'up', lastError: '' });
    expect(prometheus.errors).to.equal('');

    const loaded = await prometheus.rules();
    expect(loaded).to.deep.equal(ALERTS.map(({ name }) => ({ name, lastError: '' })));
    expect(await prometheus.firing()).to.deep.equal([
      'SluiceAttemptsLost',
      'SluiceDeliveriesDead',
      'SluiceDeliveriesDoubted',
      'SluiceDeliveriesOrphaned',
      'SluiceDeliveriesRefused',
      'SluiceDeliveriesUnknown',
      'SluiceEventsLost',
    ]);
  });
});

/** Findings of promtool about the metrics of Sluice; empty if there is none. */
function checkedMetrics(programs: string, text: string): string {
  const options = { input: text, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(join(programs, 'promtool'), ['check', 'metrics'], options);
  const lines = `${stdout}${stderr}`.split('\n');
  // The library names its own.
  return lines.filter((line) => !line.startsWith('nodejs_')).join('\n');
}
