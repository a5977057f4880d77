// Promises of lib/kit/async/some-at-once.ts.

import { expect } from 'chai';
import { mapSomeAtOnce } from '../../../lib/kit/async/some-at-once.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';

describe('mapSomeAtOnce', () => {
  it('begins an item when another one has ended, and keeps the order', async () => {
    const clock = new FakeClock();
    const begun: string[] = [];
    const waitMs = async (ms: number): Promise<number> => {
      begun.push(`${ms} at ${clock.monotonic()}`);
      await clock.sleep(ms, NEVER);
      return ms * 2;
    };
    const mapped = mapSomeAtOnce([30, 10, 15, 5], 2, waitMs);
    await clock.advance(60);
    expect(await mapped).to.deep.equal([60, 20, 30, 10]);
    expect(begun).to.deep.equal(['30 at 0', '10 at 0', '15 at 10', '5 at 25']);
  });

  it('rejects with the failure of an item', async () => {
    const bug = new Error('no such item');
    const work = async (item: number): Promise<number> => {
      if (item === 2) throw bug;
      return item;
    };
    const failed = await mapSomeAtOnce([1, 2, 3], 2, work).catch((error: unknown) => error);
    expect(failed).to.equal(bug);
  });

  it('maps no items to none', async () => {
    expect(await mapSomeAtOnce([], 4, () => Promise.reject(new Error('no work')))).to.deep.equal(
      [],
    );
  });
});
