// Properties over random rules and Events: small alphabets, so that rules match often.

import { expect } from 'chai';
import fc from 'fast-check';
import { createValidator } from '../../lib/config/validate.ts';
import type { Json } from '../../lib/core/json-object.ts';
import { type Occurrence, toOccurrence } from '../../lib/core/occurrence.ts';
import { compileOriginal, originalTrace } from '../../lib/filters/brigade-rules.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide, explain, nearest } from '../../lib/filters/decide.ts';
import type { BlockSection, RuleSection } from '../../lib/filters/rule.ts';
import { ruleSchemaOf } from '../../lib/filters/schema.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { matchesBlock, naiveRule } from './naive.ts';
import { acceptEvent } from './naive-original.ts';

const ruleSchema = ruleSchemaOf(EVENT_FIELDS);

const OPTIONS = { vocabulary: EVENT_FIELDS, triggers: ['build'], defaultQuietMs: 1 };

const value = fc.constantFrom('', 'a', 'b', 'ab', 'aab', 'a.b', 'A', 'a\nb', '*', '😀');
const shape = fc.constantFrom(
  '*',
  '?',
  'a*',
  '*b',
  'a?b',
  '**',
  '/a/',
  '/^a/',
  '/b$/',
  '/^$/',
  '/a|A/',
);
const pattern = fc.oneof(value, shape);
const text = fc.oneof(pattern, fc.array(pattern, { maxLength: 4 }));
const message = fc.oneof(
  shape,
  fc.constant(''),
  fc.array(fc.oneof(shape, fc.constant('')), { maxLength: 3 }),
);
const test = fc.constantFrom(0, 1, 2, 3, '1', '= 2', '==3', '>1', '>= 2', '< 3', '<=2');
const count = fc.oneof(test, fc.constant(''), fc.array(test, { maxLength: 3 }));

const map = fc.dictionary(fc.constantFrom('a', 'b', 'x/y'), text, { maxKeys: 2 });

const block: fc.Arbitrary<BlockSection> = fc.record(
  {
    source: text,
    namespace: text,
    kind: text,
    objectName: text,
    apiVersion: text,
    fieldPath: text,
    eventNamespace: text,
    reasons: text,
    type: text,
    message,
    component: text,
    host: text,
    eventLabels: map,
    eventAnnotations: map,
    related: fc.record({ kind: text, name: text }, { requiredKeys: [] }),
    count,
  },
  { requiredKeys: [] },
);

function asksForSomething(section: BlockSection): boolean {
  return Object.values(section).some((written) => {
    if (typeof written === 'object' && written !== null && !Array.isArray(written)) {
      return asksForSomething({ ...written });
    }
    return written !== '' && !isEmptyList(written);
  });
}

function isEmptyList(written: unknown): boolean {
  return Array.isArray(written) && written.length === 0;
}

const sparse = block.map((section): BlockSection => {
  const kept = Object.entries(section).filter((_, place) => place % 4 === 0);
  return Object.fromEntries(kept);
});
const not = sparse.filter(asksForSomething);

const rule: fc.Arbitrary<RuleSection> = fc
  .record({
    conditions: sparse,
    not: fc.option(fc.oneof(not, fc.array(not, { maxLength: 3 })), { nil: undefined }),
    action: fc.constantFrom('accept' as const, 'reject' as const),
  })
  .map((made) => ({
    ...made.conditions,
    action: made.action,
    ...(made.not === undefined ? {} : { not: made.not }),
  }));

const maybe = fc.option(value, { nil: null });
const someMap = fc.oneof(
  fc.dictionary(fc.constantFrom('a', 'b', 'kind', 'name'), maybe, { maxKeys: 3 }),
  fc.constant(null),
);

const occurrence: fc.Arbitrary<Occurrence> = fc
  .record({
    source: value,
    metadata: fc.record({
      ...{ namespace: maybe, name: maybe },
      ...{ labels: someMap, annotations: someMap },
    }),
    involvedObject: fc.oneof(
      fc.record({
        namespace: maybe,
        kind: maybe,
        name: maybe,
        apiVersion: maybe,
        fieldPath: maybe,
      }),
      fc.constant(null),
    ),
    related: someMap,
    reason: maybe,
    type: maybe,
    message: maybe,
    reporter: fc.record({ component: maybe, host: maybe }, { requiredKeys: [] }),
    reportingComponent: maybe,
    reportingInstance: maybe,
    count: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.constant(null)),
    series: fc.oneof(fc.record({ count: fc.integer({ min: 0, max: 4 }) }), fc.constant(null)),
  })
  .map(({ source, reporter, ...event }) =>
    toOccurrence(
      { ...event, source: reporter },
      { source, path: '/api/v1/events', from: 'watch', readAt: 0 },
    ),
  );

