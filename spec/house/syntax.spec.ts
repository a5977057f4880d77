// Functions and assertions within their bounds: bad examples first, then lib.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree } from './files.ts';
import { libFiles } from './graph.ts';
import {
  ASSERTIONS_AT_MOST,
  assertionsPerThousand,
  FUNCTION_AT_MOST,
  functionLines,
  shareOf,
} from './syntax.ts';

const written = new Set(libFiles(readTree()));
const lib = new Map([...filesUnder(readTree(), /^lib\//)].filter(([file]) => written.has(file)));

describe('the functions of lib', () => {
  it('are counted with a name or a place, and callbacks with what they stand in', () => {
    const text = 'function f() {\n  g(() => {\n    f();\n  });\n}\nconst h = () => 1;\n';
    expect(functionLines(filesOf({ 'lib/core/a.ts': text }))).to.deep.equal([5, 1]);
  });

  it('are short', () => {
    const lines = functionLines(lib);
    expect(shareOf(lines, 0.5)).to.be.at.most(FUNCTION_AT_MOST.median);
    expect(shareOf(lines, 0.95)).to.be.at.most(FUNCTION_AT_MOST.most);
    expect(shareOf(lines, 1)).to.be.at.most(FUNCTION_AT_MOST.longest);
  });
});

describe('assertions of types', () => {
  it('are counted in either form, but not `as const`', () => {
    const text = 'const a = b as C;\nconst d = <C>b;\nconst e = [1] as const;\n';
    expect(assertionsPerThousand(filesOf({ 'lib/core/a.ts': text }))).to.equal(2000 / 3);
  });

  it('are rare in lib', () => {
    expect(assertionsPerThousand(lib)).to.be.at.most(ASSERTIONS_AT_MOST);
  });
});
