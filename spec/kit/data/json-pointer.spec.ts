// Promises of lib/kit/data/json-pointer.ts: pointers and their steps.

import { expect } from 'chai';
import { pointerStep, pointerSteps, toPointer } from '../../../lib/kit/data/json-pointer.ts';

describe('a JSON Pointer', () => {
  const cases: readonly (readonly [pointer: string, steps: readonly string[]])[] = [
    ['', []],
    ['/', ['']],
    ['/a/0', ['a', '0']],
    ['/a~1b/m~0n', ['a/b', 'm~n']],
    ['/~01/~10', ['~1', '/0']],
  ];
  for (const [pointer, steps] of cases) {
    it(`is joined from ${JSON.stringify(steps)}, and split into them`, () => {
      expect(toPointer(steps)).to.equal(pointer);
      expect(pointerSteps(pointer)).to.deep.equal(steps);
    });
  }

  it('has an escape for / and ~ in a step', () => {
    expect(pointerStep('sluice.dev/a~b')).to.equal('sluice.dev~1a~0b');
  });
});
