// What follows from the rules about every accepted Event, and that nothing else changes if only those
// Events are read.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { isJsonObject } from '../../lib/core/json-object.ts';
import { type EventObject, toOccurrence } from '../../lib/core/occurrence.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide } from '../../lib/filters/decide.ts';
import { type RequiredValue, requiredValues } from '../../lib/filters/required-values.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { eventsKind } from '../../lib/sources/events.ts';
import { anEvent } from '../support/builders.ts';

const OPTIONS = { vocabulary: EVENT_FIELDS, triggers: ['build'], defaultQuietMs: 1 };

function requiredOf(rules: readonly RuleSection[], source = 'shop'): readonly string[] {
  const { chain, findings } = compileChain(rules, OPTIONS);
  expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return requiredValues(chain, source).map(
    ({ field, operator, value }) => `${field.name}${operator}${value}`,
  );
}

const accept = 'accept' as const;
const reject = 'reject' as const;

describe('the values that every accepted Event has', () => {
  for (const [what, rules, expected] of [
    ['one value of one rule', [{ type: 'Warning', action: accept }], ['type=Warning']],
    [
      'the same value in every rule',
      [
        { type: 'Warning', kind: 'Pod', action: accept },
        { type: ['Warning'], kind: 'Node', action: accept },
      ],
      ['type=Warning'],
    ],
    [
      'several of one rule',
      [{ type: 'Warning', kind: 'Pod', namespace: 'shop', action: accept }],
      ['namespace=shop', 'kind=Pod', 'type=Warning'],
    ],
    [
      'none if a rule does not ask for it',
      [
        { type: 'Warning', action: accept },
        { kind: 'Pod', action: accept },
      ],
      [],
    ],
    ['none of two values', [{ type: ['Warning', 'Normal'], action: accept }], []],
    ['none of a pattern', [{ type: 'Warn*', kind: '/Pod/', action: accept }], []],
    ['none of a value beside a pattern', [{ type: ['Warning', 'Warn*'], action: accept }], []],
    [
      'the value whatever a reject rule asks',
      [
        { kind: 'Node', action: reject },
        { type: 'Warning', action: accept },
      ],
      ['type=Warning', 'kind!=Node'],
    ],
    [
      'without what an earlier rule rejects',
      [{ namespace: ['kube-system', 'ci'], action: reject }, { action: accept }],
      ['namespace!=kube-system', 'namespace!=ci'],
    ],
    [
      'not without what a later rule rejects',
      [{ action: accept }, { namespace: 'kube-system', action: reject }],
      [],
    ],
    [
      'not without what only some are rejected of',
      [{ namespace: 'ci', kind: 'Pod', action: reject }, { action: accept }],
      [],
    ],
    [
      'not without what a rule with not rejects',
      [{ namespace: 'ci', not: { kind: 'Pod' }, action: reject }, { action: accept }],
      [],
    ],
    [
      'the exact entries of a reject rule beside patterns',
      [{ reasons: ['Pulled', '/^Pull/'], action: reject }, { action: accept }],
      ['reasons!=Pulled'],
    ],
    [
      'without what not excludes',
      [{ not: { reasons: ['Pulled', 'Killing'] }, action: accept }],
      ['reasons!=Pulled', 'reasons!=Killing'],
    ],
    [
      'not without what a block of two excludes',
      [{ not: { reasons: 'Pulled', kind: 'Pod' }, action: accept }],
      [],
    ],
    [
      'without what no accept rule can have',
      [
        { reasons: 'Pulled', action: reject },
        { reasons: ['a', 'b'], action: accept },
        { kind: 'Pod', action: accept },
      ],
      ['reasons!=Pulled'],
    ],
    [
      'without what one rule rejects and another does not list',
      [
        { reasons: ['a', 'b'], action: accept },
        { reasons: 'c', action: reject },
        { kind: 'Pod', action: accept },
      ],
      ['reasons!=c'],
    ],
    [
      'with what an accept rule before the rejection lists',
      [
        { reasons: 'c', type: ['x', 'y'], action: accept },
        { reasons: 'c', action: reject },
        { kind: 'Pod', action: accept },
      ],
      [],
    ],
    ['nothing if nothing is accepted', [{ type: 'Warning', action: reject }], []],
    [
      'nothing of rules for another source',
      [
        { source: 'pay', action: accept },
        { type: 'Warning', action: accept },
      ],
      ['type=Warning'],
    ],
    [
      'rules for this source among others',
      [
        { source: 's*', kind: 'Pod', action: accept },
        { type: 'Warning', action: accept },
      ],
      [],
    ],
    [
      'not of a source that never matches',
      [
        { not: { source: 'shop' }, action: accept },
        { type: 'Warning', action: accept },
      ],
      ['type=Warning'],
    ],
    [
      'not of a source beside another condition',
      [{ not: { source: 'shop', kind: 'Node' }, action: accept }],
      ['kind!=Node'],
    ],
    [
      'a rejection for another source',
      [{ source: 'pay', namespace: 'ci', action: reject }, { action: accept }],
      [],
    ],
    ['count and maps are unknown', [{ count: 3, eventLabels: { a: 'b' }, action: accept }], []],
  ] as const) {
    it(what, () => {
      expect(requiredOf(rules).toSorted()).to.deep.equal([...expected].toSorted());
    });
  }
});

