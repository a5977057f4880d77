// Field selectors as kubectl and the API server read them.

import { expect } from 'chai';
import fc from 'fast-check';
import {
  contradictionIn,
  type FieldTerm,
  matchesTerms,
  parseFieldSelector,
  renderFieldSelector,
} from '../../../lib/kubernetes/client/field-selector.ts';

function termsOf(text: string): readonly FieldTerm[] {
  const parsed = parseFieldSelector(text);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.terms;
}

describe('a field selector', () => {
  for (const [text, expected] of [
    ['', []],
    ['type=Warning', [['type', '=', 'Warning']]],
    ['type==Warning', [['type', '=', 'Warning']]],
    ['type!=Normal', [['type', '!=', 'Normal']]],
    ['type=', [['type', '=', '']]],
    ['type!=', [['type', '!=', '']]],
    [
      'a.b=x,c!=y',
      [
        ['a.b', '=', 'x'],
        ['c', '!=', 'y'],
      ],
    ],
    [
      'a=x,,b=y,',
      [
        ['a', '=', 'x'],
        ['b', '=', 'y'],
      ],
    ],
    ['a=x\\,y\\=z\\\\', [['a', '=', 'x,y=z\\']]],
    ['a=x!y', [['a', '=', 'x!y']]],
    [' a = x ', [[' a ', '=', ' x ']]],
  ] as const) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () => {
      const found = termsOf(text).map(({ field, operator, value }) => [field, operator, value]);
      expect(found).to.deep.equal(expected);
    });
  }

  for (const [text, why] of [
    ['type', /"type".*no operator/],
    ['type in (a)', /no operator/],
    ['=x', /no field/],
    ['a=b=c', /"b=c".*\\=/],
    ['a===b', /\\=/],
    ['a=x\\n', /\\n/],
    ['a=x\\', /escape|\\/],
    ['a>1', /no operator/],
  ] as const) {
    it(`is refused: ${text}`, () => {
      const parsed = parseFieldSelector(text);
      expect(parsed).to.have.property('why').that.matches(why);
    });
  }

  it('has one text for equal selections: sorted, each term once, with = alone', () => {
    expect(renderFieldSelector(termsOf('type==Warning,reason!=x,type=Warning'))).to.equal(
      'reason!=x,type=Warning',
    );
    expect(renderFieldSelector([])).to.equal('');
  });

  it('means the same after it was written and read again, whatever its values', () => {
    const term = fc.record({
      field: fc.constantFrom('type', 'reason', 'involvedObject.name'),
      operator: fc.constantFrom('=' as const, '!=' as const),
      value: fc.oneof(fc.string(), fc.constantFrom('a,b', 'a=b', 'a\\', '\\,', '!=', '==')),
    });
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), (terms) => {
        const again = termsOf(renderFieldSelector(terms));
        for (const one of terms) expect(again).to.deep.include(one);
        for (const one of again) expect(terms).to.deep.include(one);
      }),
    );
  });

  it('selects what meets every term; a missing value is the empty text', () => {
    const valueOf = (field: string): string => ({ type: 'Warning' })[field] ?? '';
    for (const [text, expected] of [
      ['', true],
      ['type=Warning', true],
      ['type=Normal', false],
      ['type!=Normal', true],
      ['type=Warning,reason!=x', true],
      ['type=Warning,reason=x', false],
      ['reason=', true],
    ] as const) {
      expect(matchesTerms(termsOf(text), valueOf), text).to.equal(expected);
    }
  });

  it('finds two terms that no value meets', () => {
    expect(contradictionIn(termsOf('type=a,type=b'))).to.equal('type');
    expect(contradictionIn(termsOf('type=a,type!=a'))).to.equal('type');
    expect(contradictionIn(termsOf('type=a,type!=b,type=a,reason=b'))).to.equal(null);
  });
});
