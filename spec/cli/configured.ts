// A configuration file in a folder of its own, for the commands that read one.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Its path, which exists only while a spec runs. */
export interface Configured {
  readonly folder: string;
  readonly file: string;
}

/** Writes it before every spec of the suite that calls this, and removes the folder after it. */
export function aConfiguration(text: string): Configured {
  const at = { folder: '', file: '' };
  beforeEach(() => {
    at.folder = mkdtempSync(join(tmpdir(), 'sluice-configured-'));
    at.file = join(at.folder, 'sluice.yaml');
    writeFileSync(at.file, text);
  });
  afterEach(() => rmSync(at.folder, { recursive: true }));
  return at;
}
