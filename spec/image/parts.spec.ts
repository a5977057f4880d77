// What ships, decided by name alone: packages of the lockfile, files of a package, and parts of the size table.

import { expect } from 'chai';
import { isUsed } from '../../tools/image/application.ts';
import { renderTable } from '../../tools/image/contents.ts';
import { readManifest, shippedPackages } from '../../tools/image/lockfile.ts';
import type { Entry } from '../../tools/image/tree.ts';
import { project } from './trees.ts';

describe('the packages of the image', () => {
  const names = shippedPackages(project).map(({ name }) => name);

  it('are those that the project imports, with theirs', () => {
    expect(names).to.include.members([...readManifest(project).dependencies]);
    expect(names).to.include.members(['undici', 'qs', 'safe-stable-stringify']);
  });

  it('have no development dependency, no types and no Node.js', () => {
    const unwanted = /^(?:mocha|typescript|ts7|@types\/.*|undici-types|node-linux-.*|bare-.*)$/;
    expect(names.filter((name) => unwanted.test(name))).to.deep.equal([]);
  });
});

describe('the files of a package in the image', () => {
  const used = [
    ...[
      'index.js',
      'dist/index.cjs',
      'lib/a.mjs',
      'data.json',
      'LICENSE',
      'LICENSE.md',
      'license.txt',
    ],
    ...['NOTICE', 'dist/testing.js', 'lib/spec.js'],
  ];
  for (const path of used) {
    it(`include ${path}`, () => expect(isUsed(path)).to.equal(true));
  }

  const unused = [
    ...['index.js.map', 'index.d.ts', 'index.d.mts', 'src/index.ts', 'README.md', 'docs/a.md'],
    ...['CHANGELOG', 'test/index.js', 'lib/__tests__/a.js', '.eslintrc', '.github/a.yml'],
    ...['node_modules/other/index.js', 'tsconfig.json', 'index.js.flow'],
  ];
  for (const path of unused) {
    it(`do not include ${path}`, () => expect(isUsed(path)).to.equal(false));
  }
});

describe('the table of sizes', () => {
  const file = (path: string, size: number): Entry => {
    return { path, size, type: 'file', mode: '0644', content: '' };
  };

  it('has a row for each part, the largest first, and the sum', () => {
    const table = renderTable([
      file('/app/node_modules/a/index.js', 1_000_000),
      file('/app/node_modules/b/index.js', 2_000_000),
      file('/usr/local/bin/node', 100_000_000),
      file('/etc/passwd', 200),
    ]);
    expect(table.trimEnd().split('\n').slice(2)).to.deep.equal([
      '| Node.js, stripped | 1 | 100.0 |',
      '| other npm packages | 2 | 3.0 |',
      '| other files | 1 | 0.0 |',
      '| all | 4 | 103.0 |',
    ]);
  });
});
