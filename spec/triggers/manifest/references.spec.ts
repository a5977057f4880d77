// Words with a reference to a variable: if an Event decides the variable in any way, its value
// becomes program text as well. Parameters are in pipelines.spec.ts.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import { aJob, aRun, aWorkflow, CONTAINER, check, EVENT, variable } from './support.ts';

interface Case {
  readonly what: string;
  readonly manifest: JsonObject;
  readonly wanted: readonly string[];
}

const MSG = variable('MSG', EVENT);
const command = (index: number): string => `shell-argument ${CONTAINER}/command/${index}`;
const fieldRef = (fieldPath: string): JsonObject => ({
  name: 'MSG',
  valueFrom: { fieldRef: { fieldPath } },
});

const KUBELET: readonly Case[] = [
  ...[
    ['su', 'app', '-c', 'echo $(MSG)'],
    ['psql', '-c', "insert into x values ('$(MSG)')"],
    ['env', '-S', "sh -c 'echo $(MSG)'"],
    ['awk', 'BEGIN { print "$(MSG)" }'],
    ['ssh', 'host', 'echo $(MSG)'],
    ['sh', '-c', 'echo $(MSG)'],
    ['$(MSG)'],
  ].map((words) => ({
    what: `a variable in ${words.join(' ')}`,
    manifest: aJob({ command: words, env: [MSG] }),
    wanted: [command(words.length - 1)],
  })),
  {
    what: 'a variable in args',
    manifest: aJob({ command: ['tool'], args: ['--message=$(MSG)'], env: [MSG] }),
    wanted: [`shell-argument ${CONTAINER}/args/0`],
  },
  {
    what: 'a variable in args if the image decides on the program',
    manifest: aJob({ args: ['$(MSG)'], env: [MSG] }),
    wanted: [`shell-argument ${CONTAINER}/args/0`],
  },
  {
    what: 'a variable that refers to one that an Event decides',
    manifest: aJob({ command: ['tool', '$(B)'], env: [MSG, variable('B', 'x$(MSG)')] }),
    wanted: [command(1)],
  },
  {
    what: 'a variable whose reference stands before its definition',
    manifest: aJob({ command: ['tool', '$(B)'], env: [variable('B', 'x$(MSG)'), MSG] }),
    wanted: [command(1)],
  },
  ...["metadata.annotations['a.b/msg']", "metadata.labels['msg']"].map((path) => ({
    what: `the downward API for ${path}`,
    manifest: aJob(
      { command: ['sh', '-c', 'echo $(MSG)'], env: [fieldRef(path)] },
      { metadata: { annotations: { 'a.b/msg': EVENT }, labels: { msg: EVENT } } },
    ),
    wanted: [command(2)],
  })),
  {
    what: 'a variable whose ConfigMap an Event chooses',
    manifest: aJob({
      command: ['tool', '$(MSG)'],
      env: [{ name: 'MSG', valueFrom: { configMapKeyRef: { name: EVENT, key: 'a' } } }],
    }),
    wanted: [command(1), `template-place ${CONTAINER}/env/0/valueFrom/configMapKeyRef/name`],
  },
  {
    what: 'a variable of an envFrom that an Event chooses',
    manifest: aJob({
      command: ['tool', '$(ANY)', '$(OWN)'],
      env: [variable('OWN', 'constant')],
      envFrom: [{ configMapRef: { name: EVENT } }],
    }),
    wanted: [command(1), `template-place ${CONTAINER}/envFrom/0/configMapRef/name`],
  },
  {
    what: 'a variable that may be one that an Event names',
    manifest: aJob({ command: ['tool', '$(A)'], env: [variable('A', 'a'), variable(EVENT, 'b')] }),
    wanted: [command(1), `template-place ${CONTAINER}/env/1/name`],
  },
  {
    what: 'the downward API for annotations that an Event gives all at once',
    manifest: aJob(
      { command: ['tool', '$(MSG)'], env: [fieldRef("metadata.annotations['msg']")] },
      { metadata: { annotations: '${event.metadata.annotations}' } },
    ),
    wanted: [command(1), 'template-place /manifest/spec/template/metadata/annotations'],
  },
  {
    what: 'a variable of a ConfigMap that the same manifest fills',
    manifest: {
      apiVersion: 'ci.example.test/v1',
      kind: 'Bundle',
      spec: {
        configMaps: [{ data: { msg: EVENT } }],
        containers: [
          {
            command: ['tool', '$(MSG)'],
            env: [{ name: 'MSG', valueFrom: { configMapKeyRef: { name: 'a', key: 'msg' } } }],
          },
          { command: ['tool', '$(msg)'], envFrom: [{ configMapRef: { name: 'a' } }] },
        ],
      },
    },
    wanted: [
      'shell-argument /manifest/spec/containers/0/command/1',
      'shell-argument /manifest/spec/containers/1/command/1',
      'template-place /manifest/spec/configMaps/0/data/msg',
    ],
  },
  ...['initContainers', 'ephemeralContainers'].map((kind) => ({
    what: `a variable in ${kind}`,
    manifest: {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { [kind]: [{ command: ['tool', '$(MSG)'], env: [MSG] }] },
    },
    wanted: [`shell-argument /manifest/spec/${kind}/0/command/1`],
  })),
  {
    what: 'a variable in a pod that a custom resource embeds',
    manifest: {
      apiVersion: 'serving.example.test/v1',
      kind: 'Service',
      spec: {
        tasks: [{ template: { spec: { containers: [{ command: ['$(MSG)'], env: [MSG] }] } } }],
      },
    },
    wanted: ['shell-argument /manifest/spec/tasks/0/template/spec/containers/0/command/0'],
  },
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe) => ({
    what: `a variable in the ${probe}`,
    manifest: aJob({ env: [MSG], [probe]: { exec: { command: ['sh', '-c', 'test $(MSG)'] } } }),
    wanted: [`shell-argument ${CONTAINER}/${probe}/exec/command/2`],
  })),
  ...['postStart', 'preStop'].map((hook) => ({
    what: `a variable in the hook ${hook}`,
    manifest: aJob({
      env: [MSG],
      lifecycle: { [hook]: { exec: { command: ['sh', '-c', 'test $(MSG)'] } } },
    }),
    wanted: [`shell-argument ${CONTAINER}/lifecycle/${hook}/exec/command/2`],
  })),
  {
    what: 'a variable in the path of a volume',
    manifest: aJob({
      env: [MSG],
      volumeMounts: [{ name: 'a', mountPath: '/a', subPathExpr: 'x/$(MSG)' }],
    }),
    wanted: [`shell-argument ${CONTAINER}/volumeMounts/0/subPathExpr`],
  },
];

