// Retry-After: seconds, each form of a date, and headers that are neither.

import { expect } from 'chai';
import { retryAfterMs } from '../../lib/net/retry-after.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the delay of Retry-After', () => {
  for (const [header, expected] of [
    ['0', 0],
    ['30', 30_000],
    ['Sat, 31 Jan 2026 12:00:30 GMT', 30_000],
    ['Saturday, 31-Jan-26 12:00:30 GMT', 30_000],
    ['Sat Jan 31 12:00:30 2026', 30_000],
    ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
    ['-1', null],
    ['10, 20', null],
    ['1.5', null],
    ['2026-01-31T12:00:30Z', null],
    ['', null],
  ] as const) {
    it(`is ${String(expected)} ms for ${header || 'an empty header'}`, () => {
      expect(retryAfterMs(header, NOW)).to.equal(expected);
    });
  }
});
