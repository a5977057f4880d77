// The closed list of places, place by place: which ones allow Event values. Words of a process are
// in arguments.spec.ts.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import { aJob, aRun, aWorkflow, CONTAINER, check, EVENT } from './support.ts';

function withMetadata(metadata: JsonObject): JsonObject {
  return { ...aJob({}), metadata };
}

interface Case {
  readonly where: string;
  readonly manifest: JsonObject;
  /** Empty: it is allowed there. */
  readonly wanted: readonly string[];
}

const MAY: readonly Case[] = [
  {
    where: 'an annotation',
    manifest: withMetadata({ annotations: { 'a.b/c': `about ${EVENT}` } }),
    wanted: [],
  },
  { where: 'a label', manifest: withMetadata({ labels: { a: EVENT } }), wanted: [] },
  {
    where: 'a label of the pods',
    manifest: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      spec: { template: { metadata: { labels: { a: EVENT } }, spec: {} } },
    },
    wanted: [],
  },
  {
    where: 'a label of a Workflow’s pods',
    manifest: aWorkflow({ podMetadata: { labels: { a: EVENT } } }),
    wanted: [],
  },
  {
    where: 'an env value',
    manifest: aJob({ env: [{ name: 'A', value: `about ${EVENT}` }] }),
    wanted: [],
  },
  {
    where: 'an env value beside a shell that reads it',
    manifest: aJob({ command: ['sh', '-c', 'echo "$A"'], env: [{ name: 'A', value: EVENT }] }),
    wanted: [],
  },
  {
    where: 'an env value of an init container',
    manifest: {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { initContainers: [{ env: [{ name: 'A', value: EVENT }] }] },
    },
    wanted: [],
  },
  {
    where: 'a Tekton param',
    manifest: aRun({ params: [{ name: 'a', value: EVENT }] }),
    wanted: [],
  },
  {
    where: 'an entry of a Tekton param',
    manifest: aRun({ params: [{ name: 'a', value: [EVENT, { b: EVENT }] }] }),
    wanted: [],
  },
  {
    where: 'a Workflow parameter',
    manifest: aWorkflow({ arguments: { parameters: [{ name: 'a', value: `x${EVENT}` }] } }),
    wanted: [],
  },
];

const MAY_NOT: readonly Case[] = [
  {
    where: 'an image',
    manifest: aJob({ image: EVENT }),
    wanted: [`template-place ${CONTAINER}/image`],
  },
  {
    where: 'the name of a variable',
    manifest: aJob({ env: [{ name: EVENT, value: 'x' }] }),
    wanted: [`template-place ${CONTAINER}/env/0/name`],
  },
  {
    where: 'the Secret of a variable',
    manifest: aJob({
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: EVENT, key: 'a' } } }],
    }),
    wanted: [`template-place ${CONTAINER}/env/0/valueFrom/secretKeyRef/name`],
  },
  {
    where: 'a service account',
    manifest: { apiVersion: 'v1', kind: 'Pod', spec: { serviceAccountName: EVENT } },
    wanted: ['template-place /manifest/spec/serviceAccountName'],
  },
  {
    where: 'the name of a pipeline',
    manifest: aRun({ pipelineRef: { name: EVENT } }),
    wanted: ['template-place /manifest/spec/pipelineRef/name'],
  },
  {
    where: 'the name of a param',
    manifest: aRun({ params: [{ name: EVENT, value: '' }] }),
    wanted: ['template-place /manifest/spec/params/0/name'],
  },
  {
    where: 'env of a step inside, which Tekton interpolates',
    manifest: aRun({ taskSpec: { containers: [{ env: [{ name: 'A', value: EVENT }] }] } }),
    wanted: ['template-place /manifest/spec/taskSpec/containers/0/env/0/value'],
  },
  {
    where: 'the script of a Workflow',
    manifest: aWorkflow({ templates: [{ script: { source: EVENT } }] }),
    wanted: ['template-place /manifest/spec/templates/0/script/source'],
  },
  {
    where: 'Tekton’s params in another group',
    manifest: {
      apiVersion: 'ci.example.test/v1',
      kind: 'Run',
      spec: { params: [{ value: EVENT }] },
    },
    wanted: ['template-place /manifest/spec/params/0/value'],
  },
  {
    where: 'the data of a ConfigMap',
    manifest: { apiVersion: 'v1', kind: 'ConfigMap', data: { a: EVENT } },
    wanted: ['template-place /manifest/data/a'],
  },
  {
    where: 'all labels at once',
    manifest: withMetadata({ labels: '${event.metadata.labels}' }),
    wanted: ['template-place /manifest/metadata/labels'],
  },
  {
    where: 'the namespace',
    manifest: withMetadata({ namespace: '${event.metadata.namespace}' }),
    wanted: ['template-place /manifest/metadata/namespace'],
  },
];

describe('the places of Event values', () => {
  for (const { where, manifest, wanted } of MAY) {
    it(`include ${where}`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
    });
  }

  for (const { where, manifest, wanted } of MAY_NOT) {
    it(`exclude ${where}`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
    });
  }

  const handlers = ['livenessProbe', 'readinessProbe', 'startupProbe'];
  const commands = [
    { where: 'a command', manifest: aJob({ command: ['/diagnose', EVENT] }), path: 'command/1' },
    ...handlers.map((handler) => ({
      where: `the command of a ${handler}`,
      manifest: aJob({ [handler]: { exec: { command: ['test', EVENT] } } }),
      path: `${handler}/exec/command/1`,
    })),
    {
      where: 'all arguments at once',
      manifest: aJob({ command: ['/diagnose'], args: '${event.related}' }),
      path: 'args',
    },
    {
      where: 'the command of a hook',
      manifest: aJob({ lifecycle: { preStop: { exec: { command: [EVENT] } } } }),
      path: 'lifecycle/preStop/exec/command/0',
    },
  ];
  for (const { where, manifest, path } of commands) {
    it(`never include ${where}, allowed by name or not`, () => {
      const pointer = `${CONTAINER}/${path}`;
      expect(check(manifest)).to.deep.equal([`template-place ${pointer}`]);
      expect(check(manifest, [pointer.replace('/manifest', '')])).to.deep.equal([
        `template-place ${pointer}`,
      ]);
    });
  }

  it('include what allowFromEvent names', () => {
    const manifest = aJob({ image: EVENT });
    expect(check(manifest, ['/spec/template/spec/containers/0/image'])).to.deep.equal([]);
  });

  it('do not include the namespace even if allowFromEvent names it', () => {
    const manifest = withMetadata({ namespace: EVENT });
    expect(check(manifest, ['/metadata/namespace'])).to.deep.equal([
      'template-place /manifest/metadata/namespace',
    ]);
  });

  it('are not checked for values that are not the Event’s', () => {
    const manifest = aJob({ image: 'diagnose:${cluster.name}', command: ['x', '${id}'] });
    expect(check(manifest)).to.deep.equal([]);
  });
});
