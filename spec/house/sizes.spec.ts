// No file is too long: shown to fail on a bad example first, then applied to the tree.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { LONGEST_FILE, longFiles } from './sizes.ts';

describe('the length of a file', () => {
  it('may be 350 lines and not one more', () => {
    const files = filesOf({
      'lib/core/fits.ts': 'x\n'.repeat(LONGEST_FILE),
      'lib/core/long.ts': 'x\n'.repeat(LONGEST_FILE + 1),
    });
    expect(shown(longFiles(files))).to.deep.equal([
      'lib/core/long.ts:351: has 351 lines (at most 350)',
    ]);
  });

  it('is within the bound in lib, bin and spec', () => {
    const files = filesUnder(readTree(), /^(?:lib|bin|spec)\//);
    expect(shown(longFiles(files))).to.deep.equal([]);
  });
});