const HARMLESS: readonly Case[] = [
  {
    what: 'the braces of a program, in an object that no controller interpolates',
    manifest: {
      ...aJob({ command: ['kubectl', 'get', 'pod', '--template={{.msg.name}}'] }),
      metadata: { annotations: { msg: EVENT } },
    },
    wanted: [],
  },
  {
    what: 'a variable of the same container that is constant',
    manifest: aJob({ command: ['tool', '$(HOST)'], env: [MSG, variable('HOST', 'a')] }),
    wanted: [],
  },
  {
    what: 'a variable that is constant here and an Event’s in another container',
    manifest: {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        containers: [{ env: [MSG] }, { command: ['a', '$(MSG)'], env: [variable('MSG', 'b')] }],
      },
    },
    wanted: [],
  },
  {
    what: 'an escaped reference, which kubelet leaves alone',
    manifest: aJob({ command: ['sh', '-c', 'echo $$(MSG)'], env: [MSG] }),
    wanted: [],
  },
  {
    what: 'the shell’s own variable',
    manifest: aJob({ command: ['sh', '-c', 'echo "$MSG" "$${MSG}"'], env: [MSG] }),
    wanted: [],
  },
  {
    what: 'the downward API for what no Event fills',
    manifest: aJob(
      { command: ['tool', '$(MSG)'], env: [fieldRef("metadata.annotations['other']")] },
      { metadata: { annotations: { msg: EVENT } } },
    ),
    wanted: [],
  },
];

describe('variables that an Event decides', () => {
  for (const { what, manifest, wanted } of KUBELET) {
    it(`are found in ${what}, allowed by name or not`, () => {
      expect(check(manifest)).to.have.members([...wanted]);
      const never = wanted.filter((found) => found.startsWith('shell-argument'));
      const allowed = never.map((found) => found.split(' /manifest')[1] ?? '');
      expect(check(manifest, allowed)).to.have.members([...wanted]);
    });
  }

  for (const { what, manifest, wanted } of HARMLESS) {
    it(`are not found in ${what}`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
    });
  }
});

describe('names that an Event would choose', () => {
  const choices = [
    {
      what: 'a variable that kubelet expands in an argument',
      manifest: aJob({ command: ['tool'], args: ['--x=$(${event.reason})'] }),
      wanted: [`template-place ${CONTAINER}/args/0`],
    },
    {
      what: 'a variable that kubelet expands in a variable, by an end that it brings itself',
      manifest: aJob({ env: [variable('A', '$(${event.reason}')] }),
      wanted: [`template-place ${CONTAINER}/env/0/value`],
    },
    {
      what: 'a parameter that Tekton interpolates',
      manifest: aRun({ params: [variable('a', '$(context.${event.reason})')] }),
      wanted: ['template-place /manifest/spec/params/0/value'],
    },
    {
      what: 'a parameter that Argo interpolates',
      manifest: aWorkflow({
        arguments: { parameters: [variable('a', '{{workflow.${event.reason}}}')] },
      }),
      wanted: ['template-place /manifest/spec/arguments/parameters/0/value'],
    },
  ];
  for (const { what, manifest, wanted } of choices) {
    it(`are refused: ${what}`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
    });
  }
});
