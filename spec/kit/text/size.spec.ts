// Promises of lib/kit/text/quantity.ts: sizes of the configuration.

import { expect } from 'chai';
import { parseSize } from '../../../lib/kit/text/quantity.ts';

describe('parseSize', () => {
  const sizes: Readonly<Record<string, number>> = {
    '0': 0,
    '512': 512,
    '4k': 4000,
    '4Ki': 4096,
    '1Mi': 1_048_576,
    '2G': 2_000_000_000,
    '1Ti': 1_099_511_627_776,
  };
  for (const [text, bytes] of Object.entries(sizes)) {
    it(`reads ${text} as ${bytes} bytes`, () => expect(parseSize(text)).to.equal(bytes));
  }

  for (const text of ['', 'Mi', '-1', '1.5Mi', '1 Mi', '1K', '1MB', '1mi', '99999999Ti']) {
    it(`finds no size in ${JSON.stringify(text)}`, () =>
      expect(parseSize(text)).to.equal(undefined));
  }
});
