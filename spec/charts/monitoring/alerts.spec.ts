// The chart's alerts: promtool loads them as rendered, and each fires when it should and only then.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ALERTS, type AlertName } from '../../../tools/chart/monitoring/alerts.ts';
import { findPackage } from '../../support/debian-package.ts';
import { findHelm, render } from '../helm.ts';
import { ALERT_CASES } from './alert-cases.ts';
import { expectedAlert, Promtool, type Rule, renderRules, type UnitTest } from './rules.ts';

// The same chart in another namespace.
const OTHER = { namespace: 'other', pod: 'gw-sluice-0' } as const;

describe('the alerts of the chart', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
  let helm = '';
  let rules: readonly Rule[] = [];
  let promtool: Promtool;

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
    const programs = findPackage('prometheus', this);
    rules = renderRules(helm);
    promtool = new Promtool(join(programs, 'promtool'), folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const ruleOf = (name: AlertName): Rule => {
    const found = rules.find(({ alert }) => alert === name);
    if (found === undefined) throw new Error(`the chart renders no alert ${name}`);
    return found;
  };

  it('are loaded by promtool, all of them', () => {
    expect(promtool.check(rules)).to.equal('');
    expect(rules.map(({ alert }) => alert)).to.deep.equal(ALERTS.map(({ name }) => name));
  });

  for (const alert of ALERTS) {
    it(`${alert.name} fires when it should, and only then`, () => {
      const { atMinutes, labels, firing, quiet } = ALERT_CASES[alert.name];
      const isAboutAbsence = alert.expr.startsWith('absent(');
      const tests: UnitTest[] = [
        ...firing.map((one) => ({
          series: one.series,
          atMinutes,
          expected: [expectedAlert(alert, labels, one)],
        })),
        ...quiet.map((series) => ({ series, atMinutes, expected: [] })),
        // Another release is not this one's matter, in either way.
        ...firing.map((one) => ({
          series: one.series,
          target: OTHER,
          atMinutes,
          expected: isAboutAbsence ? [expectedAlert(alert, labels, one)] : [],
        })),
      ];
      expect(promtool.test(ruleOf(alert.name), tests)).to.equal('');
    });
  }

  it('are taken for tested only if the test can fail', () => {
    const { atMinutes, firing } = ALERT_CASES.SluiceBreakerOpen;
    const series = firing.flatMap((one) => one.series);
    const said = promtool.test(ruleOf('SluiceBreakerOpen'), [{ series, atMinutes, expected: [] }]);
    expect(said).to.include('FAILED');
  });

  it('follow thresholds, further labels, a selector, and what is left out', () => {
    const given = renderRules(helm, {
      thresholds: { SluiceReadPositionOld: 1234, SluiceStoreNearlyFull: 0 },
      alertLabels: { team: 'ci', severity: 'none' },
      selector: 'job="sluice"',
      runbookUrl: '',
      disabled: ['SluiceClockJumped', 'SluiceAbsent'],
    });
    const byName = new Map(given.map((rule) => [rule.alert, rule]));
    expect(given).to.have.lengthOf(ALERTS.length - 2);
    expect([...byName.keys()]).to.not.include.members(['SluiceClockJumped']);
    expect(byName.get('SluiceReadPositionOld')).to.deep.include({
      expr: 'sluice_read_position_age_seconds{job="sluice"} > 1234',
      labels: { team: 'ci', severity: 'critical' },
    });
    expect(byName.get('SluiceStoreNearlyFull')?.expr).to.match(/> 0$/);
    expect(byName.get('SluiceBugFound')?.annotations).to.have.keys('summary', 'description');
  });

  for (const wrong of [
    { thresholds: { SluiceReadPositonOld: 1 } },
    { thresholds: { SluiceBugFound: 1 } },
    { thresholds: { SluiceReadPositionOld: '5m' } },
    { disabled: ['SluiceBugsFound'] },
  ]) {
    it(`refuse ${JSON.stringify(wrong)}`, () => {
      const values = { metrics: { prometheusRule: { enabled: true, ...wrong } } };
      expect(render(helm, { values }))
        .to.have.property('said')
        .that.includes('/metrics/prometheusRule/');
    });
  }
});
