// Secrets by reference: accepted texts, missing secrets, and the time for which one is cached.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readNeeded, readSecret, SecretSet } from '../../lib/kit/secret.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('a secret', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'));
    mkdirSync(join(folder, 'a-folder'));
    writeFileSync(join(folder, 'good'), ' hunter2 \r\n');
    writeFileSync(join(folder, 'empty'), '\n\n');
    writeFileSync(join(folder, 'large'), 'x'.repeat(1024 * 1024 + 1));
  });
  after(() => rmSync(folder, { recursive: true }));
  const places = () => ({ folder, environment: { GOOD: ' hunter2\n', EMPTY: ' ' } });

  const cases = [
    { ref: { file: 'good' }, wanted: 'hunter2' },
    { ref: { env: 'GOOD' }, wanted: 'hunter2' },
    { ref: { file: 'absent' }, why: 'file "absent": no such file' },
    { ref: { file: 'good/below' }, why: 'file "good/below": a file where a folder is expected' },
    { ref: { file: 'a-folder' }, why: 'file "a-folder": not a regular file' },
    { ref: { file: '/dev/zero' }, why: 'file "/dev/zero": not a regular file' },
    { ref: { file: 'empty' }, why: 'file "empty": empty' },
    { ref: { file: 'large' }, why: 'file "large": larger than 1 MiB' },
    { ref: { file: 'a\u001b[31m' }, why: 'file "a\\u001b[31m": no such file' },
    { ref: { env: 'ABSENT' }, why: 'variable "ABSENT": not set' },
    { ref: { env: 'EMPTY' }, why: 'variable "EMPTY": empty' },
  ] as const;
  for (const one of cases) {
    it(`${JSON.stringify(one.ref)} is ${'wanted' in one ? 'read' : one.why}`, async () => {
      const wanted = 'wanted' in one ? { ok: true, text: one.wanted } : { ok: false, why: one.why };
      expect(await readSecret(one.ref, places())).to.deep.equal(wanted);
    });
  }

  it('that is invalid is reported without its text', async () => {
    const needed = { path: '/x', ref: { file: 'good' }, fault: () => 'holds no key' };
    expect(await readNeeded(needed, places())).to.deep.equal({
      ...{ ok: false, why: 'file "good": holds no key' },
    });
  });

  it('is believed for ten seconds, together with the others of its set', async () => {
    const clock = new FakeClock();
    const needed = {
      a: { path: '/a', ref: { file: 'moving' } },
      b: { path: '/b', ref: { env: 'GOOD' } },
    };
    const set = new SecretSet(needed, places(), clock);
    const texts = async () => {
      const read = await set.read();
      return read.ok ? read.texts : read.why;
    };
    expect(await texts()).to.equal('file "moving": no such file');
    writeFileSync(join(folder, 'moving'), 'one');
    expect(await texts()).to.deep.equal({ a: 'one', b: 'hunter2' });
    writeFileSync(join(folder, 'moving'), 'two');
    await clock.advance(9_999);
    expect(await texts()).to.deep.include({ a: 'one' });
    await clock.advance(1);
    expect(await texts()).to.deep.include({ a: 'two' });
    writeFileSync(join(folder, 'moving'), 'three');
    set.forget();
    expect(await texts()).to.deep.include({ a: 'three' });
  });
});
