// Targets, scripts, commands and changelog agree: shown to fail on bad examples first, then on the tree.

import { expect } from 'chai';
import {
  changelogFaults,
  makeCommandFaults,
  scriptFaults,
  unexplainedTargets,
} from './contributing.ts';
import { filesOf, readTree, shown } from './files.ts';

const tree = readTree();
const Makefile = 'X := 1\nhelp: ## Print\nrun: a ## The demo\nunit: b ## Fast\nhouse: c\n';
const FINE = { start: 'make run', unit: 'make unit' };

function project(scripts: Readonly<Record<string, string>>): ReturnType<typeof filesOf> {
  return filesOf({ Makefile, 'package.json': JSON.stringify({ scripts }) });
}

describe('CHANGELOG.md', () => {
  const bad = ['- A thing.', '- [FIX] A thing.', '- [BUGFIX]', '- BUGFIX A thing.'];
  for (const entry of bad) {
    it(`fails with ${entry}`, () => {
      const files = filesOf({
        'CHANGELOG.md': `# Changes\n\n- [CHANGE] Fine.\n${entry}\n  more\n`,
      });
      expect(shown(changelogFaults(files))).to.have.lengthOf(1);
      expect(changelogFaults(files)[0]?.line).to.equal(4);
    });
  }

  it('says of each entry of which kind it is', () => {
    expect(shown(changelogFaults(tree))).to.deep.equal([]);
  });
});

describe('npm scripts', () => {
  const bad: readonly (readonly [what: string, scripts: Readonly<Record<string, string>>])[] = [
    ['has no script unit: make unit', { start: 'make run' }],
    ['script unit should make unit', { ...FINE, unit: 'mocha' }],
    ['script start should make run', { ...FINE, start: 'node bin/sluice.js' }],
    ['script house should not be there', { ...FINE, house: 'make house' }],
    ['script gone should not be there', { ...FINE, gone: 'make gone' }],
  ];
  for (const [what, scripts] of bad) {
    it(`fail where package.json ${what}`, () => {
      expect(shown(scriptFaults(project(scripts)))).to.deep.equal([`package.json:1: ${what}`]);
    });
  }

  it('are fine where each calls the target that make lists', () => {
    expect(scriptFaults(project(FINE))).to.deep.equal([]);
  });

  it('call the targets that make lists', () => {
    expect(shown(scriptFaults(tree))).to.deep.equal([]);
  });
});

describe('commands of make in the documents', () => {
  it('fail where the Makefile does not have them', () => {
    const text = 'make way, `make unit`, `make gone`\n```\nmake house\nmake lost\n```\n';
    const faults = makeCommandFaults(filesOf({ Makefile, 'docs/a.md': text }));
    expect(shown(faults)).to.deep.equal([
      'docs/a.md:1: the Makefile has no target gone',
      'docs/a.md:4: the Makefile has no target lost',
    ]);
  });

  it('are targets of the Makefile', () => {
    expect(shown(makeCommandFaults(tree))).to.deep.equal([]);
  });

  it('are missed where CONTRIBUTING.md does not explain them', () => {
    const files = filesOf({ Makefile, 'CONTRIBUTING.md': '`make help`, `make run`, `make house`' });
    expect(shown(unexplainedTargets(files))).to.deep.equal([
      'CONTRIBUTING.md:1: does not explain make unit',
    ]);
  });

  it('are each explained in CONTRIBUTING.md', () => {
    expect(shown(unexplainedTargets(tree))).to.deep.equal([]);
  });
});
