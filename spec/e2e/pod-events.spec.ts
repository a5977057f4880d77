// Events that gateways write about their own pods, on a real API server: they are there for the pod, and
// rules that accept every Event of the namespace start nothing by them.

import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { KubeEvent, KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../support/until.ts';
import { GatewayProcess, type LogLine } from './support/gateway-process.ts';
import { anEvent } from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

/** So many failed attempts in a row open a breaker. */
const OPENING = 5;

describe('Events about the gateway’s own pod', function () {
  this.timeout(90_000);
  let plane: ControlPlane;
  let own: string;
  let kubeconfig: string;
  let configuration: Readonly<Record<string, unknown>>;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
    own = await plane.createNamespace('gateway');
    kubeconfig = await plane.kubeconfigFor({
      namespace: own,
      name: 'sluice',
      rules: [
        {
          namespace: own,
          rules: [
            { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch', 'create'] },
            { apiGroups: [''], resources: ['namespaces'], verbs: ['get'], resourceNames: [own] },
          ],
        },
      ],
    });
    const [nobody = 0] = await freePorts(1);
    const http = { url: `http://127.0.0.1:${nobody}/` };
    configuration = {
      // Events of the scheduler about the pods may open the breaker of the first gateway before the second
      // one reads.
      sources: { own: { events: { firstStart: 'all' } } },
      filters: [{ name: 'pods', kind: 'Pod', action: 'accept' }],
      triggers: { hook: { http, retry: { first: '100ms', max: '200ms' } } },
    };
  });

  /** Creates a pod as the chart renders one; returns the variables of its container. */
  async function podOf(name: string): Promise<Readonly<Record<string, string>>> {
    const [pod] = await plane.apply([restrictedPod(own, name)]);
    return { POD_NAME: name, POD_NAMESPACE: own, POD_UID: pod?.metadata?.uid ?? '' };
  }

  async function ofGateways(): Promise<readonly KubeEvent[]> {
    const found = await plane.admin.events(own);
    return found.filter((event) => event['reportingComponent'] === 'sluice.dev/gateway');
  }

  it('of two gateways start no build, neither its own nor the other’s', async () => {
    const names = ['sluice-a', 'sluice-b'];
    const environments = await Promise.all(names.map(podOf));
    const start = (environment: Readonly<Record<string, string>>): Promise<GatewayProcess> =>
      GatewayProcess.startReady({ kubeconfig, namespace: own, configuration, environment });
    const [first = environments[0] ?? {}, second = {}] = environments;
    await using a = await start(first);
    await using b = await start(second);
    for (let number = 0; number < OPENING; number += 1) {
      const event = anEvent({ namespace: own, name: `broken-${number}` });
      await plane.admin.request('POST', `/api/v1/namespaces/${own}/events`, event);
    }
    await until(async () => (await ofGateways()).length === names.length, 'both Events', 30_000);
    for (const { involvedObject, ...event } of await ofGateways()) {
      expect(event).to.deep.include({
        type: 'Warning',
        reason: 'BreakerOpen',
        message: 'trigger hook: breaker open, deliveries wait; the log says why',
        source: { component: 'sluice' },
      });
      const environment = environments.find(({ POD_NAME }) => POD_NAME === involvedObject.name);
      expect(involvedObject).to.deep.equal({
        apiVersion: 'v1',
        kind: 'Pod',
        name: environment?.['POD_NAME'],
        namespace: own,
        uid: environment?.['POD_UID'],
      });
    }
    for (const gateway of [a, b]) {
      const made = (): readonly LogLine[] =>
        gateway.of('decision').filter(({ reason }) => reason === 'BreakerOpen');
      await until(() => made().length === names.length, 'the decisions on both', 10_000);
      for (const line of made()) {
        expect(line).to.deep.include({ action: 'accept', rule: 'pods' });
        const why = 'its reporter is a gateway (sluice.dev/gateway)';
        expect(line['dispositions']).to.deep.equal([
          { trigger: 'hook', disposition: 'loop', id: null, why },
        ]);
      }
    }
  });

  it('show a refused configuration while the last good one runs', async () => {
    const environment = await podOf('sluice-c');
    await using folder = await mkdtempDisposable(join(tmpdir(), 'sluice-pod-events-'));
    const request = { kubeconfig, namespace: own, environment, dataFolder: folder.path };
    await using good = await GatewayProcess.startReady({ ...request, configuration });
    good.kill('SIGKILL');
    await good.ended();
    await using gateway = await GatewayProcess.start({
      ...request,
      configuration: { ...configuration, filters: [{ acton: 'accept' }] },
    });
    const about = async (): Promise<KubeEvent | undefined> =>
      (await ofGateways()).find(
        ({ involvedObject, reason }) =>
          involvedObject.name === 'sluice-c' && reason === 'ConfigurationRefused',
      );
    const event = await until(about, 'the Event', 30_000);
    expect(gateway.of('configuration-kept')).to.have.length(1);
    expect(event).to.deep.include({ type: 'Warning' });
    expect(event.message).to.match(/is refused \(problems: \d+\); the last good one of \S+ runs/);
  });
});

function restrictedPod(namespace: string, name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeSelector: { 'spec.example.com/never': 'true' },
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 1000 },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          ...{ name: 'sluice', image: 'example.com/sluice:1' },
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
