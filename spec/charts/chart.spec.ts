// The rendered chart, object by object, without the permissions (permissions.spec.ts).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { parseFlags } from '../../lib/cli/flags.ts';
import { rbacCommand } from '../../lib/cli/rbac.ts';
import { API_DEFAULT } from '../../lib/plan/defaults.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import {
  chartDirectory,
  findHelm,
  render,
  renderHook,
  renderNotes,
  renderObjects,
  theOnly,
} from './helm.ts';
import { ORIGINAL, OURS } from './right-values.ts';
import { containerOf, environmentOf, podOf, workloadOf } from './workload.ts';

const root = join(import.meta.dirname, '../..');

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
      const objects = renderObjects(helm, { values: ORIGINAL });
      expect(JSON.parse(configText(objects, 'filters.json'))).to.deep.equal(ORIGINAL);
      expect(environmentOf(objects)).to.include({
        GATEWAY_CONFIG: '/etc/sluice/filters.json',
      });
    });

    it('passes our own form as YAML with the same values', () => {
      const awkward = {
        ...OURS,
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
      const text = `# ours\n${JSON.stringify(OURS, null, 1)}\n`;
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
      { what: 'both forms at once', values: { ...ORIGINAL, config: OURS }, said: /use one form/ },
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

  describe('a configuration in another ConfigMap', () => {
    const values = { existingConfigMap: { name: 'mine', key: 'sluice.yaml' } };

    it('is mounted instead of one of the release', () => {
      const objects = renderObjects(helm, { values });
      expect(objects.map(({ kind }) => kind)).to.not.include('ConfigMap');
      expect(environmentOf(objects)).to.include({ GATEWAY_CONFIG: '/etc/sluice/sluice.yaml' });
      const volume = { name: 'config', configMap: { name: 'mine' } };
      expect(podOf(objects).volumes).to.deep.equal([volume]);
    });

    it('needs permissions that the notes say how to find', () => {
      const notes = renderNotes(helm, { values });
      expect(notes).to.include('sluice.yaml of the ConfigMap mine');
      const [, flags = ''] = /^ {2}sluice rbac FILE (.*) \| kubectl apply -f -$/m.exec(notes) ?? [];
      const given = parseFlags(rbacCommand.flags, flags.split(' '));
      expect(given.text('namespace')).to.equal('ci-gateway');
      expect(given.text('service-account')).to.equal('gw-sluice');
      expect(given.text('name')).to.equal('gw-sluice-configuration');
      expect(notes).to.include('rbac.extraRules');
      expect(notes).to.include('rollout restart statefulset/gw-sluice\n');
    });

    const refused = [{ project: 'org/repo' }, { filters: ORIGINAL.filters }, { config: OURS }];
    for (const more of refused) {
      it(`is refused beside ${Object.keys(more).join()}`, () => {
        const rendered = render(helm, { values: { ...values, ...more } });
        expect(rendered)
          .to.have.property('said')
          .that.includes('`existingConfigMap` stands beside');
      });
    }
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

  describe('labels', () => {
    it('of the values are on every object, but never select', () => {
      const commonLabels = { team: 'ci', 'app.kubernetes.io/name': 'not-this' };
      const values = { ...ORIGINAL, commonLabels, podLabels: { 'example.com/cost': 'ci' } };
      const everything = {
        ...values,
        echo: { enabled: true },
        networkPolicy: { enabled: true },
        podDisruptionBudget: { enabled: true },
        metrics: {
          serviceMonitor: { enabled: true },
          prometheusRule: { enabled: true },
          dashboard: { enabled: true },
        },
      };
      const objects = renderObjects(helm, { values: everything });
      const hooks = ['pre-install', 'test'].flatMap((hook) =>
        renderHook(helm, hook, { values: everything }),
      );
      expect(hooks).to.not.be.empty;
      for (const { kind, metadata } of [...objects, ...hooks]) {
        expect(metadata?.labels, kind).to.include({
          team: 'ci',
          'app.kubernetes.io/name': 'sluice',
          'app.kubernetes.io/instance': 'gw',
        });
      }
      const { selector, template } = workloadOf(objects);
      expect(selector.matchLabels).to.have.all.keys(
        'app.kubernetes.io/name',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/component',
      );
      expect(template.metadata.labels).to.include(selector.matchLabels);
      expect(template.metadata.labels).to.include({ team: 'ci', 'example.com/cost': 'ci' });
    });
  });

  describe('a disruption budget', () => {
    const budgets = [
      { given: {}, is: { maxUnavailable: 1 } },
      { given: { minAvailable: 1 }, is: { minAvailable: 1 } },
      { given: { maxUnavailable: '50%' }, is: { maxUnavailable: '50%' } },
    ];
    for (const { given, is } of budgets) {
      it(`is ${JSON.stringify(is)} for ${JSON.stringify(given)}`, () => {
        const values = { podDisruptionBudget: { enabled: true, ...given } };
        const objects = renderObjects(helm, { values });
        const { selector, ...spec } = theOnly(objects, 'PodDisruptionBudget')['spec'] as {
          readonly selector: object;
        };
        expect(spec).to.deep.equal({ ...is, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
        expect(selector).to.deep.equal(workloadOf(objects).selector);
      });
    }

    it('keeps a pod that is not ready if its state is not on a claim', () => {
      const persistence = { enabled: false };
      const values = { persistence, podDisruptionBudget: { enabled: true } };
      const budget = theOnly(renderObjects(helm, { values }), 'PodDisruptionBudget');
      expect(budget['spec']).to.have.property('maxUnavailable', 1);
      expect(budget['spec']).to.not.have.property('unhealthyPodEvictionPolicy');
    });

    it('has one bound', () => {
      const podDisruptionBudget = { enabled: true, minAvailable: 1, maxUnavailable: 1 };
      expect(render(helm, { values: { podDisruptionBudget } }))
        .to.have.property('said')
        .that.includes('`podDisruptionBudget`');
    });
  });

  it('has the further objects of the values, as templates', () => {
    const extraObjects = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-one' } },
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ include "sluice.fullname" . }}-two\n',
    ];
    const objects = renderObjects(helm, { values: { extraObjects } });
    expect(theOnly(objects, 'ConfigMap').metadata?.name).to.equal('gw-one');
    expect(theOnly(objects, 'Secret').metadata?.name).to.equal('gw-sluice-two');
  });

  describe("the original chart's values", () => {
    it('of its image are ignored at their defaults, with a note', () => {
      const image = { registry: 'brigadecore', name: 'brigade-k8s-gateway', tag: 'latest' };
      const values = { ...ORIGINAL, ...image, pullPolicy: 'IfNotPresent' };
      const container = containerOf(podOf(renderObjects(helm, { values })));
      expect(container.image).to.equal('sluice:0.1.0');
      expect(renderNotes(helm, { values })).to.include(
        'Ignored, because they name the image of brigade-k8s-gateway: name, pullPolicy, registry, tag.',
      );
    });

    for (const key of ['registry', 'name', 'tag', 'pullPolicy']) {
      it(`are refused if ${key} has another value, which names image.${key}`, () => {
        const rendered = render(helm, { values: { ...ORIGINAL, [key]: 'mine' } });
        const said = `values: \`${key}\` is "mine"`;
        expect(rendered)
          .to.have.property('said')
          .that.includes(said)
          .and.includes(`\`image.${key}\``);
      });
    }
  });

  it('has its icon', () => {
    const chart = load(readFileSync(join(chartDirectory, 'Chart.yaml'), 'utf8'));
    const icon = readFileSync(join(chartDirectory, 'icon.svg')).toString('utf8').trim();
    const data = Buffer.from(icon).toString('base64');
    expect(chart).to.have.property('icon', `data:image/svg+xml;base64,${data}`);
  });

  describe('the notes', () => {
    it('name what is watched, what starts where, and how to see why', () => {
      const notes = renderNotes(helm, { values: { config: OURS } });
      expect(notes).to.include('the Events of pay, shop');
      const port = API_DEFAULT.split(':').at(-1);
      expect(notes).to.include(`port-forward statefulset/gw-sluice ${port}:${port}\n`);
      expect(notes).to.include('build: a Brigade build of org/repo in brigade');
      expect(notes).to.include(
        'kubectl --namespace ci-gateway logs --follow statefulset/gw-sluice',
      );
    });

    it('list the permissions to grant if the chart may not', () => {
      const notes = renderNotes(helm, { values: { config: OURS, rbac: { enabled: false } } });
      expect(notes).to.match(/in brigade:\n +create on secrets/);
      expect(notes).to.match(/in shop:\n +list, watch on events/);
    });

    it('say that nothing is started without a configuration', () => {
      expect(renderNotes(helm)).to.include('starts nothing');
    });

    it('say that nothing is started without filters, triggers or an accepting filter', () => {
      const filters = [{ action: 'reject' }];
      const notesOf = (values: Readonly<Record<string, unknown>>): string =>
        renderNotes(helm, { values });
      expect(notesOf({ config: { version: 1 } })).to.include('and nothing is started.');
      expect(notesOf({ config: { version: 1, filters } })).to.include('Nothing is started: there');
      expect(notesOf({ project: 'org/repo', filters })).to.include('Nothing is started: no filter');
    });

    it("count the filters of the original's file, in any letter case of its keys", () => {
      const config = '{ "Project": "org/repo", "FILTERS": [{ "Action": "accept" }] }';
      expect(renderNotes(helm, { values: { config } })).to.include('passes 1 filter,');
    });

    it('name an image without a registry, which nodes may not find', () => {
      expect(renderNotes(helm)).to.include('Its image is sluice:');
      const image = { registry: 'registry.example.test' };
      expect(renderNotes(helm, { values: { image } })).not.to.include('Its image');
    });

    it('promise no lines that the log does not have', () => {
      const notesOf = (logging: Readonly<Record<string, string>>): string =>
        renderNotes(helm, { values: { config: { ...OURS, logging } } });
      expect(notesOf({})).to.include('one line for each Event');
      expect(notesOf({ decisions: 'accepted' })).to.include('a line for each accepted Event');
      expect(notesOf({ decisions: 'none' })).to.include('no lines for decisions');
      expect(notesOf({ level: 'warn' })).to.include('no lines for decisions');
    });
  });
});

function configText(objects: readonly KubeObject[], file: string): string {
  const data = theOnly(objects, 'ConfigMap')['data'] as Readonly<Record<string, string>>;
  expect(data).to.have.all.keys(file);
  return data[file] ?? '';
}
