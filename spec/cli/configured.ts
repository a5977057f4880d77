// A configuration file in a folder of its own, for the commands that read one.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of the file and its folder, which exist only while a spec runs. */
export interface Configured {
  readonly folder: string;
  readonly file: string;
}

/** Writes the file before every spec of the calling suite, and removes its folder afterwards. */
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
