// Values about metrics, alerts, the dashboard, and the test of a release.

import type { JsonSchema } from '../../../lib/core/ports/kind.ts';
import { ALERTS } from '../monitoring/alerts.ts';
import {
  block,
  flag,
  kubernetesList,
  list,
  port,
  resources,
  text,
  texts,
  type ValueGroup,
  type Values,
} from '../value-schema.ts';

function monitor(): Values {
  const span = { pattern: '^(|([0-9]+(ms|s|m|h|d|w|y))+)$' };
  return {
    enabled: flag('Whether it is created.', false),
    interval: text('How often it is scraped; empty: as Prometheus is configured.', {
      ...span,
      examples: ['30s'],
    }),
    scrapeTimeout: text('How long a scrape may take.', { ...span, examples: ['10s'] }),
    labels: texts('Labels by which Prometheus selects it.', { release: 'prometheus' }),
    namespace: text("Its namespace; empty: the release's."),
    relabelings: kubernetesList('Relabelings of the target.'),
    metricRelabelings: kubernetesList('Relabelings of its series.'),
  };
}

function thresholds(): JsonSchema {
  const adjustable = ALERTS.filter(({ threshold }) => threshold !== null);
  return {
    type: 'object',
    default: {},
    description: 'Thresholds of alerts that differ from their defaults, by the name of the alert.',
    additionalProperties: false,
    properties: Object.fromEntries(
      adjustable.map(({ name, threshold }) => [name, { type: 'number', examples: [threshold] }]),
    ),
    examples: [{ SluiceReadPositionOld: 600 }],
  };
}

/** Metrics, alerts, dashboard and tests. */
export const monitoringValues: ValueGroup = {
  title: 'Monitoring and tests',
  values: {
    metrics: block('Metrics of the gateway, on the probes listener.', {
      service: block('A Service for them.', {
        enabled: flag(
          'Whether it is created; a ServiceMonitor needs it and creates it too.',
          false,
        ),
        port: port('Its port.', 8080),
        annotations: texts('Its annotations.', { 'prometheus.io/scrape': 'true' }),
        labels: texts('Its labels.', { team: 'ci' }),
      }),
      serviceMonitor: block('A ServiceMonitor of the Prometheus operator.', monitor()),
      podMonitor: block('A PodMonitor, which needs no Service.', monitor()),
      prometheusRule: block('Alerts as a PrometheusRule.', {
        enabled: flag('Whether it is created.', false),
        labels: texts('Labels by which Prometheus selects it.', { release: 'prometheus' }),
        namespace: text("Its namespace; empty: the release's."),
        runbookUrl: text('The address of the runbook, to which `#<alert>` is added.', {
          examples: ['https://docs.example.test/sluice/runbook'],
        }),
        alertLabels: texts('Labels of every alert, by which it is routed.', { team: 'ci' }),
        selector: text(
          "Matchers of the gateway's series; empty: its namespace and the name of its pod.",
          { examples: ['job="sluice"'] },
        ),
        disabled: list(
          'Alerts that are left out, by name.',
          { enum: ALERTS.map(({ name }) => name) },
          { examples: [['SluiceClockJumped']] },
        ),
        thresholds: thresholds(),
      }),
      dashboard: block('A Grafana dashboard as a ConfigMap.', {
        enabled: flag('Whether it is created.', false),
        labels: texts(
          'Labels by which Grafana finds it.',
          { release: 'grafana' },
          { grafana_dashboard: '1' },
        ),
        annotations: texts('Its annotations.', { grafana_folder: 'CI' }),
        namespace: text("Its namespace; empty: the release's."),
      }),
    }),
    tests: block('The test of a release: `helm test` writes an Event and waits for its decision.', {
      enabled: flag('Whether it is part of the release.', true),
      namespace: text('Where it writes the Event; empty: the first watched namespace.'),
    }),
    echo: block('A receiver for trying things out, which prints the requests that it gets.', {
      enabled: flag('Whether it runs.', false),
      resources: resources('Its requests and limits.', {
        requests: { cpu: '10m', memory: '64Mi' },
        limits: { memory: '128Mi' },
      }),
    }),
  },
};
