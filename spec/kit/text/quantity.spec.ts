// Promises of lib/kit/text/quantity.ts: durations of the configuration.

import { expect } from 'chai';
import fc from 'fast-check';
import { parseDuration, renderDuration } from '../../../lib/kit/text/quantity.ts';

describe('parseDuration', () => {
  const durations: Readonly<Record<string, number>> = {
    '0s': 0,
    '500ms': 500,
    '30s': 30_000,
    '5m': 300_000,
    '24h': 86_400_000,
    '2d': 172_800_000,
    '1h30m': 5_400_000,
    '1m500ms': 60_500,
    '1d2h3m4s5ms': 93_784_005,
  };
  for (const [text, ms] of Object.entries(durations)) {
    it(`reads ${text} as ${ms} ms`, () => expect(parseDuration(text)).to.equal(ms));
  }

  const none = [
    '',
    '5',
    's',
    '-5s',
    '1.5h',
    '5 m',
    '5M',
    '30m1h',
    '5s5s',
    '1w',
    '5s ',
    '9'.repeat(20) + 'd',
  ];
  for (const text of none) {
    it(`finds no duration in ${JSON.stringify(text)}`, () => {
      expect(parseDuration(text)).to.equal(undefined);
    });
  }
});

describe('renderDuration', () => {
  const cases = [
    [0, '0s'],
    [-5, '0s'],
    [0.4, '0s'],
    [1500, '1s500ms'],
    [90_000, '1m30s'],
    [86_400_000, '1d'],
  ] as const;
  for (const [ms, text] of cases) {
    it(`writes ${ms} ms as ${text}`, () => expect(renderDuration(ms)).to.equal(text));
  }

  it('is the inverse of parseDuration', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ms) => {
        expect(parseDuration(renderDuration(ms))).to.equal(ms);
      }),
    );
  });
});
