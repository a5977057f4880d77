// The floors of the house hold: shown to fail on bad examples first, then applied to the tree.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { crossedFloors, FLOORS, PACKAGES, strayPackages } from './floors.ts';

const house = filesUnder(readTree(), /^(?:lib|bin)\/.*\.[jt]s$/);

describe('the floors of lib', () => {
  const crossings = [
    ['up', 'lib/core/a.ts', "import { x } from '../filters/b.ts';"],
    ['up, for a type alone', 'lib/kit/a.ts', "import type { x } from '../config/b.ts';"],
    ['up, inside a type', 'lib/kit/a.ts', "type X = import('../config/b.ts').X;"],
    ['up, when it runs', 'lib/stores/a.ts', "const x = await import('../gateway/b.ts');"],
    ['up, by a re-export', 'lib/api/a.ts', "export * from '../cli/b.ts';"],
    ['sideways', 'lib/sources/a.ts', "import { x } from '../triggers/b.ts';"],
    ['from core to kit', 'lib/core/a.ts', "import { x } from '../kit/b.ts';"],
    [
      'out of an innermost folder',
      'lib/kubernetes/client/a.ts',
      "import { x } from '../watch/b.ts';",
    ],
    [
      'of discovery into the client',
      'lib/kubernetes/client/a.ts',
      "import { x } from '../discovery/b.ts';",
    ],
    [
      'of watches into discovery',
      'lib/kubernetes/discovery/a.ts',
      "import { x } from '../watch/b.ts';",
    ],
    ['out of lib', 'lib/core/a.ts', "import { x } from '../../spec/support/b.ts';"],
    ['into a room without a floor', 'lib/cli/a.ts', "import { x } from '../attic/b.ts';"],
  ] as const;
  for (const [what, file, text] of crossings) {
    it(`refuse an import ${what}`, () => {
      expect(crossedFloors(filesOf({ [file]: `// a\n${text}\n` }))).to.have.lengthOf(1);
    });
  }

  it('allow the same room, lower floors, kit to core and bin to cli', () => {
    const files = filesOf({
      'lib/kit/a.ts': "import type { x } from '../core/b.ts';\nimport { y } from './c.ts';",
      'lib/kubernetes/watch/a.ts': "import { x } from '../client/b.ts';",
      'lib/kubernetes/client/a.ts': "import { x } from './b.ts';",
      'lib/kubernetes/discovery/a.ts': "import { x } from '../client/b.ts';",
      'lib/api/deep/a.ts': "import { x } from '../../core/b.ts';\nimport { y } from '../c.ts';",
      'bin/sluice.js': "import { main } from '../lib/cli/main.ts';",
    });
    expect(crossedFloors(files)).to.deep.equal([]);
  });

  it('hold in the tree', () => {
    expect(shown(crossedFloors(house))).to.deep.equal([]);
  });

  it('are known for every room there is', () => {
    const rooms = [...house.keys()].map((file) => /^lib\/([^/]+)\//.exec(file)?.[1] ?? 'cli');
    expect(Object.keys(FLOORS)).to.include.members([...new Set(rooms)]);
  });
});

describe('third-party packages', () => {
  const strays = [
    ['lib/filters/a.ts', "import { RE2JS } from 're2js';"],
    ['lib/gateway/a.ts', "import type { Logger } from 'winston';"],
    ['lib/sources/a.ts', "import { KubeConfig } from '@kubernetes/client-node';"],
    ['lib/config/a.ts', "import left from 'left-pad';"],
    ['lib/playback/a.ts', "import express from 'express';"],
    ['lib/api/a.ts', "import fs from 'fs';"],
    ['bin/sluice.js', "const winston = await import('winston');"],
  ] as const;
  for (const [file, text] of strays) {
    it(`are refused outside their room: ${file} ${text}`, () => {
      expect(strayPackages(filesOf({ [file]: text }))).to.have.lengthOf(1);
    });
  }

  it('are allowed in their room, by a path within the package too', () => {
    const text = "import { Ajv2020 } from 'ajv/dist/2020.js';\nimport { x } from 'node:fs';";
    expect(strayPackages(filesOf({ 'lib/config/a.ts': text }))).to.deep.equal([]);
  });

  it('stay in their rooms in the tree', () => {
    expect(shown(strayPackages(house))).to.deep.equal([]);
  });

  it('have a room each, if they are shipped', () => {
    const manifest = JSON.parse(readTree().get('package.json') ?? '{}') as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(PACKAGES)).to.include.members(Object.keys(manifest.dependencies));
  });
});
