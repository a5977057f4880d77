// Nothing switches a check off, nothing speaks of one machine: bad examples first, then the tree.

import { expect } from 'chai';
import { ESCAPES, forbiddenTexts, PLACES } from './escapes.ts';
import { filesOf, filesUnder, readTree, shown } from './files.ts';

const tree = readTree();

describe('checks', () => {
  const bad = [
    '// eslint-' + 'disable-next-line eqeqeq',
    '// @ts-' + 'ignore',
    'const a = b as unknown' + ' as string;',
    '// TO' + 'DO: later',
  ];
  for (const text of bad) {
    it(`are not switched off or put off: ${text}`, () => {
      expect(forbiddenTexts(filesOf({ 'lib/core/a.ts': text }), ESCAPES)).to.have.lengthOf(1);
    });
  }

  it('are on everywhere in lib, bin and spec', () => {
    const sources = filesUnder(tree, /^(?:lib|bin|spec)\/.*\.[jt]s$/);
    expect(shown(forbiddenTexts(sources, ESCAPES))).to.deep.equal([]);
  });
});

describe('committed files', () => {
  const bad = [
    'see /wo' + 'rk/main/lib',
    'cd "/ro' + 'ot/sluice"',
    'at /ho' + 'me/somebody/sluice',
    'registry=https://registry.' + 'npmjs.org/',
    '"resolved": ' + '"https://mirror.example.test/x.tgz"',
    'GOPROXY=' + 'https://proxy.example.test',
  ];
  for (const text of bad) {
    it(`do not speak of one machine or registry: ${text}`, () => {
      expect(forbiddenTexts(filesOf({ 'docs/a.md': text }), PLACES)).to.have.lengthOf(1);
    });
  }

  it('may name paths of a cluster and images', () => {
    const text = 'mountPath: /var/run/secrets\nimage: registry.k8s.io/pause:3.10\nlib/work/x';
    expect(forbiddenTexts(filesOf({ 'charts/a.yaml': text }), PLACES)).to.deep.equal([]);
  });

  it('name neither in the tree', () => {
    expect(shown(forbiddenTexts(tree, PLACES))).to.deep.equal([]);
  });
});
