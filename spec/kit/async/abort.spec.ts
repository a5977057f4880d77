// An abort as a promise.

import { expect } from 'chai';
import { aborted } from '../../../lib/kit/async/abort.ts';

describe('aborted', () => {
  it('resolves when the signal aborts, and not before', async () => {
    const controller = new AbortController();
    let isOver = false;
    const waiting = aborted(controller.signal).then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).to.equal(false);
    controller.abort();
    await waiting;
    expect(isOver).to.equal(true);
  });

  it('resolves at once if the signal has aborted', async () => {
    await aborted(AbortSignal.abort());
  });
});