/** What a file can hold where rules should be. */
function asRules(written: unknown): readonly RuleSection[] {
  return written as readonly RuleSection[];
}

const refusedBySchema = createValidator({ type: 'array', items: ruleSchema });

describe('the filter chain over random rules and Events', () => {
  it('decides as a naive evaluator does', () => {
    const hits = { rule: 0, none: 0 };
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), occurrence, (rules, read) => {
        const { chain, findings } = compileChain(rules, OPTIONS);
        expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
        const decision = decide(chain, read);
        const expected = naiveRule(rules, read);
        hits[expected === -1 ? 'none' : 'rule'] += 1;
        expect(decision.rule?.index ?? -1).to.equal(expected);
        expect(decision.action).to.equal(rules[expected]?.action ?? 'reject');
      }),
      { numRuns: 2000 },
    );
    // Neither side is so rare that the property says nothing about it.
    expect(Math.min(hits.rule, hits.none)).to.be.above(50);
  });

  it('explains what it decides: one entry for each rule before, and none that holds', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), occurrence, (rules, read) => {
        const { chain } = compileChain(rules, OPTIONS);
        const { decision, trail } = explain(chain, read);
        expect(decision).to.deep.equal(decide(chain, read));
        const before = decision.rule?.index ?? rules.length;
        expect(trail.map(({ index }) => index)).to.deep.equal([...Array(before).keys()]);
        for (const { index, field, wanted } of trail) {
          const alone = field === 'not' ? wanted : { [field]: wanted };
          const held = matchesBlock(alone as BlockSection, read);
          expect(held, `${index} ${field}`).to.equal(field === 'not');
        }
        const near = nearest(chain, trail);
        expect(near === null || rules[near.index]?.action === 'accept').to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("decides and logs the original's form as its code did", () => {
    const word = fc.constantFrom('', 'a', 'b', '*', 'A');
    const filter = fc.record({
      namespace: word,
      kind: word,
      reasons: fc.array(word, { maxLength: 3 }),
      action: fc.constantFrom('accept', 'reject', 'Accept', ''),
    });
    const event = fc.record({ namespace: word, kind: word, reason: word });
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), event, (filters, seen) => {
        const { chain } = compileOriginal(filters, {
          vocabulary: EVENT_FIELDS,
          trigger: 'brigade',
        });
        const read = toOccurrence(
          { involvedObject: { namespace: seen.namespace, kind: seen.kind }, reason: seen.reason },
          { source: 'events', path: '/api/v1/events', from: 'watch', readAt: 0 },
        );
        const naive = acceptEvent(filters, seen);
        const decision = decide(chain, read);
        expect(decision.action === 'accept').to.equal(naive.accepted);
        expect(decision.rule?.index ?? -1).to.equal(naive.by);
        expect(originalTrace(chain, read)).to.deep.equal(naive.lines);
      }),
      { numRuns: 1000 },
    );
  });

  it('compiles any JSON without throwing, and a wrong one rejects everything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), occurrence, (anything, read) => {
        for (const { chain, findings } of [
          compileChain(asRules(anything), OPTIONS),
          compileChain(asRules([anything]), OPTIONS),
          compileOriginal(anything, { vocabulary: EVENT_FIELDS, trigger: 'brigade' }),
          compileOriginal([anything], { vocabulary: EVENT_FIELDS, trigger: 'brigade' }),
        ]) {
          const { decision } = explain(chain, read);
          const refused = findings.some(({ severity }) => severity === 'error');
          expect(refused && decision.rule !== null).to.equal(false);
        }
        for (const written of [anything as Json, [anything as Json]]) {
          if (refusedBySchema(written).every(({ code }) => code === 'unknown-key')) continue;
          expect(compileChain(asRules(written), OPTIONS).chain.rules).to.deep.equal([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('compiles keys of rules with any values without throwing', () => {
    const hostile = fc.dictionary(
      fc.constantFrom(
        'name',
        'formerly',
        'kind',
        'count',
        'message',
        'not',
        'action',
        'again',
        'triggers',
        'reasons',
        '__proto__',
        'constructor',
      ),
      fc.oneof(fc.jsonValue(), fc.constantFrom('accept', 'reject')),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 4 }), occurrence, (rules, read) => {
        const { chain } = compileChain(asRules(rules), OPTIONS);
        expect(explain(chain, read).decision).to.deep.equal(decide(chain, read));
        const original = compileOriginal(rules, {
          vocabulary: EVENT_FIELDS,
          trigger: 'brigade',
        }).chain;
        expect(explain(original, read).decision).to.deep.equal(decide(original, read));
      }),
      { numRuns: 1000 },
    );
  });
});
