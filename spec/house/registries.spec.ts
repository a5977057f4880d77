// Registries and directories agree: shown to fail on bad examples first, then applied to the tree.

import { expect } from 'chai';
import { filesOf, readTree, shown } from './files.ts';
import { REGISTERED_ROOMS, registryFaults } from './registries.ts';

const kind = 'export const jobKind = { kind: "job" };';
const listed = "import { jobKind } from './job.ts';\nexport const kinds = { job: jobKind };";

describe('a registry of kinds', () => {
  const bad = [
    ['there is no registry', { 'lib/triggers/job.ts': kind }],
    [
      'jobKind is not in',
      { 'lib/triggers/job.ts': kind, 'lib/triggers/registry.ts': 'export const kinds = {};' },
    ],
    ['exports no jobKind', { 'lib/triggers/registry.ts': listed }],
    [
      'imported but not listed',
      {
        'lib/triggers/job.ts': kind,
        'lib/triggers/registry.ts': "import { jobKind } from './job.ts';",
      },
    ],
  ] as const;
  for (const [what, texts] of bad) {
    it(`fails where ${what}`, () => {
      expect(shown(registryFaults(filesOf(texts), 'triggers')).join('\n')).to.contain(what);
    });
  }

  it('is fine where file and line agree', () => {
    const files = filesOf({ 'lib/triggers/job.ts': kind, 'lib/triggers/registry.ts': listed });
    expect(registryFaults(files, 'triggers')).to.deep.equal([]);
  });

  for (const room of REGISTERED_ROOMS) {
    it(`agrees with its directory in lib/${room}`, () => {
      expect(shown(registryFaults(readTree(), room))).to.deep.equal([]);
    });
  }
});
