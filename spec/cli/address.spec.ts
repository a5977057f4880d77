// Addresses in flags.

import { expect } from 'chai';
import { addressOf } from '../../lib/cli/flags.ts';

describe('addressOf', () => {
  const host = '0.0.0.0';
  const rows: readonly (readonly [text: string, host: string, port: number])[] = [
    ['127.0.0.1:9090', '127.0.0.1', 9090],
    ['localhost:0', 'localhost', 0],
    ['[::1]:9090', '::1', 9090],
    [':9090', '127.0.0.1', 9090],
    ['9090', host, 9090],
    ['0', host, 0],
  ];
  for (const [text, wanted, port] of rows) {
    it(`reads ${text} as ${wanted} and ${port}`, () => {
      expect(addressOf('probes', text, host)).to.deep.equal({ host: wanted, port });
    });
  }

  for (const text of ['', 'here', '65536', 'a:65536', '1.5', '-1', 'a:']) {
    it(`refuses ${JSON.stringify(text)}, naming the flag`, () => {
      expect(() => addressOf('probes', text, host)).to.throw(
        `flag --probes takes HOST:PORT or PORT, not "${text}"`,
      );
    });
  }
});
