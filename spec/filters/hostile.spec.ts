// What an attacker or an accident can put into Events and rules: the chain answers, always.

import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import { type EventObject, toOccurrence } from '../../lib/core/occurrence.ts';
import { compileOriginal, originalTrace } from '../../lib/filters/brigade-rules.ts';
import type { Chain } from '../../lib/filters/chain.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide, explain } from '../../lib/filters/decide.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

const FIELD_NAMES = EVENT_FIELDS.flatMap(({ type, name }) => (type === 'text' ? [name] : []));

const OPTIONS = { vocabulary: EVENT_FIELDS, triggers: ['build'], defaultQuietMs: 1 };

function chainOf(rules: readonly RuleSection[]): Chain {
  const { chain, findings } = compileChain(rules, OPTIONS);
  expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return chain;
}

/** One rule for each field, by glob, expression and exact value, and one with a block. */
const EVERY_FIELD = chainOf([
  ...FIELD_NAMES.map((field, place) => ({
    name: `on-${field}`,
    [field]: [`x${place}*?`, `/^x${place}(a|b)+$/`, ...(field === 'message' ? [] : ['x'])],
    action: 'reject' as const,
  })),
  { eventLabels: { constructor: '/^x(a|b)+$/', a: 'x*?' }, action: 'reject' },
  { related: { kind: ['x', '/y/'] }, action: 'reject' },
  { count: '> 100000', action: 'reject' },
  { not: { message: '/./' }, action: 'accept' },
]);

describe('the filter chain on hostile input', () => {
  const events: readonly (readonly [string, EventObject])[] = [
    ['nothing', {}],
    ['no kind, reason, type or name', { metadata: {}, involvedObject: {}, message: 'm' }],
    ['null everywhere', { metadata: null, involvedObject: null, reason: null, message: null }],
    ['wrong types', { metadata: [], involvedObject: 7, reason: {}, type: true, source: 'x' }],
    ['NUL and escapes', anEvent({ message: '\u0000\u001b[31m\u2028\u2029', reason: '\u0000' })],
    ['lone surrogates', anEvent({ message: '\ud800a\udfff', reason: '\udfff', type: '\ud83d' })],
    ['a prototype', JSON.parse('{"__proto__":{"reason":"x"},"constructor":1}') as EventObject],
    ['odd labels and relations', { metadata: { labels: [1], annotations: 'x' }, related: true }],
    ['a count above 2^53', anEvent({ count: 2 ** 60 })],
    ['10 kB', anEvent({ message: 'x'.repeat(10_000), reason: 'x'.repeat(10_000) })],
    ['deep nesting', anEvent({ extra: nested(5000) })],
  ];
  for (const [title, event] of events) {
    it(`decides and explains an Event with ${title}`, () => {
      const occurrence = anOccurrence({ event });
      const { decision, trail } = explain(EVERY_FIELD, occurrence);
      expect(decision).to.deep.equal(decide(EVERY_FIELD, occurrence));
      expect(trail).to.have.lengthOf(decision.rule?.index ?? EVERY_FIELD.rules.length);
      expect(originalTrace(EVERY_FIELD, occurrence)).to.not.be.empty;
    });
  }

  it('finishes with an expression that is catastrophic elsewhere', () => {
    const chain = chainOf([{ message: ['/(a+)+$/', '/^(a|aa)+$/'], action: 'accept' }]);
    const message = `${'a'.repeat(10_000)}!`;
    expect(decide(chain, anOccurrence({ event: anEvent({ message }) })).action).to.equal('reject');
  });

  it('finishes with a glob of many stars', () => {
    const chain = chainOf([{ message: `${'*a'.repeat(50)}*b`, action: 'accept' }]);
    const message = 'a'.repeat(10_000);
    expect(decide(chain, anOccurrence({ event: anEvent({ message }) })).action).to.equal('reject');
  });

  it('compiles 1,000 rules and decides by the last of them', () => {
    const rules = Array.from({ length: 1000 }, (_, place) => ({
      name: `rule-${place}`,
      kind: ['Pod', 'Node'],
      reasons: [`R${place}`, `Other*${place}`, `/^Third${place}$/`],
      action: 'accept' as const,
    }));
    const chain = chainOf(rules);
    const occurrence = anOccurrence({ event: anEvent({ reason: 'Third999' }) });
    expect(decide(chain, occurrence).rule?.name).to.equal('rule-999');
    expect(explain(chain, occurrence).trail).to.have.lengthOf(999);
  });

  it('takes rules nested deeper than the stack without throwing', () => {
    for (const written of [nested(100_000), { action: 'accept', kind: [nested(100_000)] }]) {
      const rules: unknown = [written];
      expect(compileChain(rules as readonly RuleSection[], OPTIONS).chain.rules).to.be.empty;
      expect(compileOriginal(rules, { vocabulary: EVENT_FIELDS, trigger: 'brigade' }).chain.rules)
        .to.be.empty;
    }
  });

  it('never takes a key from a prototype', () => {
    const rules: unknown = JSON.parse('[{"__proto__":{"action":"accept"}}]');
    expect(compileChain(rules as readonly RuleSection[], OPTIONS).chain.rules).to.be.empty;
    const { chain } = compileOriginal(rules, { vocabulary: EVENT_FIELDS, trigger: 'brigade' });
    expect(decide(chain, anOccurrence()).action).to.equal('reject');
  });

  it('does not change the occurrence', () => {
    const occurrence = toOccurrence(anEvent(), {
      source: 'shop',
      path: '/p',
      from: 'list',
      readAt: 0,
    });
    const before = JSON.stringify(occurrence);
    explain(EVERY_FIELD, occurrence);
    expect(JSON.stringify(occurrence)).to.equal(before);
  });
});

function nested(depth: number): Json {
  let value: Json = 'x';
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
