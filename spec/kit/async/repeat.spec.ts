// Promises of lib/kit/async/repeat.ts.

import { expect } from 'chai';
import { repeat } from '../../../lib/kit/async/repeat.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';

const everyMs = 1000;

describe('repeat', () => {
  it('works at once, and again an interval after the work has ended', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const begun: number[] = [];
    const work = async (): Promise<void> => {
      begun.push(clock.monotonic());
      await clock.sleep(300, stop.signal);
    };
    const running = repeat(work, { clock, everyMs }, stop.signal);
    for (const ms of [299, 1, 999, 1, 300, 1000]) await clock.advance(ms);
    expect(begun).to.deep.equal([0, 1300, 2600]);
    stop.abort();
    await running.catch(() => undefined);
  });

  it('ends when the signal aborts while it sleeps, and leaves no timer', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let times = 0;
    const running = repeat(async () => (times += 1), { clock, everyMs }, stop.signal);
    await clock.advance(0);
    stop.abort();
    await running;
    expect(times).to.equal(1);
    expect(clock.sleepers).to.equal(0);
  });

  it('does no work once the signal has aborted', async () => {
    let times = 0;
    const options = { clock: new FakeClock(), everyMs };
    await repeat(async () => (times += 1), options, AbortSignal.abort());
    expect(times).to.equal(0);
  });

  it('ends with the error of the work', async () => {
    const work = (): Promise<never> => Promise.reject(new Error('the work failed'));
    const options = { clock: new FakeClock(), everyMs };
    const found = await repeat(work, options, NEVER).catch((error: unknown) => error);
    expect(found).to.be.an('error').with.property('message', 'the work failed');
  });
});
