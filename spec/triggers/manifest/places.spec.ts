// The closed list of places for Event values, place by place: where they may stand, where not, and
// where not even by permission because a shell would run them.
import { expect } from 'chai';
import type { Json, JsonObject } from '../../../lib/core/event.ts';
import { kubernetesKind } from '../../../lib/triggers/kubernetes.ts';
import { CONTEXT } from '../support/parts.ts';

const EVENT = '${event.message}';

function check(manifest: JsonObject, allowFromEvent: readonly string[] = []): readonly string[] {
  const findings = kubernetesKind.check?.({ manifest, allowFromEvent }, CONTEXT) ?? [];
  return findings.map(({ code, path }) => `${code} ${path}`);
}

function aJob(container: JsonObject, more: JsonObject = {}): JsonObject {
  const template = { spec: { containers: [{ name: 'build', ...container }] } };
  return { apiVersion: 'batch/v1', kind: 'Job', spec: { template }, ...more };
}

const CONTAINER = '/manifest/spec/template/spec/containers/0';

function aRun(spec: JsonObject): JsonObject {
  return { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', spec };
}

function aWorkflow(spec: JsonObject): JsonObject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', spec };
}

interface Case {
  readonly where: string;
  readonly manifest: JsonObject;
  /** Empty: it may stand there. */
  readonly wanted: readonly string[];
}

const MAY: readonly Case[] = [
  {
    where: 'an annotation',
    manifest: aJob({}, { metadata: { annotations: { 'a.b/c': `about ${EVENT}` } } }),
    wanted: [],
  },
  { where: 'a label', manifest: aJob({}, { metadata: { labels: { a: EVENT } } }), wanted: [] },
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
  { where: 'a whole argument', manifest: aJob({ args: ['--message', EVENT] }), wanted: [] },
  {
    where: 'a whole argument of a script',
    manifest: aJob({ command: ['sh', '/diagnose.sh'], args: [EVENT] }),
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
    where: 'a part of an argument',
    manifest: aJob({ args: [`--message=${EVENT}`] }),
    wanted: [`template-place ${CONTAINER}/args/0`],
  },
  {
    where: 'two values in one argument',
    manifest: aJob({ args: ['${event.reason}${event.type}'] }),
    wanted: [`template-place ${CONTAINER}/args/0`],
  },
  {
    where: 'a command',
    manifest: aJob({ command: ['/diagnose', EVENT] }),
    wanted: [`template-place ${CONTAINER}/command/1`],
  },
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
    manifest: aJob({}, { metadata: { labels: '${event.metadata.labels}' as Json } }),
    wanted: ['template-place /manifest/metadata/labels'],
  },
  {
    where: 'the namespace',
    manifest: aJob({}, { metadata: { namespace: '${event.metadata.namespace}' } }),
    wanted: ['template-place /manifest/metadata/namespace'],
  },
];

const SHELLS: readonly Case[] = [
  {
    where: 'after the -c of a shell in command',
    manifest: aJob({ command: ['/bin/bash', '-ec'], args: [EVENT] }),
    wanted: [`shell-argument ${CONTAINER}/args/0`],
  },
  {
    where: 'after the -c of a shell in args',
    manifest: aJob({ command: ['env', 'A=b'], args: ['sh', '-c', EVENT] }),
    wanted: [`shell-argument ${CONTAINER}/args/2`],
  },
  {
    where: 'after a -c where the image decides on the program',
    manifest: aJob({ args: ['-c', EVENT] }),
    wanted: [`shell-argument ${CONTAINER}/args/1`],
  },
  {
    where: 'a later argument of a shell’s script',
    manifest: aJob({ command: ['sh', '-c', 'eval $1', 'x'], args: [EVENT] }),
    wanted: [`shell-argument ${CONTAINER}/args/0`],
  },
  {
    where: 'the program of an interpreter',
    manifest: aJob({ command: ['python3.12', '-c'], args: [EVENT] }),
    wanted: [`shell-argument ${CONTAINER}/args/0`],
  },
  {
    where: 'a variable that kubelet puts into a shell’s script',
    manifest: aJob({ command: ['sh', '-c', 'echo $(A)'], env: [{ name: 'A', value: EVENT }] }),
    wanted: [`shell-argument ${CONTAINER}/command/2`],
  },
  {
    where: 'a variable that refers to one that does',
    manifest: aJob({
      command: ['sh', '-c', 'echo $(B)'],
      env: [
        { name: 'A', value: EVENT },
        { name: 'B', value: 'x$(A)' },
      ],
    }),
    wanted: [`shell-argument ${CONTAINER}/command/2`],
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

  for (const { where, manifest, wanted } of SHELLS) {
    it(`never include ${where}, allowed or not`, () => {
      expect(check(manifest)).to.include.members([...wanted]);
      const [, path = ''] = (wanted[0] ?? '').split(' /manifest');
      expect(check(manifest, [path])).to.deep.equal(wanted);
    });
  }

  it('include what allowFromEvent names', () => {
    const manifest = aJob({ image: EVENT });
    expect(check(manifest, ['/spec/template/spec/containers/0/image'])).to.deep.equal([]);
  });

  it('do not include the namespace even where allowFromEvent names it', () => {
    const manifest = aJob({}, { metadata: { namespace: EVENT } });
    expect(check(manifest, ['/metadata/namespace'])).to.deep.equal([
      'template-place /manifest/metadata/namespace',
    ]);
  });

  it('are not asked for words that are not the Event’s', () => {
    const manifest = aJob({ image: 'diagnose:${cluster.name}', command: ['x', '${id}'] });
    expect(check(manifest)).to.deep.equal([]);
  });
});
