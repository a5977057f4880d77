// The rendered chart, object by object, without the permissions (permissions.spec.ts).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { chartDirectory, findHelm, render, renderNotes, renderObjects, theOnly } from './helm.ts';
import { containerOf, environmentOf, podOf, workloadOf } from './workload.ts';

const root = join(import.meta.dirname, '../..');

const original = {
  project: 'brigade-830c16d4aaf6f5490937ad719afd8490a5bcbef064d397411043ac',
  filters: [
    { namespace: 'kube-system', action: 'reject' },
    { kind: 'Pod', reasons: ['Killing'], action: 'reject' },
    { kind: 'Pod', namespace: 'pequod', action: 'accept' },
    { action: 'reject' },
  ],
};

const ours = {
  sources: { shop: { events: { namespaces: ['shop', 'pay'] } } },
  filters: [{ name: 'crash-loop', reasons: ['BackOff'], action: 'accept' }],
  triggers: { build: { brigade: { project: 'org/repo', namespace: 'brigade' } } },
};

describe('the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('carries the version of the package as appVersion', () => {
    const chart = load(readFileSync(join(chartDirectory, 'Chart.yaml'), 'utf8'));
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(chart).to.have.property('appVersion', (manifest as { version: string }).version);
  });

  describe('the configuration', () => {
    it("passes project and filters as the original's JSON, in their order", () => {
      const objects = renderObjects(helm, { values: original });
      expect(JSON.parse(configText(objects, 'filters.json'))).to.deep.equal(original);
      expect(environmentOf(objects)).to.include({
        GATEWAY_CONFIG: '/etc/sluice/filters.json',
      });
    });

    it('passes our own form as YAML with the same values', () => {
      const awkward = {
        ...ours,
        triggers: {
          odd: {
            kubernetes: {
              manifest: {
                apiVersion: 'v1',
                kind: 'Odd',
                data: [
                  [
                    'yes',
                    '0o14',
                    '1_000',
                    '12:30',
                    '~',
                    '',
                    ' a ',
                    'a\n\n b\n',
                    '\u2028',
                    '\u0000',
                    '{{ x }}',
                  ],
                  [1000000, 12345678901, 0.5, true, null],
                ],
              },
            },
          },
        },
      };
      const objects = renderObjects(helm, { values: { config: awkward } });
      expect(load(configText(objects, 'config.yaml'))).to.deep.equal(awkward);
      expect(environmentOf(objects)).to.include({ GATEWAY_CONFIG: '/etc/sluice/config.yaml' });
    });

    it('passes the text of a file unchanged, with comments', () => {
      const text = `# ours\n${JSON.stringify(ours, null, 1)}\n`;
      const objects = renderObjects(helm, { values: { config: text } });
      expect(configText(objects, 'config.yaml')).to.equal(text);
    });

    it('is optional: without it no file is mounted or named', () => {
      const objects = renderObjects(helm);
      expect(objects.map(({ kind }) => kind)).to.not.include('ConfigMap');
      expect(environmentOf(objects)).to.not.have.property('GATEWAY_CONFIG');
      expect(podOf(objects)).to.not.have.property('volumes');
    });

    const refused = [
      { what: 'both forms at once', values: { ...original, config: ours }, said: /use one form/ },
      {
        what: 'a local command',
        values: { config: { triggers: { local: { exec: { command: ['./x.sh'] } } } } },
        said: /trigger local runs a local command/,
      },
      { what: 'a text that is no object', values: { config: '- a' }, said: /no YAML object/ },
    ];
    for (const { what, values, said } of refused) {
      it(`refuses ${what}`, () => {
        const rendered = render(helm, { values });
        expect(rendered).to.have.property('ok', false);
        expect(rendered).to.have.property('said').that.matches(said);
      });
    }
  });

  describe('the pod', () => {
    it('runs under the restricted Pod Security Standard', () => {
      const pod = podOf(renderObjects(helm, { values: original }));
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
      const container = containerOf(podOf(renderObjects(helm, { values: original })));
      expect(container.ports).to.deep.equal([{ name: 'probes', containerPort: 8080 }]);
      expect(container.livenessProbe).to.deep.include({
        httpGet: { path: '/healthz', port: 'probes' },
      });
      expect(container.readinessProbe).to.deep.include({
        httpGet: { path: '/readyz', port: 'probes' },
      });
    });

    it('is probed on the port that the configuration names', () => {
      const values = { config: { ...ours, http: { probes: '0.0.0.0:9090' } } };
      const container = containerOf(podOf(renderObjects(helm, { values })));
      expect(container.ports).to.deep.equal([{ name: 'probes', containerPort: 9090 }]);
    });

    const withoutProbes = [
      { what: 'an object', config: { ...ours, http: { probes: 'off' } } },
      // Helm reads a text as YAML 1.1, in which off is false.
      { what: 'a text', config: 'http: { probes: off }' },
    ];
    for (const { what, config } of withoutProbes) {
      it(`is not probed if the listener is off in ${what}`, () => {
        const values = { config };
        const container = containerOf(podOf(renderObjects(helm, { values })));
        const absent = ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe'];
        expect(container).to.not.have.any.keys(...absent);
      });
    }

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
      const { filters } = original;
      const first = checksumOf(renderObjects(helm, { values: original }));
      const again = checksumOf(renderObjects(helm, { values: { ...original, nameOverride: 'x' } }));
      const changed = { ...original, filters: filters.slice(1) };
      expect(again).to.equal(first);
      expect(checksumOf(renderObjects(helm, { values: changed }))).to.not.equal(first);
    });

    const images = [
      { image: {}, expected: 'sluice:0.1.0' },
      { image: { registry: 'example.com/ci', tag: 'v9' }, expected: 'example.com/ci/sluice:v9' },
      { image: { name: 'gate', tag: 9 }, expected: 'gate:9' },
    ];
    for (const { image, expected } of images) {
      it(`runs the image ${expected} for ${JSON.stringify(image)}`, () => {
        const container = containerOf(podOf(renderObjects(helm, { values: { image } })));
        expect(container.image).to.equal(expected);
      });
    }

    it('is scheduled as the values say', () => {
      const values = {
        podAnnotations: { 'example.com/a': 'b' },
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'ci', operator: 'Exists' }],
        terminationGracePeriodSeconds: 90,
        image: { pullPolicy: 'Always' },
        resources: { limits: { memory: '1Gi' } },
      };
      const objects = renderObjects(helm, { values });
      const { nodeSelector, tolerations, terminationGracePeriodSeconds } = values;
      const pod = podOf(objects);
      expect(pod).to.deep.include({ nodeSelector, tolerations, terminationGracePeriodSeconds });
      expect(annotationsOf(objects)).to.have.property('example.com/a', 'b');
      expect(containerOf(pod)).to.have.property('imagePullPolicy', 'Always');
      expect(containerOf(pod).resources).to.have.nested.property('limits.memory', '1Gi');
    });
  });

  describe('names', () => {
    const cases = [
      { release: 'gw', values: {}, expected: 'gw-sluice' },
      { release: 'my-sluice', values: {}, expected: 'my-sluice' },
      { release: 'gw', values: { nameOverride: 'k8s' }, expected: 'gw-k8s' },
      { release: 'gw', values: { fullnameOverride: 'gate' }, expected: 'gate' },
      {
        release: 'a'.repeat(50),
        values: { nameOverride: 'b'.repeat(40) },
        // A StatefulSet's pods have a label of its name and a hash of 10, and a label holds 63.
        expected: `${'a'.repeat(50)}-b`,
      },
    ];
    for (const { release, values, expected } of cases) {
      it(`calls the objects of ${release} ${expected}`, () => {
        const objects = renderObjects(helm, { release, values });
        const names = new Set(objects.map(({ metadata }) => metadata?.name));
        expect([...names]).to.have.members([expected, `${expected}-headless`]);
      });
    }

    it('runs as an existing account if none is to be created', () => {
      const values = { serviceAccount: { create: false, name: 'builder' } };
      const objects = renderObjects(helm, { values });
      expect(objects.map(({ kind }) => kind)).to.not.include('ServiceAccount');
      expect(podOf(objects)).to.have.property('serviceAccountName', 'builder');
    });
  });

  describe('the notes', () => {
    it('name what is watched, what starts where, and how to see why', () => {
      const notes = renderNotes(helm, { values: { config: ours } });
      expect(notes).to.include('the Events of pay, shop');
      expect(notes).to.include('build: a Brigade build of org/repo in brigade');
      expect(notes).to.include(
        'kubectl --namespace ci-gateway logs --follow statefulset/gw-sluice',
      );
    });

    it('list the permissions to grant if the chart may not', () => {
      const notes = renderNotes(helm, { values: { config: ours, rbac: { enabled: false } } });
      expect(notes).to.match(/in brigade:\n +create on secrets/);
      expect(notes).to.match(/in shop:\n +list, watch on events/);
    });

    it('say that nothing is started without a configuration', () => {
      expect(renderNotes(helm)).to.include('starts nothing');
    });
  });
});

function annotationsOf(objects: readonly KubeObject[]): Readonly<Record<string, string>> {
  return workloadOf(objects).template.metadata.annotations;
}

function checksumOf(objects: readonly KubeObject[]): string | undefined {
  return annotationsOf(objects)['sluice.dev/config-checksum'];
}

function configText(objects: readonly KubeObject[], file: string): string {
  const data = theOnly(objects, 'ConfigMap')['data'] as Readonly<Record<string, string>>;
  expect(data).to.have.all.keys(file);
  return data[file] ?? '';
}
