// Parameters of pipelines in the words of their steps, where Tekton and Argo insert their values: a
// value of an Event would become program text. Only pipelines inside the manifest can be checked.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import { aRun, aWorkflow, check, EVENT, variable } from './support.ts';

interface Case {
  readonly what: string;
  readonly manifest: JsonObject;
  readonly wanted: readonly string[];
}

const STEP = '/manifest/spec/pipelineSpec/tasks/0/taskSpec/steps/0';

function aRunWith(step: JsonObject): JsonObject {
  return aRun({
    params: [variable('message', EVENT), variable('other', 'constant')],
    pipelineSpec: {
      tasks: [
        {
          name: 'one',
          params: [variable('inner', 'x $(params.message)')],
          taskSpec: { steps: [{ image: 'a', ...step }] },
        },
      ],
    },
  });
}

const TEMPLATE = '/manifest/spec/templates/0';

function aWorkflowWith(template: JsonObject): JsonObject {
  return aWorkflow({
    arguments: { parameters: [variable('message', EVENT)] },
    templates: [{ name: 'one', ...template }],
  });
}

const PIPELINES: readonly Case[] = [
  ...['$(params.message)', '$(params["message"])', "$(params['inner'])", '$(params.inner)'].map(
    (reference) => ({
      what: `${reference} in the command of a Tekton step`,
      manifest: aRunWith({ command: ['tool', reference] }),
      wanted: [`shell-argument ${STEP}/command/1`],
    }),
  ),
  {
    what: 'a parameter in the args of a Tekton step',
    manifest: aRunWith({ command: ['tool'], args: ['$(params.inner)'] }),
    wanted: [`shell-argument ${STEP}/args/0`],
  },
  {
    what: 'a variable that a parameter fills, in the args of a Tekton step',
    manifest: aRunWith({
      command: ['tool'],
      args: ['$(MSG)'],
      env: [variable('MSG', '$(params.inner)')],
    }),
    wanted: [`shell-argument ${STEP}/args/0`],
  },
  ...[
    '{{workflow.parameters.message}}',
    '{{ workflow.parameters }}',
    '{{=upper(workflow.parameters.message)}}',
  ].map((reference) => ({
    what: `${reference} in the command of an Argo template`,
    manifest: aWorkflowWith({ container: { command: ['sh', '-c', `echo ${reference}`] } }),
    wanted: [`shell-argument ${TEMPLATE}/container/command/2`],
  })),
  {
    what: 'an annotation in the args of an Argo template',
    manifest: {
      ...aWorkflow({
        templates: [{ container: { command: ['a'], args: ['{{workflow.annotations.msg}}'] } }],
      }),
      metadata: { annotations: { msg: EVENT } },
    },
    wanted: [`shell-argument ${TEMPLATE}/container/args/0`],
  },
];

const SCRIPTS: readonly Case[] = [
  {
    what: 'a parameter in the script of a Tekton step',
    manifest: aRunWith({ script: 'echo "$(params.inner)"' }),
    wanted: [`shell-argument ${STEP}/script`],
  },
  {
    what: 'a parameter in the source of an Argo script',
    manifest: aWorkflowWith({
      script: { command: ['sh'], source: 'echo {{workflow.parameters.message}}' },
    }),
    wanted: [`shell-argument ${TEMPLATE}/script/source`],
  },
  {
    what: 'an Event value in the script of a Tekton step',
    manifest: aRunWith({ script: `echo ${EVENT}` }),
    wanted: [`template-place ${STEP}/script`],
  },
  {
    what: 'an Event value in the source of an Argo script',
    manifest: aWorkflowWith({ script: { command: ['sh'], source: EVENT } }),
    wanted: [`template-place ${TEMPLATE}/script/source`],
  },
];

const HARMLESS: readonly Case[] = [
  {
    what: 'a parameter of the operator',
    manifest: aRunWith({ command: ['tool', '$(params.other)', '$(context.taskRun.name)'] }),
    wanted: [],
  },
  {
    what: 'the shell’s own variable in the script of a step',
    manifest: aRunWith({ script: 'echo "$MSG"', env: [variable('MSG', '$(params.inner)')] }),
    wanted: [],
  },
];

describe('parameters that an Event decides', () => {
  for (const { what, manifest, wanted } of PIPELINES) {
    it(`are found in ${what}, allowed by name or not`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
      const allowed = wanted.map((found) => found.split(' /manifest')[1] ?? '');
      expect(check(manifest, allowed)).to.deep.equal(wanted);
    });
  }

  for (const { what, manifest, wanted } of SCRIPTS) {
    it(`are found in ${what}, with only a warning if it is allowed by name`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
      const places = wanted.map((found) => found.split(' /manifest')[1] ?? '');
      expect(check(manifest, places)).to.deep.equal(
        places.map((place) => `warning shell-argument /manifest${place}`),
      );
    });
  }

  for (const { what, manifest, wanted } of HARMLESS) {
    it(`are not found in ${what}`, () => {
      expect(check(manifest)).to.deep.equal(wanted);
    });
  }
});
