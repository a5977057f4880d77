// The stored copy of the configuration that ran last.

import { expect } from 'chai';
import { type KeptConfiguration, keepConfiguration, readKept } from '../../lib/cli/last-good.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { recordingStore } from '../support/doubles/store.ts';

const GOOD: KeptConfiguration = {
  text: 'version: 1\n',
  file: 'sluice.yaml',
  folder: '/etc/sluice',
  form: 'ours',
  since: 1_000,
};

/** Stored values whose writes are recorded, after an earlier process wrote the configuration. */
async function aKeep(written: string | null = null) {
  const own = createMemoryStore();
  if (written !== null) await own.keyValues.write('configuration', written);
  const { store, of } = recordingStore(own);
  return { ...store.keyValues, writes: () => of('write') };
}

describe('keepConfiguration', () => {
  it('stores a configuration that readKept returns unchanged', async () => {
    const keep = await aKeep();
    await keepConfiguration(keep, GOOD);
    expect(await readKept(keep)).to.deep.equal(GOOD);
  });

  it('writes nothing if the same is stored, and keeps its time', async () => {
    const keep = await aKeep(JSON.stringify(GOOD));
    await keepConfiguration(keep, { ...GOOD, since: 2_000 });
    expect(keep.writes()).to.deep.equal([]);
    expect((await readKept(keep))?.since).to.equal(1_000);
  });

  for (const [key, value] of Object.entries({ text: 'x', file: 'y', folder: 'z', form: 'none' })) {
    it(`writes if another ${key} is stored`, async () => {
      const keep = await aKeep(JSON.stringify(GOOD));
      await keepConfiguration(keep, { ...GOOD, [key]: value });
      expect(await readKept(keep)).to.deep.equal({ ...GOOD, [key]: value });
    });
  }
});

describe('readKept', () => {
  const nothing = [null, '', 'no JSON', '[]', '{}', '{"text":1,"since":1}', '{"text":"a"}'];
  for (const written of nothing) {
    it(`returns null for ${JSON.stringify(written)}`, async () => {
      expect(await readKept(await aKeep(written))).to.equal(null);
    });
  }
});
