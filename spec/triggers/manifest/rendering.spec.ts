// Rendering of templates: text that no program reads as an option, that neither kubelet nor a
// pipeline reads as a reference, and that fits its place.

import { expect } from 'chai';
import fc from 'fast-check';
import { type Json, stringAt } from '../../../lib/core/json-object.ts';
import { anEvent } from '../../support/builders.ts';
import { aJob, aRun, aWorkflow, created, EVENT, fire, textAt, variable } from './support.ts';

const CONTAINER = '/spec/template/spec/containers/0';

describe('an argument that begins with -', () => {
  const job = (args: readonly string[]) => ({
    manifest: aJob({ command: ['git', 'clone'], args }),
  });
  const option = '--upload-pack=touch /tmp/x';

  it('is refused without a request, with what to do', async () => {
    const { outcome, object } = await fire(job([EVENT]), anEvent({ message: option }));
    expect(object).to.equal(null);
    expect(outcome).to.include({ outcome: 'refused', reason: 'not-renderable' });
    const detail = outcome !== undefined && 'detail' in outcome ? outcome.detail : '';
    expect(detail)
      .to.include('create Job ci/diagnose-')
      .and.include('/spec/template/spec/containers/0/args/0')
      .and.include('"--upload-pack=touch /tmp/x"')
      .and.include('write "--" before it');
  });

  const harmless = [
    { what: 'after a constant --', args: ['--', EVENT] },
    { what: 'as the value of an option', args: [`--message=${EVENT}`] },
  ];
  for (const { what, args } of harmless) {
    it(`is passed on ${what}`, async () => {
      const object = await created(job(args), anEvent({ message: option }));
      expect(textAt(object, `${CONTAINER}/args`)).to.include(option);
    });
  }

  it('is refused before a --', async () => {
    const { outcome } = await fire(job([EVENT, '--']), anEvent({ message: '-x' }));
    expect(outcome).to.include({ outcome: 'refused', reason: 'not-renderable' });
  });

  it('is refused although its place is allowed by name', async () => {
    const section = {
      manifest: aJob({ args: [`${EVENT}!`] }),
      allowFromEvent: ['/spec/template/spec/containers/0/args/0'],
    };
    const { outcome } = await fire(section, anEvent({ message: '-x' }));
    expect(outcome).to.include({ outcome: 'refused', reason: 'not-renderable' });
  });

  it('is refused in the step of a pipeline as well', async () => {
    const section = {
      manifest: aRun({ taskSpec: { steps: [{ command: ['a'], args: [EVENT] }] } }),
      allowFromEvent: ['/spec/taskSpec/steps/0/args/0'],
    };
    const { outcome } = await fire(section, anEvent({ message: '-x' }));
    expect(outcome).to.include({ outcome: 'refused', reason: 'not-renderable' });
  });
});

/** A param of a PipelineRun with this value. */
async function paramOf(value: Json, message: string): Promise<string> {
  const manifest = aRun({ params: [variable('a', value)] });
  return textAt(await created({ manifest }, anEvent({ message })), '/spec/params/0/value');
}

/** A parameter of a Workflow with this value. */
async function parameterOf(value: Json, message: string): Promise<string> {
  const manifest = aWorkflow({ arguments: { parameters: [variable('a', value)] } });
  const workflow = await created({ manifest }, anEvent({ message }));
  return textAt(workflow, '/spec/arguments/parameters/0/value');
}

