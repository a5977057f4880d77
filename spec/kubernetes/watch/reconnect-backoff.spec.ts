// Backoff for each rule, the change from retries to a LIST, and the interval between LISTs.

import { expect } from 'chai';
import { ListInterval, ReconnectBackoff } from '../../../lib/kubernetes/watch/reconnect-backoff.ts';
import {
  type Evidence,
  toWatchError,
  type WatchError,
} from '../../../lib/kubernetes/watch/watch-errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const CUT = watchErrorOf({ seen: 'end', how: 'cut', detail: '' });
const CLOSED = watchErrorOf({ seen: 'end', how: 'closed', detail: '' });
const EARLY = watchErrorOf({ seen: 'end', how: 'closed-early', detail: '' });
const EXPIRED = watchErrorOf({ seen: 'frame', status: { code: 410 } });
const THROTTLED = watchErrorOf({ seen: 'frame', status: { code: 429 } });
const SHORT = { livedMs: 50, moved: false };
const BUSY = { livedMs: 50, moved: true };

function watchErrorOf(evidence: Evidence): WatchError {
  return toWatchError(evidence, 0);
}

function delays(
  backoff: ReconnectBackoff,
  error: WatchError,
  { times, life = SHORT }: { readonly times: number; readonly life?: typeof SHORT },
): readonly number[] {
  return Array.from({ length: times }, () => backoff.delayMs(error, life));
}

describe('ReconnectBackoff', () => {
  it('doubles from 0.8 s and never waits above 30 s', () => {
    const waits = delays(new ReconnectBackoff(() => 1), CUT, { times: 8 });
    expect(waits).to.deep.equal([800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('retries soon after the first 403, and at last once a minute', () => {
    const forbidden = watchErrorOf({ seen: 'frame', status: { code: 403 } });
    const waits = delays(new ReconnectBackoff(() => 1), forbidden, { times: 7 });
    expect(waits).to.deep.equal([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('starts over after a stream that was open for ten seconds', () => {
    const backoff = new ReconnectBackoff(() => 1);
    delays(backoff, CUT, { times: 6 });
    expect(backoff.delayMs(CUT, { livedMs: 10_000, moved: false })).to.equal(800);
  });

  for (const [name, error] of [
    ['cut', CUT],
    ['closed', CLOSED],
    ['expired', EXPIRED],
  ] as const) {
    it(`waits up to 5 s between short streams that bring something and are ${name}`, () => {
      const waits = delays(new ReconnectBackoff(() => 1), error, { times: 6, life: BUSY });
      expect(waits.slice(1)).to.deep.equal([1_600, 3_200, 5_000, 5_000, 5_000]);
    });
  }

  it('does not wait after a clean close of a long stream, and waits a little after short ones', () => {
    const backoff = new ReconnectBackoff(() => 0);
    expect(backoff.delayMs(CLOSED, { livedMs: 250_000, moved: false })).to.equal(0);
    const waits = delays(backoff, CLOSED, { times: 50 });
    expect(Math.min(...waits)).to.be.at.least(400);
    expect(Math.max(...waits)).to.be.at.most(5_000);
  });

  it('relists at once the first time, and later if that does not help', () => {
    const waits = delays(new ReconnectBackoff(() => 1), EXPIRED, { times: 3 });
    expect(waits).to.deep.equal([0, 1_600, 3_200]);
  });

  it('waits for the delay that the server asked for, and up to a quarter more', () => {
    const asked = { ...EXPIRED, wait: 'asked', askedMs: 4_000 } as const;
    expect(new ReconnectBackoff(() => 0).delayMs(asked, SHORT)).to.equal(4_000);
    expect(new ReconnectBackoff(() => 1).delayMs(asked, SHORT)).to.equal(5_000);
  });

  describe('a LIST instead', () => {
    /** Whether a LIST is wanted after each of these errors of streams that brought nothing. */
    function wants(backoff: ReconnectBackoff, errors: readonly WatchError[]): readonly boolean[] {
      return errors.map((error) => {
        backoff.delayMs(error, SHORT);
        return backoff.wantsRelist(error);
      });
    }

    it('is tried after three streams that were closed at once and brought nothing', () => {
      const backoff = new ReconnectBackoff(() => 0);
      expect(wants(backoff, [EARLY, EARLY, EARLY])).to.deep.equal([false, false, true]);
      backoff.resetEmptyTries();
      expect(wants(backoff, [EARLY, EARLY, EARLY])).to.deep.equal([false, false, true]);
    });

    it('is tried after five tries that brought nothing, whatever their errors were', () => {
      const tooLarge = watchErrorOf({ seen: 'frame', status: { code: 504 } });
      const met = [CUT, tooLarge, THROTTLED, CUT, tooLarge];
      expect(wants(new ReconnectBackoff(() => 0), met)).to.deep.equal([
        false,
        false,
        false,
        false,
        true,
      ]);
    });

    it('is not tried while the server asks for less load', () => {
      const met = Array.from({ length: 40 }, () => THROTTLED);
      expect(wants(new ReconnectBackoff(() => 0), met)).not.to.include(true);
    });

    it('is not tried while streams bring something', () => {
      const backoff = new ReconnectBackoff(() => 0);
      for (let times = 0; times < 40; times += 1) {
        backoff.delayMs(CUT, BUSY);
        expect(backoff.wantsRelist(CUT)).to.equal(false);
      }
    });
  });
});

describe('ListInterval', () => {
  it('keeps two LISTs 1 s apart, doubling to 30 s while no watch stays open', async () => {
    const clock = new FakeClock();
    const floor = new ListInterval(clock);
    const waits: number[] = [];
    for (let times = 0; times < 8; times += 1) {
      const waitMs = floor.waitMs();
      waits.push(waitMs);
      await clock.advance(waitMs);
      floor.watched(9_999);
    }
    expect(waits).to.deep.equal([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('starts over at 1 s after a watch that stayed open', async () => {
    const clock = new FakeClock();
    const floor = new ListInterval(clock);
    for (let times = 0; times < 6; times += 1) await clock.advance(floor.waitMs());
    floor.watched(10_000);
    await clock.advance(60_000);
    expect(floor.waitMs()).to.equal(0);
    expect(floor.waitMs()).to.equal(1_000);
  });

  it('does not delay a LIST that comes late enough', async () => {
    const clock = new FakeClock();
    const floor = new ListInterval(clock);
    floor.waitMs();
    await clock.advance(1_000);
    expect(floor.waitMs()).to.equal(0);
  });
});
