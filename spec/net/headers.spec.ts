// Headers of an answer: repeated names, the Date, and each form of Retry-After.

import { expect } from 'chai';
import { retryAfterMs, sentAt, toHeaders } from '../../lib/net/headers.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the headers of an answer', () => {
  it('have one text for each name', () => {
    const headers = { date: 'x', 'set-cookie': ['a=1', 'b=2'], etag: undefined };
    expect(toHeaders(headers)).to.deep.equal({ date: 'x', 'set-cookie': 'a=1, b=2' });
  });

  for (const [date, expected] of [
    ['Sat, 31 Jan 2026 11:59:00 GMT', NOW - 60_000],
    ['yesterday', NOW],
    [undefined, NOW],
  ] as const) {
    it(`were sent at ${String(expected)} by Date: ${String(date)}`, () => {
      expect(sentAt(date === undefined ? {} : { date }, NOW)).to.equal(expected);
    });
  }

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
    it(`ask for ${String(expected)} ms by Retry-After: ${header}`, () => {
      expect(retryAfterMs(header, NOW)).to.equal(expected);
    });
  }
});
