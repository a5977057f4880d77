// The Events of the bench have the documented size and number, on which its figures depend.

import { expect } from 'chai';
import { acceptedOf, eventOf, isAccepted, LAST_OBJECT, lineOf } from './event-lines.ts';

describe('the Events of the bench', () => {
  it('are lines of 750 to 1250 bytes', () => {
    const mix = { count: 100, acceptEvery: 10 };
    for (let index = 0; index < mix.count; index += 1) {
      expect(Buffer.byteLength(lineOf(eventOf(index, mix)))).to.be.within(750, 1250);
    }
  });

  it('are series of their own about objects of their own', () => {
    const mix = { count: 100, acceptEvery: 1 };
    const events = Array.from({ length: mix.count }, (_, index) =>
      JSON.stringify(eventOf(index, mix)),
    );
    const names = events.map((text) => /"name":"([^"]+)"/.exec(text)?.[1]);
    const objects = events.map((text) => /"involvedObject":.*?"name":"([^"]+)"/.exec(text)?.[1]);
    expect(new Set(names)).to.have.lengthOf(mix.count);
    expect(new Set(objects)).to.have.lengthOf(mix.count);
    expect(objects.at(-1)).to.equal(LAST_OBJECT);
  });

  for (const [count, acceptEvery] of [
    [100, 0],
    [100, 1],
    [100, 10],
    [101, 10],
    [1, 10],
  ] as const) {
    it(`count ${acceptEvery === 0 ? 'the last' : `every ${acceptEvery}th and the last`} of ${count}`, () => {
      const mix = { count, acceptEvery };
      const indexes = Array.from({ length: count }, (_, index) => index);
      expect(acceptedOf(mix)).to.equal(indexes.filter((index) => isAccepted(index, mix)).length);
    });
  }
});
