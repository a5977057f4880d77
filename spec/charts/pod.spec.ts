// The pod of the chart: what it runs, with which rights, and where.

import { expect } from 'chai';
import { parseFlags } from '../../lib/cli/flags.ts';
import { runCommand } from '../../lib/cli/run.ts';
import { isJsonList } from '../../lib/core/json-object.ts';
import { PROBES_DEFAULTS } from '../../lib/plan/defaults.ts';
import { secretValues } from '../../tools/chart/values/state-values.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { findHelm, render, renderObjects } from './helm.ts';
import { ORIGINAL, OURS } from './right-values.ts';
import { containerOf, environmentOf, podOf, workloadOf } from './workload.ts';

describe('the pod of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('runs under the restricted Pod Security Standard', () => {
    const pod = podOf(renderObjects(helm, { values: ORIGINAL }));
    expect(pod.securityContext).to.deep.equal({
      runAsNonRoot: true,
      // A new block volume belongs to root.
      fsGroup: 1000,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containerOf(pod).securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('is probed at the address of the gateway’s probes', () => {
    const container = containerOf(podOf(renderObjects(helm, { values: ORIGINAL })));
    const containerPort = Number(PROBES_DEFAULTS.pod.split(':').at(-1));
    expect(container.ports).to.deep.equal([{ name: 'probes', containerPort }]);
    expect(container.livenessProbe).to.deep.include({
      httpGet: { path: '/healthz', port: 'probes' },
    });
    expect(container.readinessProbe).to.deep.include({
      httpGet: { path: '/readyz', port: 'probes' },
    });
  });

  it('is probed on the port that the configuration names', () => {
    const values = { config: { ...OURS, http: { probes: '0.0.0.0:9090' } } };
    const container = containerOf(podOf(renderObjects(helm, { values })));
    expect(container.ports).to.deep.equal([{ name: 'probes', containerPort: 9090 }]);
  });

  it('is probed on the port of a block', () => {
    const probes = { address: '0.0.0.0:9191', paths: { live: '/live' } };
    const values = { config: { ...OURS, http: { probes } } };
    const container = containerOf(podOf(renderObjects(helm, { values })));
    expect(container.ports).to.deep.equal([{ name: 'probes', containerPort: 9191 }]);
  });

  const withoutProbes = [
    { what: 'an object', config: { ...OURS, http: { probes: 'off' } } },
    // Helm reads a text as YAML 1.1, in which off is false.
    { what: 'a text', config: '{ version: 1, http: { probes: off } }' },
  ];
  for (const { what, config } of withoutProbes) {
    it(`is not probed if the listener is off in ${what}`, () => {
      const container = containerOf(podOf(renderObjects(helm, { values: { config } })));
      const absent = ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe'];
      expect(container).to.not.have.any.keys(...absent);
    });
  }

  it("leaves keys of our form in the original's file to the gateway, which refuses them", () => {
    const config = JSON.stringify({ ...ORIGINAL, http: 7, store: 'x', logging: [] });
    expect(render(helm, { values: { config } })).to.have.property('ok', true);
  });

  it('passes its own namespace to the gateway', () => {
    expect(environmentOf(renderObjects(helm))).to.have.deep.property('GATEWAY_NAMESPACE', {
      fieldRef: { fieldPath: 'metadata.namespace' },
    });
  });

  it('never runs twice at once', () => {
    // A StatefulSet starts a pod only after the one before it is gone.
    expect(workloadOf(renderObjects(helm))).to.deep.include({ replicas: 1 });
  });

  it('is replaced by an upgrade also if it was never ready', () => {
    const workload = workloadOf(renderObjects(helm));
    expect(workload).to.deep.include({ podManagementPolicy: 'Parallel' });
  });

  it('is replaced when the filters change, and only then', () => {
    const { filters } = ORIGINAL;
    const first = checksumOf(renderObjects(helm, { values: ORIGINAL }));
    const again = checksumOf(renderObjects(helm, { values: { ...ORIGINAL, nameOverride: 'x' } }));
    const changed = { ...ORIGINAL, filters: filters.slice(1) };
    const podAnnotations = { 'sluice.dev/config-checksum': 'another' };
    const annotated = checksumOf(renderObjects(helm, { values: { ...ORIGINAL, podAnnotations } }));
    expect([again, annotated]).to.deep.equal([first, first]);
    expect(checksumOf(renderObjects(helm, { values: changed }))).to.not.equal(first);
  });

  const digest = `sha256:${'0a'.repeat(32)}`;
  const images = [
    { image: {}, expected: 'sluice:0.1.0' },
    { image: { registry: 'example.com/ci', tag: 'v9' }, expected: 'example.com/ci/sluice:v9' },
    { image: { name: 'gate', tag: 9 }, expected: 'gate:9' },
    { image: { digest }, expected: `sluice@${digest}` },
    {
      image: { registry: 'example.com', tag: 'v9', digest },
      expected: `example.com/sluice:v9@${digest}`,
    },
  ];
  for (const { image, expected } of images) {
    it(`runs the image ${expected} for ${JSON.stringify(image)}`, () => {
      const container = containerOf(podOf(renderObjects(helm, { values: { image } })));
      expect(container.image).to.equal(expected);
    });
  }

  it('is scheduled as the values say', () => {
    const values = {
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone' }],
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'login' }],
      podAnnotations: { 'example.com/a': 'b' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'ci', operator: 'Exists' }],
      terminationGracePeriodSeconds: 90,
      image: { pullPolicy: 'Always' },
      resources: { limits: { memory: '1Gi' } },
    };
    const objects = renderObjects(helm, { values });
    const { podAnnotations, image, resources, ...scheduled } = values;
    const pod = podOf(objects);
    expect(pod).to.deep.include(scheduled);
    expect(annotationsOf(objects)).to.include(podAnnotations);
    expect(containerOf(pod)).to.have.property('imagePullPolicy', image.pullPolicy);
    expect(containerOf(pod).resources).to.deep.include(resources);
  });

  it('gets the flags, variables and volumes of the values', () => {
    const values = {
      logging: { format: 'text', level: 'warn', decisions: 'accepted', event: 'full' },
      extraArgs: ['--drain', '40s'],
      env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.test:3128' }],
      envFrom: [{ secretRef: { name: 'tokens' } }],
      extraVolumes: [{ name: 'ca', configMap: { name: 'company' } }],
      extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/company', readOnly: true }],
    };
    const pod = podOf(renderObjects(helm, { values }));
    const container = containerOf(pod);
    const given = parseFlags(runCommand.flags, container.args.slice(1));
    for (const [key, value] of Object.entries(values.logging)) {
      expect(given.text(`log-${key}`)).to.equal(value);
    }
    expect(given.text('drain')).to.equal('40s');
    expect(container.env).to.deep.include(values.env[0]);
    expect(container.envFrom).to.deep.equal(values.envFrom);
    expect(container.volumeMounts).to.deep.include(values.extraVolumeMounts[0]);
    expect(pod.volumes).to.deep.equal(values.extraVolumes);
  });

  it('has an example of `extraArgs` with flags that `run` has', () => {
    const examples = secretValues.values['extraArgs']?.['examples'];
    const [args] = isJsonList(examples) ? examples : [];
    const flags = isJsonList(args) ? args.map(String) : [];
    expect(flags).not.to.be.empty;
    expect(() => parseFlags(runCommand.flags, flags)).to.not.throw();
  });

  it('has the probes of the values, with the handler of the gateway or another', () => {
    const exec = { command: ['/usr/local/bin/sluice', 'help'] };
    const values = {
      startupProbe: null,
      livenessProbe: { periodSeconds: 60, failureThreshold: 9 },
      readinessProbe: { exec },
    };
    const container = containerOf(podOf(renderObjects(helm, { values })));
    expect(container).to.not.have.property('startupProbe');
    expect(container.livenessProbe).to.deep.include({
      httpGet: { path: '/healthz', port: 'probes' },
      ...values.livenessProbe,
    });
    expect(container.readinessProbe).to.deep.include({ exec });
    expect(container.readinessProbe).to.not.have.property('httpGet');
  });

  it('leaves the group of its volumes to OpenShift', () => {
    const apiVersions = ['security.openshift.io/v1'];
    const pod = podOf(renderObjects(helm, { values: ORIGINAL, apiVersions }));
    expect(pod.securityContext).to.deep.equal({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('has the security contexts of the values', () => {
    const values = {
      podSecurityContext: { fsGroup: 4000 },
      securityContext: { runAsUser: 3000 },
    };
    const pod = podOf(renderObjects(helm, { values }));
    expect(pod.securityContext).to.include({ fsGroup: 4000, runAsNonRoot: true });
    expect(containerOf(pod).securityContext).to.include({ runAsUser: 3000 });
  });

  for (const probes of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080']) {
    it(`is refused if only itself could reach its probes at ${probes}`, () => {
      const rendered = render(helm, { values: { config: { ...OURS, http: { probes } } } });
      expect(rendered).to.have.property('said').that.includes('the kubelet cannot reach it');
    });
  }
});

function annotationsOf(objects: readonly KubeObject[]): Readonly<Record<string, string>> {
  return workloadOf(objects).template.metadata.annotations;
}

function checksumOf(objects: readonly KubeObject[]): string | undefined {
  return annotationsOf(objects)['sluice.dev/config-checksum'];
}
