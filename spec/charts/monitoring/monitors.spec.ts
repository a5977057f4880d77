// What Prometheus and Grafana get from the chart: each object only if it is asked for, and so that it
// finds the gateway and nothing else.

import { expect } from 'chai';
import type { KubeObject } from '../../controlplane/admin-client.ts';
import { findHelm, render, renderObjects, theOnly } from '../helm.ts';
import { containerOf, podOf, workloadOf } from '../workload.ts';

interface Endpoint {
  readonly port: string;
  readonly path: string;
}

interface MonitorSpec {
  readonly namespaceSelector: object;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly endpoints?: readonly Endpoint[];
  readonly podMetricsEndpoints?: readonly Endpoint[];
}

interface ServiceSpec {
  readonly clusterIP?: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; targetPort: string }[];
}

// Nothing serves the metrics.
const SILENT = { config: { version: 1, http: { probes: 'off' } } };

const MONITOR = {
  enabled: true,
  interval: '15s',
  scrapeTimeout: '10s',
  labels: { release: 'prom' },
  namespace: 'monitoring',
  relabelings: [{ action: 'replace', targetLabel: 'cluster', replacement: 'dev' }],
  metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'nodejs_gc.*' }],
};

describe('the monitoring of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const rendered = (metrics: object, more: object = {}): readonly KubeObject[] =>
    renderObjects(helm, { values: { metrics, ...more } });

  it('is left out unless it is asked for', () => {
    const objects = renderObjects(helm);
    expect(objects.map(({ kind }) => kind)).to.not.include.members(['ServiceMonitor']);
    expect(objects.filter(({ apiVersion }) => apiVersion?.startsWith('monitoring'))).to.deep.equal(
      [],
    );
    expect(objects.map(nameOf).filter((name) => /metrics|dashboard/.test(name))).to.deep.equal([]);
  });

  it('has a Service that leads to the probes of the pod', () => {
    const service = { enabled: true, port: 9100, labels: { team: 'ci' }, annotations: { a: 'b' } };
    const objects = rendered({ service });
    const found = serviceNamed(objects, 'gw-sluice-metrics');
    expect(found.metadata?.labels).to.include({ team: 'ci' });
    expect(found.metadata?.annotations).to.deep.equal({ a: 'b' });
    const { ports, selector } = found['spec'] as ServiceSpec;
    expect(ports).to.deep.equal([{ name: 'metrics', port: 9100, targetPort: 'probes' }]);
    expect(workloadOf(objects).template.metadata.labels).to.include(selector);
    expect(containerOf(podOf(objects)).ports).to.deep.include({
      name: 'probes',
      containerPort: 8080,
    });
  });

  it('has a ServiceMonitor that finds that Service, which it creates, and no other one', () => {
    const api = { api: { expose: true, existingSecret: 'api' } };
    const objects = rendered({ serviceMonitor: MONITOR }, api);
    const monitor = theOnly(objects, 'ServiceMonitor');
    const spec = monitor['spec'] as MonitorSpec;
    expect(monitor.metadata).to.deep.include({ name: 'gw-sluice', namespace: 'monitoring' });
    expect(monitor.metadata?.labels).to.include({ release: 'prom' });
    expect(spec.namespaceSelector).to.deep.equal({ matchNames: ['ci-gateway'] });
    const services = objects.filter(
      ({ kind, metadata }) =>
        kind === 'Service' && isSelected(spec.selector.matchLabels, metadata?.labels ?? {}),
    );
    expect(services.map(nameOf)).to.deep.equal(['gw-sluice-metrics']);
    const { interval, scrapeTimeout, relabelings, metricRelabelings } = MONITOR;
    expect(spec.endpoints).to.deep.equal([
      {
        port: 'metrics',
        path: '/metrics',
        ...{ interval, scrapeTimeout, relabelings, metricRelabelings },
      },
    ]);
  });

  it('has a PodMonitor that finds the pod without a Service', () => {
    const objects = rendered({ podMonitor: { enabled: true } });
    const monitor = theOnly(objects, 'PodMonitor');
    const spec = monitor['spec'] as MonitorSpec;
    expect(monitor.metadata?.namespace).to.equal('ci-gateway');
    expect(workloadOf(objects).template.metadata.labels).to.include(spec.selector.matchLabels);
    expect(spec.podMetricsEndpoints).to.deep.equal([{ port: 'probes', path: '/metrics' }]);
    expect(objects.map(nameOf)).to.not.include('gw-sluice-metrics');
  });

  it('scrapes the path and the port that the configuration sets', () => {
    const probes = { address: '0.0.0.0:9000', paths: { metrics: '/__/metrics' } };
    const metrics = { podMonitor: { enabled: true }, service: { enabled: true } };
    const objects = rendered(metrics, { config: { version: 1, http: { probes } } });
    const { podMetricsEndpoints } = theOnly(objects, 'PodMonitor')['spec'] as MonitorSpec;
    expect(podMetricsEndpoints).to.deep.equal([{ port: 'probes', path: '/__/metrics' }]);
    expect(containerOf(podOf(objects)).ports).to.deep.include({
      name: 'probes',
      containerPort: 9000,
    });
  });

  it('has a PrometheusRule and a dashboard in their namespaces and with their labels', () => {
    const where = { enabled: true, namespace: 'monitoring', labels: { release: 'prom' } };
    const objects = rendered({ prometheusRule: where, dashboard: where });
    const rule = theOnly(objects, 'PrometheusRule');
    const dashboard = objects.find((one) => nameOf(one) === 'gw-sluice-dashboard');
    for (const one of [rule, dashboard]) {
      expect(one?.metadata?.namespace).to.equal('monitoring');
      expect(one?.metadata?.labels).to.include({ release: 'prom' });
    }
    expect(dashboard?.metadata?.labels).to.include({ grafana_dashboard: '1' });
  });

  const refused = [
    [{ serviceMonitor: { enabled: true }, podMonitor: { enabled: true } }, {}, 'twice'],
    [{ service: { enabled: true } }, SILENT, '`metrics.service`'],
    [{ podMonitor: { enabled: true } }, SILENT, '`metrics.podMonitor`'],
    [{ prometheusRule: { enabled: true } }, SILENT, '`metrics.prometheusRule`'],
    [{ podMonitor: { enabled: true, interval: 'often' } }, {}, '/metrics/podMonitor/interval'],
  ] as const;
  for (const [metrics, more, said] of refused) {
    it(`is refused with ${said} for ${JSON.stringify(metrics)}`, () => {
      expect(render(helm, { values: { metrics, ...more } }))
        .to.have.property('said')
        .that.includes(said);
    });
  }
});

function nameOf({ metadata }: KubeObject): string {
  return metadata?.name ?? '';
}

function serviceNamed(objects: readonly KubeObject[], name: string): KubeObject {
  const found = objects.find((one) => one.kind === 'Service' && nameOf(one) === name);
  if (found === undefined) throw new Error(`no Service ${name}`);
  return found;
}

function isSelected(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}
