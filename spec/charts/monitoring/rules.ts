// The chart's alerts as a file of rules, and tests of them by promtool.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alert } from '../../../tools/chart/monitoring/alert.ts';
import { releaseNamespace, renderObjects, theOnly } from '../helm.ts';
import type { Firing, TestSeries } from './alert-cases.ts';

/** A rule as the chart renders it. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The target of the release, as Prometheus labels its series. */
export const TARGET = { namespace: releaseNamespace, pod: 'gw-sluice-0' } as const;

/** The address of the runbook in the tests. */
export const RUNBOOK = 'https://docs.example.test/runbook.md';

/** The alerts of the chart under more values of `metrics.prometheusRule`. */
export function renderRules(helm: string, more: object = {}): readonly Rule[] {
  const values = { metrics: { prometheusRule: { enabled: true, runbookUrl: RUNBOOK, ...more } } };
  const { spec } = theOnly(renderObjects(helm, { values }), 'PrometheusRule') as {
    readonly spec?: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  };
  return spec?.groups.flatMap(({ rules }) => rules) ?? [];
}

/** A test of promtool. */
export interface UnitTest {
  readonly series: readonly TestSeries[];
  /** The labels of the target. */
  readonly target?: Readonly<Record<string, string>>;
  readonly atMinutes: number;
  /** The labels and annotations of each alert that must fire. */
  readonly expected: readonly object[];
}

/** The test that an alert fires, with these labels besides its severity and its target. */
export function expectedAlert(
  { severity, ...alert }: Alert,
  labels: Readonly<Record<string, string>>,
  { shown = '' }: Firing,
): object {
  // Nothing else is left of an absent series.
  const target = alert.expr.startsWith('absent(') ? { namespace: TARGET.namespace } : TARGET;
  const own: Readonly<Record<string, string>> = { ...target, ...labels };
  const told = (text: string): string =>
    text
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => own[name] ?? '')
      .replaceAll(/\{\{ \$value[^}]* \}\}/g, shown);
  return {
    exp_labels: { ...own, severity },
    exp_annotations: {
      summary: told(alert.summary),
      description: told(alert.description),
      runbook_url: `${RUNBOOK}#${alert.name.toLowerCase()}`,
    },
  };
}

/** promtool with files in a folder. Each call returns what it found wrong; empty if nothing. */
export class Promtool {
  readonly #file: string;
  readonly #folder: string;

  constructor(file: string, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  /** Checks rules. */
  check(rules: readonly Rule[]): string {
    const file = this.#write('all.rules', { groups: [{ name: 'sluice', rules }] });
    return this.#run(['check', 'rules', '--lint=all', '--lint-fatal', file]);
  }

  /** Runs tests of one rule. Other rules are left out, because each is evaluated every minute. */
  test(rule: Rule, tests: readonly UnitTest[]): string {
    const rules = this.#write(`${rule.alert}.rules`, {
      groups: [{ name: 'sluice', rules: [rule] }],
    });
    const rendered = tests.map(({ series, target = TARGET, atMinutes, expected }) => ({
      interval: '1m',
      input_series: series.map(({ metric, labels, values }) => ({
        series: `${metric}{${matchers({ ...target, ...labels })}}`,
        values,
      })),
      alert_rule_test: [
        { eval_time: `${atMinutes}m`, alertname: rule.alert, exp_alerts: [...expected] },
      ],
    }));
    const document = { rule_files: [rules], evaluation_interval: '1m', tests: rendered };
    return this.#run(['test', 'rules', this.#write(rule.alert, document)]);
  }

  #write(name: string, document: object): string {
    const file = join(this.#folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(document));
    return file;
  }

  #run(args: readonly string[]): string {
    const ended = spawnSync(this.#file, args, { encoding: 'utf8' });
    if (ended.error !== undefined) throw ended.error;
    return ended.status === 0 ? '' : `${ended.stderr}${ended.stdout}`;
  }
}

function matchers(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');
}
