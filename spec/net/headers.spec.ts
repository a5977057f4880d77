// Headers of an answer: repeated names, and the Date.

import { expect } from 'chai';
import { toHeaders } from '../../lib/net/http-connection.ts';
import { sentAt } from '../../lib/net/retry-after.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the headers of an answer', () => {
  it('have one text for each name', () => {
    const headers = { date: 'x', 'set-cookie': ['a=1', 'b=2'], etag: undefined };
    expect(toHeaders(headers)).to.deep.equal({ date: 'x', 'set-cookie': 'a=1, b=2' });
  });

  it('have the first value of a name that cannot be joined', () => {
    const headers = { 'retry-after': ['5', '9'], location: ['/a', '/b'], vary: ['a', 'b'] };
    expect(toHeaders(headers)).to.deep.equal({ 'retry-after': '5', location: '/a', vary: 'a, b' });
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
});
