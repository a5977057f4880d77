// The file itself: real files and devices in a folder of its own.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadDocument, MAX_CONFIG_BYTES } from '../../lib/config/load-document.ts';
import { readConfigFile } from '../../lib/config/read-file.ts';

describe('readConfigFile', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('reads a file as UTF-8', async () => {
    await writeFile(join(folder, 'a.yaml'), 'cluster: Zürich\n');
    expect(await readConfigFile(join(folder, 'a.yaml'))).to.deep.equal({
      ok: true,
      text: 'cluster: Zürich\n',
    });
  });

  it('reads an empty file as an empty text', async () => {
    await writeFile(join(folder, 'a.yaml'), '');
    expect(await readConfigFile(join(folder, 'a.yaml'))).to.deep.equal({ ok: true, text: '' });
  });

  const unreadable: readonly (readonly [what: string, name: string, message: RegExp])[] = [
    ['a file that is not there', 'missing.yaml', /missing\.yaml: no such file/],
    ['a folder', '.', /a folder/],
    ['a path through a file', 'a.yaml/b.yaml', /a file where a folder is expected/],
  ];
  for (const [what, name, message] of unreadable) {
    it(`answers with a problem for ${what}`, async () => {
      await writeFile(join(folder, 'a.yaml'), '');
      const read = await readConfigFile(join(folder, name));
      if (read.ok) throw new Error('read');
      expect(read.problem).to.include({
        code: 'unreadable',
        severity: 'error',
        line: 0,
        column: 0,
      });
      expect(read.problem.message).to.match(message);
      expect(read.problem.hint).not.to.equal('');
    });
  }

  it('reads only enough of a file to see that it is too large', async () => {
    await writeFile(join(folder, 'a.yaml'), Buffer.alloc(3 * MAX_CONFIG_BYTES, 0x61));
    const read = await readConfigFile(join(folder, 'a.yaml'));
    if (!read.ok) throw new Error('not read');
    expect(read.text.length).to.equal(MAX_CONFIG_BYTES + 1);
    expect(loadDocument(read.text).problems[0]).to.include({ code: 'too-large' });
  });

  it('ends for a device that does not end', async () => {
    const read = await readConfigFile('/dev/zero');
    if (!read.ok) throw new Error('not read');
    expect(loadDocument(read.text).ok).to.equal(false);
  });
});
