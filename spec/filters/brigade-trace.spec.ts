// The original's log lines while it filtered, word for word, and Go's way of quoting a text.
// That they agree with its loop on random input is properties.spec.ts's.

import { expect } from 'chai';
import { compileOriginal, goQuoted, originalTrace } from '../../lib/filters/brigade-rules.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

describe('originalTrace', () => {
  const cases: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ['no rule', [], ['default rejection']],
    [
      'a rule without conditions',
      [{ action: 'accept' }],
      ['rule 0: matched all conditions of rule'],
    ],
    [
      'another namespace and another kind',
      [{ namespace: 'pay', kind: 'Node', action: 'reject' }],
      ['rule 0: namespace mismatch', 'default rejection'],
    ],
    [
      'another kind',
      [{ namespace: 'shop', kind: 'Node', reasons: ['BackOff'], action: 'reject' }],
      ['rule 0: kind mismatch', 'default rejection'],
    ],
    [
      'the second of three reasons',
      [{ kind: 'Pod', reasons: ['Killing', 'BackOff', 'Failed'], action: 'reject' }],
      ['rule 0: failed filter 0 "Killing"', 'rule 0: pass filter 1 "BackOff"'],
    ],
    [
      'every step at once, counted from 0',
      [
        { namespace: 'kube-system', action: 'reject' },
        { kind: 'Node', action: 'reject' },
        { kind: 'Pod', reasons: ['Killing', 'a"b'], action: 'reject' },
        { kind: 'Pod', namespace: 'shop', action: 'accept' },
        { action: 'reject' },
      ],
      [
        'rule 0: namespace mismatch',
        'rule 1: kind mismatch',
        'rule 2: failed filter 0 "Killing"',
        'rule 2: failed filter 1 "a\\"b"',
        'rule 3: matched all conditions of rule',
      ],
    ],
  ];
  for (const [title, filters, lines] of cases) {
    it(`says what the original logged for ${title}`, () => {
      const { chain } = compileOriginal(filters, { vocabulary: EVENT_FIELDS, trigger: 'brigade' });
      expect(originalTrace(chain, anOccurrence())).to.deep.equal(lines);
    });
  }

  it('says the nearest such lines for rules of our form', () => {
    const { chain } = compileChain(
      [
        { type: 'Normal', reasons: '/^Back/', action: 'reject' },
        { reasons: ['Kill*', '/^Back/'], not: { kind: 'Pod' }, action: 'reject' },
        { reasons: ['Kill*', '/^Back/'], not: { kind: 'Node' }, action: 'accept' },
      ],
      { vocabulary: EVENT_FIELDS, triggers: ['build'], defaultQuietMs: 0 },
    );
    expect(originalTrace(chain, anOccurrence({ event: anEvent() }))).to.deep.equal([
      'rule 0: type mismatch',
      'rule 1: not mismatch',
      'rule 2: failed filter 0 "Kill*"',
      'rule 2: pass filter 1 "/^Back/"',
    ]);
  });
});

describe('goQuoted', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', '""'],
    ['BackOff', '"BackOff"'],
    ['a"b\\c\'d`e', '"a\\"b\\\\c\'d`e"'],
    ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\u0000\u001b', '"\\x00\\x1b"'],
    ['\u007f\u0085\u00a0\u00ad', '"\\u007f\\u0085\\u00a0\\u00ad"'],
    ['\u2028\u202e\ufeff', '"\\u2028\\u202e\\ufeff"'],
    ['é日本😀', '"é日本😀"'],
    ['\ud800', '"\ufffd"'],
    ['\u{e0041}', '"\\U000e0041"'],
  ];
  for (const [text, quoted] of cases) {
    it(`writes ${JSON.stringify(text)} as ${JSON.stringify(quoted)}`, () => {
      expect(goQuoted(text)).to.equal(quoted);
    });
  }
});
