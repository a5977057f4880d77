// Pauses that receivers ask for: by status with Retry-After, and by the headers of rate limits. An
// unreadable header asks for no pause, and no pause is longer than an hour.

import { expect } from 'chai';
import { askedPauseMs, exhaustedMs } from '../../lib/triggers/asked-wait.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const EPOCH = NOW / 1000;
const HOUR = 3_600_000;

type Headers = Readonly<Record<string, string>>;

describe('an exhausted rate limit', () => {
  const cases: readonly (readonly [string, Headers, number | undefined])[] = [
    [
      'GitHub: epoch seconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(EPOCH + 60) },
      60_000,
    ],
    [
      'GitLab: epoch seconds under the names of the draft',
      { 'ratelimit-remaining': '0', 'ratelimit-reset': String(EPOCH + 90) },
      90_000,
    ],
    [
      'the draft: seconds from now',
      { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' },
      30_000,
    ],
    [
      'seconds from now under the names of GitHub',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' },
      30_000,
    ],
    [
      'epoch milliseconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 1_500) },
      1_500,
    ],
    ['fractions of seconds', { 'x-ratelimit-remaining': '0.0', 'x-ratelimit-reset': '1.5' }, 1_500],
    ['another spelling', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '7' }, 7_000],
    [
      'a policy behind the number',
      { 'ratelimit-remaining': '0;w=60', 'ratelimit-reset': '20;w=60' },
      20_000,
    ],
    [
      'the same header twice',
      { 'ratelimit-remaining': '0, 0', 'ratelimit-reset': '20, 20' },
      20_000,
    ],
    ['the field of the later drafts', { ratelimit: '"default";r=0;t=42' }, 42_000],
    [
      'several policies, of which those that are used up count',
      { ratelimit: '"burst";r=0;t=1, "hour";r=0;t=50, "day";r=9;t=900' },
      50_000,
    ],
    ['a policy with commas in its name', { ratelimit: '"a,r=0;t=9";r=3;t=42' }, undefined],
    ['the field of draft 7', { ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
    [
      'the field of draft 7 with some left',
      { ratelimit: 'limit=100, remaining=10, reset=30' },
      undefined,
    ],
    [
      'a reset that is over',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(EPOCH - 5) },
      0,
    ],
    [
      'some requests left',
      { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(EPOCH + 60) },
      undefined,
    ],
    ['none left and no reset', { 'x-ratelimit-remaining': '0' }, undefined],
    ['a reset alone', { 'x-ratelimit-reset': String(EPOCH + 60) }, undefined],
    [
      'a reset that is no number',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' },
      undefined,
    ],
    [
      'a number that is none',
      { 'x-ratelimit-remaining': '-0', 'x-ratelimit-reset': '60' },
      undefined,
    ],
    ['nothing', {}, undefined],
  ];
  for (const [what, headers, wanted] of cases) {
    it(`is read from ${what}`, () => {
      expect(exhaustedMs(headers, NOW)).to.equal(wanted);
    });
  }
});

describe('the wait that a receiver asks for', () => {
  const ask = (status: number, headers: Headers): number | undefined =>
    askedPauseMs({ status, headers, body: null }, NOW);
  const exhausted = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(EPOCH + 60) };

  for (const status of [403, 429, 503]) {
    it(`is a pause with Retry-After after ${status}`, () => {
      expect(ask(status, { 'retry-after': '60' })).to.equal(60_000);
    });
  }

  for (const status of [200, 301, 404, 409, 413, 423, 500, 502, 504]) {
    it(`is no pause with Retry-After after ${status}, which is not about the receiver`, () => {
      expect(ask(status, { 'retry-after': '60' })).to.equal(undefined);
    });
  }

  for (const status of [200, 202, 303, 403, 422, 429, 500]) {
    it(`is a pause after ${status} when no request is left`, () => {
      expect(ask(status, exhausted)).to.equal(60_000);
    });
  }

  it('is that of Retry-After if a limit differs', () => {
    expect(ask(429, { ...exhausted, 'retry-after': '5' })).to.equal(5_000);
  });

  it('counts from the date of the answer, so that the two clocks need not agree', () => {
    const date = new Date(NOW - 600_000).toUTCString();
    const reset = String(EPOCH - 600 + 30);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date };
    expect(ask(403, headers)).to.equal(30_000);
  });

  for (const [what, headers] of [
    ['a day', { 'retry-after': '86400' }],
    ['a reset in a year', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2000000000' }],
    ['a million seconds', { ratelimit: '"x";r=0;t=1000000' }],
  ] as const) {
    it(`is at most an hour: ${what}`, () => {
      expect(ask(429, headers)).to.equal(HOUR);
    });
  }
});
