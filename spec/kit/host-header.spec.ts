// Loopback addresses. The hosts under which a listener answers: access.spec.ts and the specs of
// playback.

import { expect } from 'chai';
import { isLoopback } from '../../lib/kit/host-header.ts';

describe('isLoopback', () => {
  const addresses: readonly (readonly [string, boolean])[] = [
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.1', false],
    ['10.127.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['127.0.0.1.example', false],
    ['', false],
  ];
  for (const [address, expected] of addresses) {
    it(`recognizes ${JSON.stringify(address)} as ${expected ? '' : 'not '}loopback`, () => {
      expect(isLoopback(address)).to.equal(expected);
    });
  }
});
