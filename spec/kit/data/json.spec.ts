// Promises of lib/kit/data/json.ts: texts that may be invalid.

import { expect } from 'chai';
import { jsonOrNothing } from '../../../lib/kit/data/json.ts';

describe('jsonOrNothing', () => {
  const cases: readonly (readonly [text: string | null, value: unknown])[] = [
    ['{"a":[1]}', { a: [1] }],
    ['null', null],
    ['"text"', 'text'],
    ['', undefined],
    ['{"a":', undefined],
    [null, undefined],
  ];
  for (const [text, value] of cases) {
    it(`reads ${JSON.stringify(text)} as ${value === undefined ? 'nothing' : 'its value'}`, () => {
      expect(jsonOrNothing(text)).to.deep.equal(value);
    });
  }
});
