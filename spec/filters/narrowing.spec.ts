// Long chains: the first match is found without asking each rule, and is the same.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Occurrence, toOccurrence } from '../../lib/core/occurrence.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide, explain } from '../../lib/filters/decide.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent } from '../support/builders.ts';

const OPTIONS = { vocabulary: EVENT_FIELDS, triggers: ['build'], defaultQuietMs: 1 };

const value = fc.constantFrom('a', 'b', 'ab', 'c', '');
const pattern = fc.oneof(value, fc.constantFrom('a*', '*b', '?', '/a/', '/^b$/'));
const text = fc.oneof(pattern, fc.array(pattern, { maxLength: 3 }));
const rule: fc.Arbitrary<RuleSection> = fc.record(
  {
    action: fc.constantFrom('accept' as const, 'reject' as const),
    source: text,
    namespace: text,
    kind: text,
    objectName: text,
    eventNamespace: text,
    reasons: text,
    type: text,
    component: text,
    count: fc.constantFrom(1, '>= 2', ''),
    not: fc.record({ kind: text, reasons: text }, { requiredKeys: [] }),
  },
  { requiredKeys: ['action'] },
);
const occurrence: fc.Arbitrary<Occurrence> = fc
  .record({ a: value, b: value, c: value, d: value, count: fc.integer({ min: 1, max: 3 }) })
  .map(({ a, b, c, d, count }) =>
    toOccurrence(
      anEvent({
        metadata: { namespace: a, name: 'x' },
        involvedObject: { namespace: b, kind: c, name: d },
        reason: d,
        type: a,
        source: { component: b },
        count,
      }),
      { source: c, path: '', from: 'watch', readAt: 0 },
    ),
  );

function chainOf(rules: readonly RuleSection[]) {
  return compileChain(rules, OPTIONS).chain;
}

/** So many rules that match nothing, and then these. */
function behind(count: number, rules: readonly RuleSection[]): readonly RuleSection[] {
  const misses = Array.from({ length: count }, (_, index): RuleSection => {
    return { namespace: `team-${index}`, reasons: [`Reason${index}`], action: 'accept' };
  });
  return [...misses, ...rules];
}

const EVENT = toOccurrence(anEvent({ involvedObject: { namespace: 'shop', kind: 'Pod' } }), {
  source: 's',
  path: '',
  from: 'watch',
  readAt: 0,
});

/** The heap in use after garbage collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a long chain', () => {
  it('decides as each rule asked in order does, for every length and value', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 90 }),
        fc.array(occurrence, { minLength: 1, maxLength: 6 }),
        (rules, occurrences) => {
          const { chain } = compileChain(rules, OPTIONS);
          for (const one of occurrences) {
            expect(decide(chain, one)).to.equal(explain(chain, one).decision);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  for (const count of [15, 16, 31, 32, 33, 63, 64, 65, 1_000]) {
    it(`finds the one rule behind ${count} that match nothing`, () => {
      const chain = chainOf(behind(count, [{ kind: 'Pod', action: 'reject' }]));
      expect(decide(chain, EVENT).rule?.index).to.equal(count);
    });
  }

  it('takes the first of several that match, whichever fields they ask for', () => {
    const rules: readonly RuleSection[] = [
      { message: '*never*', action: 'reject' },
      { kind: 'Pod', action: 'accept' },
      { namespace: 'shop', action: 'reject' },
    ];
    expect(decide(chainOf(behind(40, rules)), EVENT).rule?.index).to.equal(41);
  });

  it('bounds its cache of values that do not recur, however long they are', () => {
    const chain = chainOf(behind(20, [{ reasons: ['Failed'], action: 'reject' }]));
    const of = (reason: string): Occurrence =>
      ({ ...EVENT, fields: { ...EVENT.fields, reason } }) satisfies Occurrence;
    const before = heldBytes();
    for (let index = 0; index < 300; index += 1) {
      // As text of its own: one that was only joined would hold next to nothing.
      decide(chain, of(Buffer.from(`${index}`.padEnd(1_000_000, 'x')).toString('latin1')));
    }
    const held = heldBytes() - before;
    expect(decide(chain, of('Failed')).rule?.index).to.equal(20);
    // A third of what was looked at: other specs leave things behind that are collected meanwhile.
    expect(held).to.be.lessThan(100_000_000);
  });

  it('decides the same after its cache was cleared', () => {
    const chain = chainOf(behind(2_000, [{ namespace: 'ns-7', action: 'reject' }]));
    const of = (namespace: string): Occurrence =>
      ({ ...EVENT, object: { ...EVENT.object, namespace } }) satisfies Occurrence;
    for (let index = 0; index < 4_000; index += 1) decide(chain, of(`ns-${index}`));
    expect(decide(chain, of('ns-7')).rule?.index).to.equal(2_000);
    expect(decide(chain, of('ns-8')).rule).to.equal(null);
  });
});
