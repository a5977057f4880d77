// Promises of lib/intake/limiter.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { TokenBucket, TokenBuckets } from '../../lib/intake/limiter.ts';

const start = Date.UTC(2026, 0, 31, 12);
const rate = { count: 3, perMs: 60_000 };

function takes(bucket: TokenBucket, now: number): number {
  let taken = 0;
  while (bucket.take(now)) taken += 1;
  return taken;
}

describe('TokenBucket', () => {
  it('starts full: as many at once as the rate has', () => {
    expect(takes(new TokenBucket(rate, start), start)).to.equal(3);
  });

  it('gives one more each time a share of the span has passed', () => {
    const bucket = new TokenBucket(rate, start);
    takes(bucket, start);
    expect(bucket.take(start + 19_999)).to.equal(false);
    expect(bucket.take(start + 20_000)).to.equal(true);
    expect(bucket.take(start + 20_000)).to.equal(false);
  });

  it('never holds more than the rate has, however long nothing was taken', () => {
    expect(takes(new TokenBucket(rate, start), start + 10 * rate.perMs)).to.equal(3);
  });

  it('returns the time until there is a token, and has one then', () => {
    const bucket = new TokenBucket({ count: 7, perMs: 60_000 }, start);
    expect(bucket.msUntilToken(start)).to.equal(0);
    takes(bucket, start);
    const wait = bucket.msUntilToken(start);
    expect(wait).to.equal(8572);
    expect(bucket.take(start + wait - 1)).to.equal(false);
    expect(bucket.take(start + wait)).to.equal(true);
  });

  it('gives nothing for a clock that goes back, and does not starve after it', () => {
    const bucket = new TokenBucket(rate, start);
    takes(bucket, start);
    expect(bucket.take(start - 86_400_000)).to.equal(false);
    expect(bucket.take(start - 86_400_000 + 20_000)).to.equal(true);
  });

  it('returns the time until several tokens can have been taken, also more than its size', () => {
    const bucket = new TokenBucket(rate, start);
    expect([3, 4, 9].map((tokens) => bucket.msUntilTokens(tokens, start))).to.deep.equal([
      0, 20_000, 120_000,
    ]);
  });

  it('has a token again that was given back, and never more than the rate has', () => {
    const bucket = new TokenBucket(rate, start);
    takes(bucket, start);
    bucket.giveBack();
    expect(takes(bucket, start)).to.equal(1);
    const full = new TokenBucket(rate, start);
    full.giveBack();
    expect(takes(full, start)).to.equal(3);
  });

  it('never gives more than its burst and its rate in any span', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (waits, count) => {
        const perMs = 60_000;
        const bucket = new TokenBucket({ count, perMs }, start);
        const taken: number[] = [];
        let now = start;
        for (const wait of waits) {
          now += wait;
          if (bucket.take(now)) taken.push(now);
        }
        for (const [first, from] of taken.entries()) {
          for (const [last, to] of taken.entries()) {
            if (last < first) continue;
            expect(last - first + 1).to.be.at.most(count + ((to - from) * count) / perMs);
          }
        }
      }),
    );
  });
});

describe('TokenBuckets', () => {
  it('keep a bucket for each key', () => {
    const buckets = new TokenBuckets({ count: 1, perMs: 60_000 });
    expect(buckets.take('a', start)).to.equal(true);
    expect(buckets.take('a', start)).to.equal(false);
    expect(buckets.take('b', start)).to.equal(true);
    expect(buckets.msUntilTokens('a', 1, start)).to.equal(60_000);
    expect(buckets.msUntilTokens('c', 1, start)).to.equal(0);
    buckets.giveBack('a');
    expect(buckets.take('a', start)).to.equal(true);
  });

  it('have none for a key that took no token, however many keys are asked for', () => {
    const buckets = new TokenBuckets({ count: 1, perMs: 60_000 });
    for (let key = 0; key < 1_000; key += 1) buckets.msUntilTokens(`${key}`, 1, start);
    expect(buckets.size).to.equal(0);
  });

  it('forget a bucket from which no token was taken for a period', () => {
    const buckets = new TokenBuckets({ count: 2, perMs: 60_000 });
    for (let key = 0; key < 100; key += 1) buckets.take(`${key}`, start + key);
    buckets.take('0', start + 60_000);
    buckets.take('last', start + 60_050);
    expect(buckets.size).to.equal(51);
  });
});