const CORPUS = new URL('../../../shared/corpus/', import.meta.url);

function corpus(): readonly EventObject[] {
  if (!existsSync(CORPUS)) return [anEvent(), anEvent({ type: 'Normal', reason: 'Pulled' })];
  const lines = readdirSync(CORPUS)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(new URL(name, CORPUS), 'utf8').split('\n'));
  const every = Math.ceil(lines.length / 1500);
  return lines
    .filter((line, place) => line !== '' && place % every === 0)
    .map((line): unknown => JSON.parse(line))
    .filter(isJsonObject);
}

const events = corpus();
const values = (read: (event: EventObject) => string): readonly string[] =>
  [...new Set(events.map(read))].slice(0, 12);
const fieldOf = (name: string): readonly string[] => {
  const field = EVENT_FIELDS.find((one) => one.name === name);
  if (field?.type !== 'text') throw new Error(name);
  return values((event) =>
    field.read(toOccurrence(event, { source: 'shop', path: '', from: 'list', readAt: 0 })),
  );
};

const TESTED = [
  'namespace',
  'kind',
  'objectName',
  'apiVersion',
  'fieldPath',
  'eventNamespace',
  'reasons',
  'type',
  'component',
] as const;

function anyText(name: string): fc.Arbitrary<string | readonly string[]> {
  const text = fc.constantFrom(...fieldOf(name), '*', 'Warn*', '/^[A-P]/', '', '[redacted]');
  return fc.oneof(text, fc.array(text, { maxLength: 3 }));
}

const conditions = fc
  .tuple(
    fc.subarray([...TESTED], { maxLength: 2 }),
    fc.record(Object.fromEntries(TESTED.map((name) => [name, anyText(name)]))),
  )
  .map(([names, all]) => Object.fromEntries(names.map((name) => [name, all[name] ?? ''])));

const source = fc.option(fc.constantFrom('shop', 'pay', 's*', ['shop', 'pay']), { nil: undefined });

const rule: fc.Arbitrary<RuleSection> = fc
  .record({
    conditions,
    not: fc.array(conditions, { maxLength: 2 }),
    source,
    isAccepting: fc.boolean(),
  })
  .map(
    (made): RuleSection => ({
      ...made.conditions,
      ...(made.source !== undefined && { source: made.source }),
      not: made.not.filter((block) =>
        Object.values(block).some((one) => one !== '' && one.length > 0),
      ),
      action: made.isAccepting ? 'accept' : 'reject',
    }),
  );

/** Events of the corpus with values of others, so that rare combinations occur. */
const mixed = fc
  .record({
    from: fc.constantFrom(...events),
    to: fc.constantFrom(...events),
    keys: fc.subarray(['type', 'reason', 'involvedObject', 'source', 'reportingComponent']),
  })
  .map(({ from, to, keys }) => ({
    ...from,
    ...Object.fromEntries(keys.map((key) => [key, to[key] ?? ''])),
  }));

describe('a selection that follows from the rules', () => {
  for (const redact of [undefined, ['/a/'], ['/Normal|Pulled/', '/shop/']]) {
    it(`accepts what the rules accept without it${redact === undefined ? '' : `, also if ${redact.join(' and ')} are redacted`}`, () => {
      const counts = { selected: 0, leftOut: 0, accepted: 0 };
      fc.assert(
        fc.property(
          fc.array(rule, { minLength: 1, maxLength: 5 }),
          fc.array(mixed, { minLength: 5, maxLength: 20 }),
          (rules, some) => {
            const { chain } = compileChain(rules, OPTIONS);
            const section = {
              namespaces: ['*'],
              select: 'derived',
              ...(redact && { redact }),
            } as const;
            const shape = eventsKind.shape(section);
            const required = (): readonly RequiredValue[] => requiredValues(chain, 'shop');
            const selector = eventsKind.derivedSelector(section, required) ?? 'none';
            for (const event of some) {
              const read = { source: 'shop', path: '', from: 'list', readAt: 0 } as const;
              const isAccepted =
                decide(chain, toOccurrence(shape.apply(event), read)).action === 'accept';
              const isSelected = eventsKind.reads(
                { ...section, fieldSelector: selector },
                '',
                event,
              );
              counts[isSelected ? 'selected' : 'leftOut'] += 1;
              counts.accepted += isAccepted ? 1 : 0;
              if (isAccepted)
                expect(isSelected, `${selector} ${JSON.stringify(event)}`).to.equal(true);
            }
          },
        ),
        { numRuns: 1500 },
      );
      // No side is so rare that the property says nothing about it.
      expect(
        Math.min(counts.selected, counts.leftOut, counts.accepted),
        JSON.stringify(counts),
      ).to.be.above(300);
    });
  }
});
