// The clock of the retention goes only while everything is read.

import { expect } from 'chai';
import { RetentionClock } from '../../lib/gateway/retention.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Looks as often as the heart beats. */
async function beat(clock: FakeClock, retention: RetentionClock, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 10) {
    await clock.advance(10_000);
    expect(retention.readMs).to.be.at.least(0);
  }
}

describe('the retention clock', () => {
  it('goes while everything is read, stands while something is not, and goes on', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    await beat(clock, retention, 60);
    expect(retention.readMs).to.equal(0);
    retention.note(true);
    await beat(clock, retention, 60);
    retention.note(false);
    await beat(clock, retention, 3_600);
    retention.note(true);
    retention.note(true);
    await beat(clock, retention, 30);
    expect(retention.readMs).to.equal(90_000);
  });

  it('goes on from what earlier processes counted', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    retention.goOnFrom(5_000);
    retention.note(true);
    await beat(clock, retention, 10);
    expect(retention.readMs).to.equal(15_000);
  });

  it('does not count the time in which the process was suspended', async () => {
    const clock = new FakeClock();
    const retention = new RetentionClock(clock, 0);
    retention.note(true);
    await beat(clock, retention, 60);
    await clock.advance(25 * 3_600_000);
    expect(retention.readMs).to.equal(90_000);
  });
});
