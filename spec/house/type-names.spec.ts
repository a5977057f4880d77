// One meaning for each name of a type: a bad example first, then lib.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { repeatedTypes } from './type-names.ts';

describe('the names of types', () => {
  it('occur twice also if they are not exported, of another kind or inside a function', () => {
    const files = filesOf({
      'lib/core/a.ts': 'export interface Page {}\ntype Row = string;\nclass Reader {}\n',
      'lib/kit/b.ts': 'interface Page {}\n\nclass Row {}\n',
      'lib/kit/c.ts': 'function read(): void {\n  type Reader = string;\n}\n',
    });
    expect(shown(repeatedTypes(files))).to.deep.equal([
      'lib/kit/b.ts:1: Page is also declared in lib/core/a.ts:1',
      'lib/kit/b.ts:3: Row is also declared in lib/core/a.ts:2',
      'lib/kit/c.ts:2: Reader is also declared in lib/core/a.ts:3',
    ]);
  });

  it('occur once for a type parameter, a value and an import', () => {
    const files = filesOf({
      'lib/core/a.ts': 'export interface Item {}\n',
      'lib/kit/b.ts': "import type { Item } from '../core/a.ts';\nexport type All = Item[];\n",
      'lib/kit/c.ts': 'export const Item = <All>(all: All): All => all;\n',
    });
    expect(shown(repeatedTypes(files))).to.deep.equal([]);
  });

  it('are declared once in lib', () => {
    expect(shown(repeatedTypes(filesUnder(readTree(), /^lib\//)))).to.deep.equal([]);
  });
});