describe('a parameter of a pipeline', () => {
  const cases = [
    { of: paramOf, message: '$(params.token)', wanted: '$ (params.token)' },
    { of: paramOf, message: '$$(context.taskRun.name)', wanted: '$$ (context.taskRun.name)' },
    { of: paramOf, message: 'costs $5 (about)', wanted: 'costs $5 (about)' },
    { of: paramOf, message: 'ends with $', wanted: 'ends with $ ' },
    { of: paramOf, message: '{{workflow.name}}', wanted: '{{workflow.name}}' },
    { of: parameterOf, message: '{{workflow.name}}', wanted: '{ {workflow.name}}' },
    { of: parameterOf, message: '{{{=sprig.env("A")}}}', wanted: '{ { {=sprig.env("A")}}}' },
    { of: parameterOf, message: 'ends with {', wanted: 'ends with { ' },
    { of: parameterOf, message: '$(TOKEN)', wanted: '$ (TOKEN)' },
    {
      of: parameterOf,
      message: '\u001b[31m\u0007\u{E0001}\n\té😀',
      wanted: '\uFFFD[31m\uFFFD\uFFFD\n\té😀',
    },
    { of: paramOf, message: '\u001b[31m', wanted: '\u001b[31m' },
  ];
  for (const { of, message, wanted } of cases) {
    it(`is ${wanted} for ${message} in a ${of === paramOf ? 'PipelineRun' : 'Workflow'}`, async () => {
      expect(await of(EVENT, message)).to.equal(wanted);
    });
  }

  it('keeps the references that the operator wrote', async () => {
    expect(await paramOf(`$(context.pipelineRun.name): ${EVENT}`, 'x')).to.equal(
      '$(context.pipelineRun.name): x',
    );
    expect(await parameterOf(`{{workflow.name}}: ${EVENT}`, 'x')).to.equal('{{workflow.name}}: x');
  });

  it('gets no reference from a value next to a brace of the operator', async () => {
    expect(await parameterOf(`{${EVENT}`, '{workflow.name}}')).to.equal('{ {workflow.name}}');
    expect(await parameterOf(`${EVENT}{workflow.name}}`, '{')).to.equal('{ {workflow.name}}');
    expect(await paramOf('${event.reason}${event.message}', '(x)')).to.not.include('$(');
  });

  it('stays JSON if it is a whole object', async () => {
    const event = JSON.parse(await parameterOf('${event}', '{{a}} $(b)')) as Json;
    expect(stringAt(event, 'message')).to.equal('{ {a}} $ (b)');
  });

  it('begins no reference whatever the text is', async () => {
    const text = fc.string({ unit: fc.constantFrom('$', '(', ')', '{', '}', 'a', '.') });
    await fc.assert(
      fc.asyncProperty(text, async (message) => {
        expect(`${await paramOf(EVENT, message)}(x)`).to.not.include('$(');
        const parameter = await parameterOf(EVENT, message);
        expect(`${parameter}{x`).to.not.include('{{').and.not.include('$(');
      }),
      { numRuns: 300 },
    );
  });

  const elsewhere = [
    {
      what: 'an annotation of a Workflow, which {{workflow.annotations.a}} reads',
      section: {
        manifest: { ...aWorkflow({}), metadata: { annotations: { a: EVENT } } },
      },
      pointer: '/metadata/annotations/a',
      wanted: '$ (a) { {b}}',
    },
    {
      what: 'a variable of a step that is allowed by name',
      section: {
        manifest: aRun({ taskSpec: { steps: [{ env: [variable('A', EVENT)] }] } }),
        allowFromEvent: ['/spec/taskSpec/steps/0/env/0/value'],
      },
      pointer: '/spec/taskSpec/steps/0/env/0/value',
      wanted: '$ (a) {{b}}',
    },
  ];
  for (const { what, section, pointer, wanted } of elsewhere) {
    it(`gets a space in references also in ${what}`, async () => {
      const object = await created(section, anEvent({ message: '$(a) {{b}}' }));
      expect(textAt(object, pointer)).to.equal(wanted);
    });
  }

  it('is doubled for kubelet in the path of a volume that is allowed by name', async () => {
    const mount = { name: 'a', mountPath: '/a', subPathExpr: EVENT };
    const section = {
      manifest: aJob({ volumeMounts: [mount] }),
      allowFromEvent: ['/spec/template/spec/containers/0/volumeMounts/0/subPathExpr'],
    };
    const job = await created(section, anEvent({ message: '$(TOKEN)' }));
    expect(textAt(job, `${CONTAINER}/volumeMounts/0/subPathExpr`)).to.equal('$$(TOKEN)');
  });
});
