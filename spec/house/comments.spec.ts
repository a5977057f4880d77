// Files and exports say what they are: shown to fail on bad examples first, then on the tree.

import { expect } from 'chai';
import { undocumentedExports, unopenedFiles } from './comments.ts';
import { filesOf, filesUnder, readTree, shown } from './files.ts';

const tree = readTree();

describe('the opening comment of a file', () => {
  for (const text of ['export {};\n', '', '/** doc */\nexport {};\n', '\n// late\n']) {
    it(`is missed in ${JSON.stringify(text)}`, () => {
      expect(unopenedFiles(filesOf({ 'lib/core/a.ts': text }))).to.have.lengthOf(1);
    });
  }

  it('may follow the line that makes a file executable', () => {
    const text = '#!/usr/bin/env node\n// The executable.\n';
    expect(unopenedFiles(filesOf({ 'bin/sluice.js': text }))).to.deep.equal([]);
  });

  it('is there in every file of lib, bin and spec', () => {
    const files = filesUnder(tree, /^(?:lib|bin|spec)\//);
    expect(shown(unopenedFiles(files))).to.deep.equal([]);
  });
});

describe('the doc comment of an export', () => {
  const bad = [
    'export const a = 1;',
    'export function a() {}',
    'export class A {}',
    'export interface A {}',
    'export type A = 1;',
    '// only a line\nexport const a = 1;',
    '/** */\nexport const a = 1;',
    'const a = 1;\nexport { a };',
  ];
  for (const text of bad) {
    it(`is missed in ${JSON.stringify(text)}`, () => {
      expect(undocumentedExports(filesOf({ 'lib/core/a.ts': text }))).to.have.lengthOf(1);
    });
  }

  it('is not asked of what stays in the file or is documented at its home', () => {
    const text = "/** One. */\nexport const a = 1;\nconst b = 2;\nexport { c } from './c.ts';\n";
    expect(undocumentedExports(filesOf({ 'lib/core/a.ts': text }))).to.deep.equal([]);
  });

  it('is there on every export of lib', () => {
    expect(shown(undocumentedExports(filesUnder(tree, /^lib\//)))).to.deep.equal([]);
  });
});
