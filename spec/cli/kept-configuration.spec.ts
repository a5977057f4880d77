// The stored copy of the configuration that ran last.

import { expect } from 'chai';
import { type KeptConfiguration, keepConfiguration, readKept } from '../../lib/cli/last-good.ts';
import type { KeyValues } from '../../lib/core/store.ts';

const GOOD: KeptConfiguration = {
  text: 'version: 1\n',
  file: 'sluice.yaml',
  folder: '/etc/sluice',
  form: 'ours',
  since: 1_000,
};

function aKeep(written: string | null = null): KeyValues & { readonly writes: string[] } {
  const writes: string[] = [];
  return {
    writes,
    read: async () => writes.at(-1) ?? written,
    write: async (_name, value) => void writes.push(value),
  };
}

describe('keepConfiguration', () => {
  it('stores a configuration that readKept returns unchanged', async () => {
    const keep = aKeep();
    await keepConfiguration(keep, GOOD);
    expect(await readKept(keep)).to.deep.equal(GOOD);
  });

  it('writes nothing if the same is stored, and keeps its time', async () => {
    const keep = aKeep(JSON.stringify(GOOD));
    await keepConfiguration(keep, { ...GOOD, since: 2_000 });
    expect(keep.writes).to.deep.equal([]);
    expect((await readKept(keep))?.since).to.equal(1_000);
  });

  for (const [key, value] of Object.entries({ text: 'x', file: 'y', folder: 'z', form: 'none' })) {
    it(`writes if another ${key} is stored`, async () => {
      const keep = aKeep(JSON.stringify(GOOD));
      await keepConfiguration(keep, { ...GOOD, [key]: value });
      expect(await readKept(keep)).to.deep.equal({ ...GOOD, [key]: value });
    });
  }
});

describe('readKept', () => {
  const nothing = [null, '', 'no JSON', '[]', '{}', '{"text":1,"since":1}', '{"text":"a"}'];
  for (const written of nothing) {
    it(`returns null for ${JSON.stringify(written)}`, async () => {
      expect(await readKept(aKeep(written))).to.equal(null);
    });
  }
});
