// Promises of lib/kit/async/abort.ts: deadlines.

import { expect } from 'chai';
import { openDeadline } from '../../../lib/kit/async/abort.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';

describe('openDeadline', () => {
  it('aborts with a TimeoutError when time is up', async () => {
    const clock = new FakeClock();
    using deadline = openDeadline(clock, 100, NEVER);
    await clock.advance(99);
    expect(deadline.signal.aborted).to.equal(false);
    await clock.advance(1);
    expect(deadline.expired).to.equal(true);
    expect(deadline.signal.reason).to.have.property('name', 'TimeoutError');
  });

  it('aborts with the outer reason when the outer signal does, and is not expired', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    using deadline = openDeadline(clock, 100, outer.signal);
    const reason = new Error('stopping');
    outer.abort(reason);
    expect(deadline.signal.reason).to.equal(reason);
    await clock.advance(200);
    expect(deadline.expired).to.equal(false);
  });

  it('is over at once within a signal that has aborted', () => {
    const clock = new FakeClock();
    using deadline = openDeadline(clock, 100, AbortSignal.abort(new Error('over')));
    expect(deadline.signal.aborted).to.equal(true);
    expect(clock.sleepers).to.equal(0);
  });

  it('restarts the countdown at each extension, with one timer', async () => {
    const clock = new FakeClock();
    using deadline = openDeadline(clock, 100, NEVER);
    for (let chunk = 0; chunk < 5; chunk += 1) {
      await clock.advance(80);
      deadline.extend(100);
      expect(clock.sleepers).to.equal(1);
    }
    expect(deadline.signal.aborted).to.equal(false);
    await clock.advance(100);
    expect(deadline.expired).to.equal(true);
  });

  it('can be shortened', async () => {
    const clock = new FakeClock();
    using deadline = openDeadline(clock, 1000, NEVER);
    deadline.extend(10);
    await clock.advance(10);
    expect(deadline.expired).to.equal(true);
  });

  it('keeps the outer signal but no timer once it is lifted', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    using deadline = openDeadline(clock, 100, outer.signal);
    deadline.lift();
    expect(clock.sleepers).to.equal(0);
    await clock.advance(200);
    expect(deadline.signal.aborted).to.equal(false);
    outer.abort();
    expect(deadline.signal.aborted).to.equal(true);
  });

  it('leaves no timer and aborts nothing once disposed', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    const deadline = openDeadline(clock, 100, outer.signal);
    deadline[Symbol.dispose]();
    deadline[Symbol.dispose]();
    deadline.extend(50);
    await clock.advance(200);
    outer.abort();
    expect(clock.sleepers).to.equal(0);
    expect(deadline.signal.aborted).to.equal(false);
  });

  it('does not come back to life by an extension after its end', async () => {
    const clock = new FakeClock();
    using deadline = openDeadline(clock, 10, NEVER);
    await clock.advance(10);
    deadline.extend(100);
    expect(clock.sleepers).to.equal(0);
    expect(deadline.signal.aborted).to.equal(true);
  });
});
