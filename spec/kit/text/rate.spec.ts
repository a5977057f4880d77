// Promises of lib/kit/text/quantity.ts: rates of the configuration.

import { expect } from 'chai';
import { parseRate } from '../../../lib/kit/text/quantity.ts';

describe('parseRate', () => {
  const rates: Readonly<Record<string, { count: number; perMs: number }>> = {
    '1/s': { count: 1, perMs: 1000 },
    '10/m': { count: 10, perMs: 60_000 },
    '60/h': { count: 60, perMs: 3_600_000 },
    '5/d': { count: 5, perMs: 86_400_000 },
  };
  for (const [text, rate] of Object.entries(rates)) {
    it(`reads ${text}`, () => expect(parseRate(text)).to.deep.equal(rate));
  }

  for (const text of ['', '60', '/h', '0/h', '-1/h', '1.5/h', '60/hour', '60 / h', '60/toString']) {
    it(`finds no rate in ${JSON.stringify(text)}`, () =>
      expect(parseRate(text)).to.equal(undefined));
  }
});
