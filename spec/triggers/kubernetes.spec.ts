// The kind `kubernetes`: checks, key life, its own metadata, and refusals without a request. Wire
// forms and places have specs of their own.

import { expect } from 'chai';
import { type JsonObject, jsonAt } from '../../lib/core/json-object.ts';
import type { Finding } from '../../lib/core/problem.ts';
import { type KubernetesSection, kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { NEVER } from '../support/never.ts';
import { aStatus, FakeApi } from './support/fake-api.ts';
import { CONTEXT, creationOf, JOB, PIPELINE_RUN, someParts, WORKFLOW } from './support/parts.ts';

function aJob(spec: JsonObject, metadata: JsonObject = {}): KubernetesSection {
  return { manifest: { apiVersion: 'batch/v1', kind: 'Job', metadata, spec } };
}

function check(section: KubernetesSection, buildNamespace = 'ci'): readonly Finding[] {
  return kubernetesKind.check?.(section, { ...CONTEXT, buildNamespace }) ?? [];
}

function codes(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

function keyLifeMs(section: KubernetesSection): number {
  return kubernetesKind.create(section, someParts()).keyLifeMs;
}

async function created(section: KubernetesSection, event = anEvent()): Promise<JsonObject> {
  const api = new FakeApi();
  const delivery = aDelivery({ event });
  await kubernetesKind.create(section, someParts({ api })).fire([delivery], NEVER);
  return api.created[0] ?? {};
}

describe('the kind kubernetes', () => {
  for (const [name, section] of Object.entries({ JOB, PIPELINE_RUN, WORKFLOW })) {
    it(`accepts the sample ${name}`, () => {
      expect(codes(check(section))).to.deep.equal([]);
    });
  }

  const wrong = [
    {
      what: 'a name',
      section: aJob({}, { name: 'x' }),
      wanted: 'error name-is-ours /manifest/metadata/name',
    },
    {
      what: 'a generateName',
      section: aJob({}, { generateName: 'x-' }),
      wanted: 'error name-is-ours /manifest/metadata/generateName',
    },
    {
      what: 'an unknown first word',
      section: aJob({ a: '${HOME}' }),
      wanted: 'error bad-template /manifest/spec/a',
    },
    {
      what: 'captures, which no rule makes yet',
      section: aJob({}, { annotations: { a: '${match.code}' } }),
      wanted: 'error bad-template /manifest/metadata/annotations/a',
    },
    {
      what: 'a template that is never closed, in a key with a slash',
      section: aJob({}, { annotations: { 'a/b~c': '${event' } }),
      wanted: 'error bad-template /manifest/metadata/annotations/a~1b~0c',
    },
    {
      what: 'a Job that is gone too soon',
      section: aJob({ ttlSecondsAfterFinished: 60 }),
      wanted: 'error key-life-short /manifest/spec/ttlSecondsAfterFinished',
    },
    {
      what: 'a namespace that is no text',
      section: aJob({}, { namespace: 5 }),
      wanted: 'error wrong-type /manifest/metadata/namespace',
    },
    {
      what: 'an impossible namespace',
      section: aJob({}, { namespace: 'My_CI' }),
      wanted: 'error wrong-value /manifest/metadata/namespace',
    },
    {
      what: 'an allowed place that is not there',
      section: { ...aJob({}), allowFromEvent: ['/spec/image'] },
      wanted: 'error wrong-value /allowFromEvent/0',
    },
  ];
  for (const { what, section, wanted } of wrong) {
    it(`refuses ${what}`, () => {
      expect(codes(check(section))).to.deep.equal([wanted]);
    });
  }

  it('refuses a section without any namespace', () => {
    expect(codes(check(aJob({}), ''))).to.deep.equal(['error missing-key ']);
  });

  it('shows the escape for a word that is not in the document', () => {
    const [finding] = check(aJob({ a: '${HOME}' }));
    expect(finding?.message).to.include('$${HOME}');
  });

  it('creates objects in the manifest’s namespace, else in the build namespace', async () => {
    expect(await creationOf(kubernetesKind, PIPELINE_RUN)).to.deep.equal({
      permitted: ['pipelines'],
      path: '/apis/tekton.dev/v1/namespaces/pipelines/pipelineruns',
    });
    expect(await creationOf(kubernetesKind, JOB)).to.deep.equal({
      permitted: ['ci'],
      path: '/apis/batch/v1/namespaces/ci/jobs',
    });
  });

  const prefixes = [
    { name: 'diagnose', wanted: 'diagnose' },
    { name: 'Diagnose_Pods', wanted: 'diagnose-pods' },
    { name: 'a-very-long-trigger-name-indeed', wanted: 'a-very-long-trigger' },
    { name: '___', wanted: 'build' },
  ];
  for (const { name, wanted } of prefixes) {
    it(`makes the prefix ${wanted} of the name ${name}`, () => {
      expect(kubernetesKind.defaultPrefix(name)).to.equal(wanted);
    });
  }

  const HOUR = 3_600_000;
  const lives = [
    { what: 'a Job without a TTL', section: aJob({}), wanted: 24 * HOUR },
    {
      what: 'a Job with a TTL',
      section: aJob({ ttlSecondsAfterFinished: 7200 }),
      wanted: 2 * HOUR,
    },
    { what: 'a Workflow with a strategy', section: WORKFLOW, wanted: HOUR },
    {
      what: 'a Workflow without one',
      section: { manifest: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' } },
      wanted: HOUR,
    },
    { what: 'any other object', section: PIPELINE_RUN, wanted: HOUR },
  ];
  for (const { what, section, wanted } of lives) {
    it(`trusts the name of ${what} for ${wanted / HOUR} h`, () => {
      expect(keyLifeMs(section)).to.equal(wanted);
    });
  }

  it('overrides labels and annotations of the manifest with its own', async () => {
    const object = await created(
      aJob(
        { template: { spec: {} } },
        {
          labels: { 'app.kubernetes.io/managed-by': 'me', mine: 'yes' },
          annotations: { 'sluice.dev/delivery': 'forged' },
        },
      ),
    );
    const labels = {
      'app.kubernetes.io/managed-by': 'sluice',
      'sluice.dev/delivery': aDelivery().id,
      'sluice.dev/trigger': 'diagnose',
    };
    expect(jsonAt(object, 'metadata', 'labels')).to.deep.equal({ ...labels, mine: 'yes' });
    expect(jsonAt(object, 'metadata', 'annotations')).to.deep.equal({
      'sluice.dev/delivery': aDelivery().id,
    });
    expect(jsonAt(object, 'spec', 'template', 'metadata', 'labels')).to.deep.equal(labels);
  });

  it('keeps the type of a whole value at a place that is allowed by name', async () => {
    const section = {
      ...aJob({ parallelism: '${event.count}' }),
      allowFromEvent: ['/spec/parallelism'],
    };
    expect(jsonAt(await created(section), 'spec', 'parallelism')).to.equal(3);
  });

  it('leaves kubelet nothing to expand in values of an Event', async () => {
    const container = { env: [{ name: 'A', value: '$(MINE) ${event.message}' }] };
    const section = aJob({ template: { spec: { containers: [container] } } });
    const object = await created(section, anEvent({ message: '$(TOKEN) costs $$5' }));
    expect(JSON.stringify(object)).to.include('"$(MINE) $$(TOKEN) costs $$$$5"');
  });

  it('reports the server’s findings with the name of the object', async () => {
    const api = new FakeApi();
    api.script = () =>
      aStatus(400, 'BadRequest', { message: 'strict decoding error: unknown field "spec.imag"' });
    const [outcome] = await kubernetesKind
      .create(JOB, someParts({ api }))
      .fire([aDelivery()], NEVER);
    expect(outcome).to.deep.equal({
      outcome: 'refused',
      reason: 'invalid',
      detail: `create Job ci/diagnose-${aDelivery().id}: invalid, 400: strict decoding error: unknown field "spec.imag"`,
    });
  });
});
