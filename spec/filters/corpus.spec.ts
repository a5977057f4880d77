// Every Event of the corpus beside the project, where there is one, through each form of the chain;
// without it, as many generated ones in the same shapes, so that the spec never says nothing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { isJsonObject, stringAt } from '../../lib/core/json-object.ts';
import { type EventObject, type Occurrence, toOccurrence } from '../../lib/core/occurrence.ts';
import { compileOriginal, originalTrace } from '../../lib/filters/brigade-rules.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide, explain } from '../../lib/filters/decide.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent } from '../support/builders.ts';
import { naiveRule } from './naive.ts';
import { acceptEvent } from './naive-original.ts';

const CORPUS = new URL('../../../shared/corpus/', import.meta.url);
const PRESENT = existsSync(CORPUS);

const RULES: readonly RuleSection[] = [
  { name: 'system', namespace: 'kube-*', action: 'reject' },
  { name: 'oddities', kind: [''], reasons: [''], action: 'accept' },
  { name: 'nodes', kind: 'Node', reasons: ['NodeNotReady', '/Pressure$/'], action: 'accept' },
  { name: 'loop', kind: 'Pod', reasons: 'BackOff', count: '>= 3', action: 'accept' },
  {
    name: 'failed',
    reasons: ['/^Failed/', 'Unhealthy'],
    type: 'Warning',
    not: [{ objectName: '*-operator-*' }, { message: '/probe failed/' }],
    action: 'accept',
  },
  {
    name: 'images',
    message: '/(pull|Pull)(ed|ing) image/',
    component: 'kubelet',
    action: 'reject',
  },
  { name: 'master', host: '*-master-*', count: ['< 2', '> 10'], action: 'reject' },
  { name: 'containers', fieldPath: 'spec.containers{*}', action: 'accept' },
  {
    name: 'apps',
    apiVersion: ['apps/*', 'batch/v1'],
    eventNamespace: '/^openshift-/',
    action: 'accept',
  },
];

const FILTERS = [
  { namespace: 'kube-system', kind: '', reasons: [], action: 'reject' },
  { namespace: '', kind: 'Node', reasons: [], action: 'reject' },
  { namespace: '', kind: 'Pod', reasons: ['Killing', 'Pulled', ''], action: 'reject' },
  { namespace: 'openshift-monitoring', kind: 'Pod', reasons: [], action: 'accept' },
  { namespace: '', kind: '', reasons: ['FailedMount', 'BackOff', ''], action: 'accept' },
];

describe(`the filter chain over ${PRESENT ? 'every Event of the corpus' : 'generated Events'}`, () => {
  const chain = compileChain(RULES, {
    vocabulary: EVENT_FIELDS,
    triggers: ['build'],
    defaultQuietMs: 1,
  }).chain;
  const original = compileOriginal(FILTERS, { vocabulary: EVENT_FIELDS, trigger: 'brigade' }).chain;
  const occurrences = (PRESENT ? recorded() : generated()).map(toOccurrenceOf);

  it('has Events to decide', () => {
    expect(occurrences).to.have.lengthOf.at.least(5000);
    expect(chain.rules).to.have.lengthOf(RULES.length);
  });

  it('decides as a naive evaluator, and explains what it decides', () => {
    const byRule = new Map<number, number>();
    for (const occurrence of occurrences) {
      const decision = decide(chain, occurrence);
      const { decision: explained, trail } = explain(chain, occurrence);
      const index = decision.rule?.index ?? -1;
      expect(explained).to.equal(decision);
      expect(trail).to.have.lengthOf(index === -1 ? RULES.length : index);
      expect(index, occurrence.key).to.equal(naiveRule(RULES, occurrence));
      byRule.set(index, (byRule.get(index) ?? 0) + 1);
    }
    expect(byRule.size, 'rules that decide something').to.be.above(5);
  });

  it("decides and logs as the original's code in its form", () => {
    for (const occurrence of occurrences) {
      const seen = {
        namespace: stringAt(occurrence.event, 'involvedObject', 'namespace'),
        kind: stringAt(occurrence.event, 'involvedObject', 'kind'),
        reason: stringAt(occurrence.event, 'reason'),
      };
      const naive = acceptEvent(FILTERS, seen);
      const { decision } = explain(original, occurrence);
      expect(decision.rule?.index ?? -1, occurrence.key).to.equal(naive.by);
      expect(decision.action === 'accept').to.equal(naive.accepted);
      expect(originalTrace(original, occurrence)).to.deep.equal(naive.lines);
    }
  });
});

function toOccurrenceOf(event: EventObject): Occurrence {
  return toOccurrence(event, { source: 'corpus', path: '/api/v1/events', from: 'list', readAt: 0 });
}

function recorded(): readonly EventObject[] {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .flatMap((name) => readFileSync(new URL(name, CORPUS), 'utf8').trim().split('\n'))
    .map((line): unknown => JSON.parse(line))
    .filter(isJsonObject);
}

function generated(): readonly EventObject[] {
  const namespaces = ['kube-system', 'openshift-monitoring', 'shop', null];
  const kinds = ['Pod', 'Node', 'Deployment', null];
  const reasons = [
    'BackOff',
    'FailedMount',
    'Unhealthy',
    'NodeNotReady',
    'Pulled',
    'Killing',
    null,
  ];
  const objects = ['web-1', 'the-operator-5', 'ci-master-0', null];
  const messages = ['Pulled image x', 'Readiness probe failed', 'é\n\t\u00a0', null];
  const shapes = namespaces.flatMap((namespace) =>
    kinds.flatMap((kind) => reasons.map((reason) => ({ namespace, kind, reason }))),
  );
  return shapes.flatMap(({ namespace, kind, reason }) =>
    objects.flatMap((name) =>
      messages.flatMap((message) =>
        [1, 3, 12].map((count) =>
          anEvent({
            metadata: { name: 'x', namespace: namespace ?? 'default' },
            involvedObject: { namespace, kind, name, apiVersion: 'apps/v1' },
            source: { component: 'kubelet', host: name },
            reason,
            message,
            count,
          }),
        ),
      ),
    ),
  );
}
