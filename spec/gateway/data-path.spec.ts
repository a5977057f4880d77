// The two lists of lib/README.md: the files that one Event and one webhook pass. What ran is counted, so
// that the lists cannot go stale.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemEnvironment } from '../../lib/kit/system.ts';
import type { PassedFiles } from './passed-files.ts';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'lib', 'README.md'), 'utf8');
// Words and tools that every path uses, and observers that an Event does not wait for: the clock watch
// looks once a second.
const BESIDE = /^lib\/(?:core|kit|telemetry)\/|^lib\/gateway\/(?:liveness|clock-watch)\.ts$/;

/** The files that a section of the guide links to, sorted. */
function listed(section: string): readonly string[] {
  const [, text = ''] = guide.split(`### ${section}\n`);
  const [own = ''] = text.split(/\n##/);
  return [...own.matchAll(/\]\(([\w/-]+\.ts)\)/g)].map(([, file]) => `lib/${file}`).sort();
}

describe('the data path', () => {
  let passed: PassedFiles;

  before(() => {
    const { NODE_V8_COVERAGE: _, ...env } = systemEnvironment();
    const program = join(import.meta.dirname, 'passed-files.ts');
    const output = execFileSync(process.execPath, [program], { encoding: 'utf8', env });
    passed = JSON.parse(output) as PassedFiles;
  });

  it('leads one Event from its bytes to its commit through the listed files', () => {
    const files = passed.event.filter((file) => !BESIDE.test(file));
    expect(files).to.deep.equal(listed('One Event'));
    expect(files.length).to.be.at.most(30);
  });

  it('leads one webhook from its claim to its settlement through the listed files', () => {
    // The gateway hands observations on.
    const files = passed.webhook.filter(
      (file) => !BESIDE.test(file) && file !== 'lib/gateway/gateway.ts',
    );
    expect(files).to.deep.equal(listed('One webhook'));
    expect(files.length).to.be.at.most(20);
  });
});
