// Promises of lib/kit/async/bounded-queue.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { BoundedQueue } from '../../../lib/kit/async/bounded-queue.ts';
import { NEVER } from '../../support/never.ts';

describe('BoundedQueue', () => {
  it('gives items back in their order, at most as many as asked for', async () => {
    const queue = new BoundedQueue<number>({ items: 5 });
    for (const item of [1, 2, 3]) await queue.push(item, NEVER);
    expect(await queue.take(2, NEVER)).to.deep.equal([1, 2]);
    expect(await queue.take(2, NEVER)).to.deep.equal([3]);
  });

  it('makes a push wait while it is full, and holds no more than its bound', async () => {
    const queue = new BoundedQueue<number>({ items: 2 });
    const done: number[] = [];
    const pushes = [1, 2, 3, 4].map(async (item) => {
      await queue.push(item, NEVER);
      done.push(item);
    });
    await Promise.all(pushes.slice(0, 2));
    expect({ done, size: queue.size, full: queue.full }).to.deep.equal({
      done: [1, 2],
      size: 2,
      full: true,
    });
    expect(await queue.take(1, NEVER)).to.deep.equal([1]);
    await pushes[2];
    expect({ done, size: queue.size }).to.deep.equal({ done: [1, 2, 3], size: 2 });
    expect(await queue.take(9, NEVER)).to.deep.equal([2, 3]);
    await Promise.all(pushes);
    expect(queue.size).to.equal(1);
  });

  it('makes a take wait for an item', async () => {
    const queue = new BoundedQueue<string>({ items: 1 });
    const taken = queue.take(5, NEVER);
    await queue.push('a', NEVER);
    expect(await taken).to.deep.equal(['a']);
  });

  it('serves every one of several takers', async () => {
    const queue = new BoundedQueue<number>({ items: 9 });
    const takers = [queue.take(1, NEVER), queue.take(1, NEVER), queue.take(1, NEVER)];
    for (const item of [1, 2, 3]) await queue.push(item, NEVER);
    expect((await Promise.all(takers)).flat().sort()).to.deep.equal([1, 2, 3]);
  });

  it('does not add the item of a push that was aborted while it waited', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    const stop = new AbortController();
    await queue.push(1, NEVER);
    const refused = queue.push(2, stop.signal).catch((error: unknown) => error);
    const reason = new Error('stopping');
    stop.abort(reason);
    expect(await refused).to.equal(reason);
    expect(await queue.take(9, NEVER)).to.deep.equal([1]);
    expect(queue.size).to.equal(0);
  });

  it('lets an aborted taker go without an item, which the next taker gets', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    const stop = new AbortController();
    const refused = queue.take(1, stop.signal).catch((error: unknown) => error);
    const second = queue.take(1, NEVER);
    const reason = new Error('stopping');
    stop.abort(reason);
    await queue.push(7, NEVER);
    expect(await refused).to.equal(reason);
    expect(await second).to.deep.equal([7]);
  });

  it('hands an item on that came for a taker which was aborted in the same moment', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    const stop = new AbortController();
    const refused = queue.take(1, stop.signal).catch((error: unknown) => error);
    const second = queue.take(1, NEVER);
    const pushed = queue.push(7, NEVER);
    stop.abort(new Error('stopping'));
    await pushed;
    expect(await refused).to.have.property('message', 'stopping');
    expect(await second).to.deep.equal([7]);
  });

  it('answers nothing once closed and drained, those who waited to get in included', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    await queue.push(1, NEVER);
    const waiting = queue.push(2, NEVER);
    queue.close();
    queue.close();
    expect(await queue.take(9, NEVER)).to.deep.equal([1]);
    await waiting;
    expect(await queue.take(9, NEVER)).to.deep.equal([2]);
    expect(await queue.take(9, NEVER)).to.deep.equal([]);
  });

  it('wakes a waiting taker with nothing when it closes', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    const taken = queue.take(1, NEVER);
    queue.close();
    expect(await taken).to.deep.equal([]);
  });

  it('throws on a push after close', async () => {
    const queue = new BoundedQueue<number>({ items: 1 });
    queue.close();
    const error: unknown = await queue.push(1, NEVER).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'internal');
  });

  it('loses, repeats and reorders nothing for any bound and any size of a take', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (items, bound, max) => {
          const queue = new BoundedQueue<number>({ items: bound });
          const produced = (async () => {
            for (const item of items) await queue.push(item, NEVER);
            queue.close();
          })();
          const got: number[] = [];
          for (;;) {
            expect(queue.size).to.be.at.most(bound);
            const taken = await queue.take(max, NEVER);
            if (taken.length === 0) break;
            got.push(...taken);
          }
          await produced;
          expect(got).to.deep.equal(items);
        },
      ),
    );
  });
});
