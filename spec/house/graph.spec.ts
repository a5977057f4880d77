// The imports of lib and its folders: each rule is shown to fail on a bad example, then applied.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { folderSizes, LARGEST_FOLDER, repeatedNames } from './folders.ts';
import {
  cyclesOf,
  edgesOf,
  libFiles,
  SINGLE_AT_MOST,
  singleImporters,
  unusedExports,
} from './graph.ts';
import { unusedPackages, usedPackages } from './packages.ts';

const tree = readTree();
const house = filesUnder(tree, /^(?:lib|bin|spec|tools)\/.*\.[jt]s$/);
const edges = edgesOf(house);

describe('imports between files', () => {
  it('form a cycle also by a type and over three files', () => {
    const files = filesOf({
      'lib/core/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'lib/core/b.ts': "import { c } from './c.ts';\nexport type B = typeof c;\n",
      'lib/core/c.ts': "export const c = (): import('./a.ts').A => c();\n",
      'lib/core/d.ts': "import { c } from './c.ts';\nexport const d = c;\n",
    });
    expect(cyclesOf(edgesOf(files))).to.deep.equal([
      ['lib/core/a.ts', 'lib/core/b.ts', 'lib/core/c.ts'],
    ]);
  });

  it('form no cycle in lib', () => {
    expect(cyclesOf(edges)).to.deep.equal([]);
  });

  it('are single for a file that one other file imports, but not for a registered kind', () => {
    const files = filesOf({
      'lib/core/a.ts': "import { b } from './b.ts';\nimport { c } from './c.ts';\nb(c);\n",
      'lib/core/b.ts': "import { c } from './c.ts';\nexport const b = (): number => c;\n",
      'lib/core/c.ts': 'export const c = 1;\n',
      'lib/core/registry.ts': "import { kind } from './kind.ts';\nexport const all = [kind];\n",
      'lib/core/ports/kind.ts': 'export const kind = 1;\n',
      'spec/core/b.spec.ts': "import { b } from '../../lib/core/b.ts';\nb();\n",
    });
    expect(singleImporters(files, edgesOf(files))).to.deep.equal(['lib/core/b.ts']);
  });

  it(`are single for at most ${100 * SINGLE_AT_MOST} % of the files of lib`, () => {
    const single = singleImporters(house, edges);
    expect(single.length / libFiles(house).length, single.join('\n')).to.be.at.most(SINGLE_AT_MOST);
  });
});

describe('exports of lib', () => {
  it('are unused if no other file imports them by name, by `*` or when it runs', () => {
    const files = filesOf({
      'lib/core/a.ts':
        'export const used = 1;\nexport interface Unused {}\nexport const own = used;\n',
      'lib/core/b.ts': "export { used as again } from './a.ts';\n",
      'lib/core/c.ts': 'export const whole = 1;\n',
      'lib/core/d.ts': 'export const late = 1;\n',
      'spec/core/b.spec.ts': "import { again } from '../../lib/core/b.ts';\nagain;\n",
      'spec/core/c.spec.ts': "import * as all from '../../lib/core/c.ts';\nall;\n",
      'bin/sluice.js': "await import('../lib/core/d.ts');\n",
    });
    expect(shown(unusedExports(files, edgesOf(files)))).to.deep.equal([
      'lib/core/a.ts:2: Unused is not imported',
      'lib/core/a.ts:3: own is not imported',
    ]);
  });

  it('are all imported somewhere', () => {
    expect(shown(unusedExports(house, edges))).to.deep.equal([]);
  });
});

describe('the folders of lib', () => {
  it('count every file but the kinds that a registry beside them lists', () => {
    const files = filesOf({
      'lib/core/a.ts': '',
      'lib/core/registry.ts': "import { one } from './one.ts';\n[one];\n",
      'lib/core/one.ts': 'export const one = 1;\n',
    });
    expect(folderSizes(files, edgesOf(files))).to.deep.equal([['lib/core', 2]]);
  });

  it(`have at most ${LARGEST_FOLDER} files each`, () => {
    const large = folderSizes(house, edges).filter(([, count]) => count > LARGEST_FOLDER);
    expect(large).to.deep.equal([]);
  });

  it('find a file name that occurs twice, unless it is one that every room may have', () => {
    const files = filesOf({
      'lib/core/a.ts': '',
      'lib/kit/a.ts': '',
      'lib/core/schema.ts': '',
      'lib/kit/schema.ts': '',
    });
    expect(repeatedNames(files, edgesOf(files))).to.deep.equal(['a.ts']);
  });

  it('have every file name once', () => {
    expect(repeatedNames(house, edges)).to.deep.equal([]);
  });
});

describe('the packages of package.json', () => {
  it('are used if something imports them or a script runs them', () => {
    const files = filesOf({
      'lib/core/a.ts': "import { x } from 'left/deep';\nimport type { y } from '@scope/right';\n",
      Makefile: 'lint:\n\t@linter lib\n',
    });
    const programs = new Map([['tool', ['linter']]]);
    const used = usedPackages(files, programs);
    expect(
      ['left', '@scope/right', 'tool', 'other'].filter((name) => used.has(name)),
    ).to.deep.equal(['left', '@scope/right', 'tool']);
  });

  it('are all used, those that ship by lib alone', async () => {
    expect(await unusedPackages(tree)).to.deep.equal([]);
  });
});
