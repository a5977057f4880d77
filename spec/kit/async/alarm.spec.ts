// Promises of lib/kit/async/alarm.ts.

import { expect } from 'chai';
import { Alarm } from '../../../lib/kit/async/alarm.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';

describe('Alarm', () => {
  it('ends a wait when it rings, and leaves no timer', async () => {
    const clock = new FakeClock();
    const alarm = new Alarm();
    const waited = alarm.wait(clock, 60_000, NEVER);
    alarm.ring();
    await waited;
    await clock.advance(0);
    expect(clock.sleepers).to.equal(0);
    expect(clock.monotonic()).to.equal(0);
  });

  it('ends a wait when its time has passed', async () => {
    const clock = new FakeClock();
    let over = false;
    const waited = new Alarm().wait(clock, 1000, NEVER).then(() => (over = true));
    await clock.advance(999);
    expect(over).to.equal(false);
    await clock.advance(1);
    await waited;
    expect(over).to.equal(true);
  });

  it('remembers one ring for the next wait, and one only', async () => {
    const clock = new FakeClock();
    const alarm = new Alarm();
    alarm.ring();
    alarm.ring();
    await alarm.wait(clock, null, NEVER);
    let over = false;
    const second = alarm.wait(clock, 10, NEVER).then(() => (over = true));
    await clock.advance(9);
    expect(over).to.equal(false);
    await clock.advance(1);
    await second;
  });

  it('ends a wait when the signal aborts, and does not start one after it', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const alarm = new Alarm();
    const waited = alarm.wait(clock, null, stop.signal);
    stop.abort();
    await waited;
    await alarm.wait(clock, null, stop.signal);
    expect(clock.sleepers).to.equal(0);
  });
});
