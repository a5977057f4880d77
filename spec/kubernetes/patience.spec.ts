// How long to wait, rule by rule.
import { expect } from 'chai';
import { Patience } from '../../lib/kubernetes/patience.ts';
import { toTrouble } from '../../lib/kubernetes/trouble.ts';
import type { Evidence, Trouble } from '../../lib/kubernetes/trouble.ts';

const CUT = troubleOf({ seen: 'end', how: 'cut', detail: '' });
const CLOSED = troubleOf({ seen: 'end', how: 'closed', detail: '' });
const EXPIRED = troubleOf({ seen: 'frame', status: { code: 410 } });
const SHORT = { livedMs: 50, progressed: false };

function troubleOf(evidence: Evidence): Trouble {
  return toTrouble(evidence, 0);
}

function delays(patience: Patience, trouble: Trouble, times: number): readonly number[] {
  return Array.from({ length: times }, () => patience.delayMs(trouble, SHORT));
}

describe('Patience', () => {
  it('doubles from 0.8 s and never waits above 30 s', () => {
    const patience = new Patience(() => 1);
    expect(delays(patience, CUT, 8)).to.deep.equal([
      800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  it('asks soon after the first 403, and once a minute at last', () => {
    const forbidden = troubleOf({ seen: 'frame', status: { code: 403 } });
    const waits = delays(new Patience(() => 1), forbidden, 7);
    expect(waits).to.deep.equal([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  for (const [name, life] of [
    ['two minutes of health', { livedMs: 120_000, progressed: false }],
    ['a stream that brought something', { livedMs: 50, progressed: true }],
  ] as const) {
    it(`begins again after ${name}`, () => {
      const patience = new Patience(() => 1);
      delays(patience, CUT, 6);
      expect(patience.delayMs(CUT, life)).to.equal(800);
    });
  }

  it('does not wait after a long-lived clean close, and a little after short ones', () => {
    const patience = new Patience(() => 0.5);
    expect(patience.delayMs(CLOSED, { livedMs: 250_000, progressed: false })).to.equal(0);
    const [first, ...later] = delays(patience, CLOSED, 50);
    expect(first).to.be.within(1, 800);
    expect(Math.max(...later)).to.be.at.most(5_000);
  });

  it('relists at once the first time, and slower where that does not help', () => {
    const patience = new Patience(() => 1);
    expect(delays(patience, EXPIRED, 3)).to.deep.equal([0, 1_600, 3_200]);
  });

  it('waits what the server asked and up to a quarter more', () => {
    const asked = { ...EXPIRED, wait: 'asked', askedMs: 4_000 } as const;
    expect(new Patience(() => 0).delayMs(asked, SHORT)).to.equal(4_000);
    expect(new Patience(() => 1).delayMs(asked, SHORT)).to.equal(5_000);
  });

  it('wants a relist after so many of the same reason in a row', () => {
    const patience = new Patience(() => 0);
    const tooLarge = troubleOf({ seen: 'frame', status: { code: 504 } });
    const wishes = Array.from({ length: 5 }, () => {
      patience.delayMs(tooLarge, SHORT);
      return patience.wantsRelist(tooLarge);
    });
    expect(wishes).to.deep.equal([false, false, false, false, true]);
    expect(patience.wantsRelist(CUT)).to.equal(false);
  });
});
