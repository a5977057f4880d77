// Promises of lib/core/micro-time.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import {
  millisecondsOf,
  parseMicroTime,
  renderMicroTime,
  toMicroTime,
} from '../../lib/core/micro-time.ts';

describe('parseMicroTime', () => {
  const times = [
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:01Z', 1_000_000n],
    ['2026-01-31T23:59:59Z', 1_769_903_999_000_000n],
    ['2026-01-31T23:59:59.1Z', 1_769_903_999_100_000n],
    ['2026-01-31T23:59:59.123456Z', 1_769_903_999_123_456n],
    ['2026-01-31T23:59:59.123456999Z', 1_769_903_999_123_456n],
    ['2026-02-01T01:29:59+01:30', 1_769_903_999_000_000n],
    ['2026-01-31T18:59:59-05:00', 1_769_903_999_000_000n],
    ['2026-01-31t23:59:59z', 1_769_903_999_000_000n],
    ['1969-12-31T23:59:59.5Z', -500_000n],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000n],
  ] as const;
  for (const [text, micros] of times) {
    it(`reads ${text}`, () => expect(parseMicroTime(text)).to.equal(micros));
  }

  const none = [
    '',
    'null',
    '2026-01-31',
    '2026-01-31T23:59:59',
    '2026-01-31 23:59:59Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T25:00:00Z',
    '2026-01-31T23:59:59.Z',
    '2026-01-31T23:59:59Z\n',
    '20260-01-31T23:59:59Z',
  ];
  for (const text of none) {
    it(`finds no time in ${JSON.stringify(text)}`, () => {
      expect(parseMicroTime(text)).to.equal(undefined);
    });
  }
});

describe('renderMicroTime', () => {
  it('writes UTC with six digits and Z', () => {
    expect(renderMicroTime(1_769_903_999_000_007n)).to.equal('2026-01-31T23:59:59.000007Z');
    expect(renderMicroTime(-1n)).to.equal('1969-12-31T23:59:59.999999Z');
  });

  it('returns the empty string for missing and out-of-range times', () => {
    expect(renderMicroTime(undefined)).to.equal('');
    expect(renderMicroTime(10n ** 20n)).to.equal('');
  });

  it('round-trips with parseMicroTime', () => {
    const years = fc.bigInt({ min: 0n, max: 253_402_300_799_999_999n });
    fc.assert(
      fc.property(years, (micros) => {
        expect(parseMicroTime(renderMicroTime(micros))).to.equal(micros);
      }),
    );
  });
});

describe('millisecondsOf', () => {
  for (const [micros, ms] of [
    [1999n, 1],
    [0n, 0],
    [-1n, -1],
    [-1000n, -1],
    [-1001n, -2],
  ] as const) {
    it(`rounds ${micros} µs to ${ms} ms`, () => expect(millisecondsOf(micros)).to.equal(ms));
  }
});

describe('toMicroTime', () => {
  const same = (text: string): void => {
    expect(toMicroTime(text)).to.equal(renderMicroTime(parseMicroTime(text)));
  };
  const texts = [
    '',
    'null',
    '2026-01-31T23:59:59Z',
    '2026-01-28T23:59:59Z',
    '2026-01-28T23:59:59.123456Z',
    '2026-01-28T23:59:59.1234567Z',
    '2026-01-28T23:59:59.12Z',
    '2026-01-28T23:59:59+01:00',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z\n',
  ];
  for (const text of texts) {
    it(`equals parsing and rendering of ${JSON.stringify(text)}`, () => same(text));
  }

  it('equals parsing and rendering for every spelling of random instants', () => {
    const digits = fc.integer({ min: 0, max: 7 });
    const instants = fc.bigInt({ min: -62_000_000_000_000_000n, max: 253_402_300_799_999_999n });
    fc.assert(
      fc.property(instants, digits, (micros, keep) => {
        const whole = renderMicroTime(micros).slice(0, 19);
        const fraction = '1234567'.slice(0, keep);
        same(`${whole}${keep === 0 ? '' : `.${fraction}`}Z`);
      }),
    );
  });
});

describe('toMicroTime', () => {
  it('equals parsing and rendering for every possible and impossible day', () => {
    for (const year of ['2023', '2024', '2100']) {
      for (let month = 0; month <= 13; month += 1) {
        for (let day = 0; day <= 32; day += 1) {
          const date = [year, ...[month, day].map((one) => String(one).padStart(2, '0'))].join('-');
          const text = `${date}T23:59:59Z`;
          expect(toMicroTime(text), text).to.equal(renderMicroTime(parseMicroTime(text)));
        }
      }
    }
  });
});
