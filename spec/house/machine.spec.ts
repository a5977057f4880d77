// One file of lib touches the machine: shown to fail on bad examples first, then on the tree.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { machineUses, timerImports } from './machine.ts';

const tree = readTree();

describe('time, chance, console and environment', () => {
  const bad = [
    'const at = Date.now();',
    'const at = new Date();',
    'const at = globalThis.performance.now();',
    'const chance = Math.random();',
    'const { env } = { env: process.env };',
    'process.exit(1);',
    'setTimeout(() => {}, 5);',
    'globalThis.setInterval(tick, 5);',
    'const later = setImmediate;',
    "console.log('x');",
    'const signal = AbortSignal.timeout(5);',
    "import { setTimeout as pause } from 'node:timers/promises';",
  ];
  for (const text of bad) {
    it(`are noticed in ${text}`, () => {
      expect(machineUses(filesOf({ 'lib/core/a.ts': text }))).to.have.lengthOf(1);
    });
  }

  it('are not mistaken for words and for times that were handed in', () => {
    const text = "const at = new Date(ms);\nconst a = { console: 'setTimeout' };\nlog.console;\n";
    expect(machineUses(filesOf({ 'lib/core/a.ts': text }))).to.deep.equal([]);
  });

  it('are touched by lib/kit/system.ts alone', () => {
    const lib = filesUnder(tree, /^lib\/(?!kit\/system\.ts$)/);
    expect(shown(machineUses(lib))).to.deep.equal([]);
    expect(machineUses(filesUnder(tree, /^lib\/kit\/system\.ts$/))).to.not.deep.equal([]);
  });

  it('are not waited for by specs, but for a condition', () => {
    const specs = filesUnder(tree, /^spec\/(?!support\/until\.ts$|controlplane\/waiting\.ts$)/);
    expect(shown(timerImports(specs))).to.deep.equal([]);
  });
});
