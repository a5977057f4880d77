// Promises of lib/kit/data/heap.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { Heap } from '../../../lib/kit/data/heap.ts';

describe('Heap', () => {
  it('has nothing to give while it is empty', () => {
    const heap = new Heap<number>((a, b) => a - b);
    expect([heap.size, heap.peek(), heap.pop()]).to.deep.equal([0, undefined, undefined]);
  });

  it('returns the smallest item first after any pushes and pops', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), (steps) => {
        const heap = new Heap<number>((a, b) => a - b);
        const model: number[] = [];
        for (const step of steps) {
          if (step === null) {
            expect(heap.pop()).to.equal(model.shift());
          } else {
            heap.push(step);
            model.push(step);
            model.sort((a, b) => a - b);
          }
          expect([heap.size, heap.peek()]).to.deep.equal([model.length, model[0]]);
        }
      }),
    );
  });
});
