// Hostile Events through every trigger: the result is valid JSON and UTF-8, has valid labels, and
// is data for shells, kubelet and templates.

import { expect } from 'chai';
import fc from 'fast-check';
import { isJsonObject, type Json, jsonAt, stringAt } from '../../lib/core/json-object.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { execKind } from '../../lib/triggers/exec.ts';
import { type KubernetesSection, kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import { anyText } from '../support/any-text.ts';
import { aDelivery } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { NEVER } from '../support/never.ts';
import { FakeApi } from './support/fake-api.ts';
import { HOSTILE_EVENTS, NASTY } from './support/hostile-events.ts';
import { JOB, PIPELINE_RUN, someParts, WORKFLOW } from './support/parts.ts';

const LABEL = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

async function created(kind: 'brigade' | KubernetesSection, event: EventObject): Promise<Json> {
  const api = new FakeApi();
  const parts = someParts({ api });
  const trigger =
    kind === 'brigade'
      ? brigadeKind.create({ project: 'org/repo' }, parts)
      : kubernetesKind.create(kind, parts);
  const [outcome] = await trigger.fire([aDelivery({ event })], NEVER);
  expect(outcome?.outcome).to.equal('delivered');
  return api.created[0] ?? null;
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}

/** Every map of labels in an object. */
function labelsIn(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => labelsIn(item));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'labels' ? textsIn(item).filter((text) => !text.includes('/')) : labelsIn(item),
  );
}

function expectSound(object: Json): void {
  const text = JSON.stringify(object);
  expect(JSON.parse(Buffer.from(text, 'utf8').toString('utf8'))).to.deep.equal(object);
  for (const part of textsIn(object)) {
    expect(part.isWellFormed(), part).to.equal(true);
    expect(part, part).to.not.include('\0');
  }
  for (const label of labelsIn(object)) expect(label).to.match(LABEL);
}

describe('hostile Events', () => {
  const sections = { job: JOB, pipelinerun: PIPELINE_RUN, workflow: WORKFLOW, brigade: 'brigade' };
  for (const [what, event] of Object.entries(HOSTILE_EVENTS)) {
    for (const [name, section] of Object.entries(sections)) {
      it(`with ${what} become a valid ${name}`, async () => {
        expectSound(await created(section as 'brigade' | KubernetesSection, event));
      });
    }

    it(`with ${what} reach a command as JSON of their own`, async () => {
      const { observe, of } = recordingObserve();
      const program = `
        let input = '';
        process.stdin.setEncoding('utf8').on('data', (text) => { input += text; });
        process.stdin.on('end', () => {
          const { occurrences: [{ event }] } = JSON.parse(input);
          console.log(JSON.stringify([input.trimEnd().split('\\n').length, event]));
        });`;
      const trigger = execKind.create(
        { command: [process.execPath, '-e', program] },
        someParts({ observe }),
      );
      const [outcome] = await trigger.fire([aDelivery({ event })], NEVER);
      expect(outcome?.outcome).to.equal('delivered');
      const line = of('command-output')[0]?.line ?? '';
      // The log cuts long lines, but the rest is still the document.
      expect(JSON.stringify([1, event]).startsWith(line.replace(/…$/, ''))).to.equal(true);
      expect(of('command-output')).to.have.lengthOf(1);
    });
  }

  it('are never rendered twice: what looks like a template stays as it is', async () => {
    const job = await created(JOB, { message: '${id}', reason: '$${id}' });
    const message = (jsonAt(firstContainer(job), 'args') as readonly Json[]).at(-1);
    // Doubled for kubelet, which halves it.
    expect(message).to.equal('$${id}');
  });

  it('cannot reach inherited properties of JavaScript objects', async () => {
    const manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { annotations: { a: '${event.constructor.name}${event.toString}' } },
    };
    const object = await created({ manifest }, {});
    expect(stringAt(object, 'metadata', 'annotations', 'a')).to.equal('');
  });

  it('give the payload of a Brigade build back unchanged', async () => {
    const event = { metadata: {}, message: NASTY.replaceAll(/[\uD800\uDC00] /g, '') };
    const payload = stringAt(await created('brigade', event), 'data', 'payload');
    expect(JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))).to.deep.equal(event);
  });

  it('stay valid whatever their texts are', async () => {
    const text = fc.oneof(anyText(), fc.constantFrom(NASTY, '$', '\uD800'));
    await fc.assert(
      fc.asyncProperty(text, text, text, async (reason, message, name) => {
        const event = { reason, message, involvedObject: { kind: reason, name, namespace: name } };
        for (const section of [JOB, WORKFLOW, 'brigade'] as const) {
          expectSound(await created(section, event));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are unchanged after kubelet’s expansion, whatever their texts are', async () => {
    const text = fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', ' ') });
    await fc.assert(
      fc.asyncProperty(text, async (message) => {
        const job = await created(JOB, { message });
        const rendered = (jsonAt(firstContainer(job), 'args') as readonly string[]).at(-1);
        expect(expand(rendered ?? '', { A: 'secret' })).to.equal(message);
      }),
      { numRuns: 200 },
    );
  });
});

function firstContainer(job: Json): Json {
  const containers = jsonAt(job, 'spec', 'template', 'spec', 'containers');
  return Array.isArray(containers) ? (containers[0] as Json) : null;
}

/** Kubelet's expansion of `$(NAME)` and `$$`, as the Pod reference describes it. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    found === '$$' ? '$' : (variables[name ?? ''] ?? found),
  );
}
