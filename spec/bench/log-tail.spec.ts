// When Events were committed is read from the log: a line too few or too many would be a wrong
// rate.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { lastDecisionAt } from './log-tail.ts';

const LOG = [
  '{"time":"2026-01-31T12:00:00.000Z","level":"info","kind":"started","text":"sluice"}',
  '{"time":"2026-01-31T12:00:01.000Z","level":"info","kind":"decision","action":"accept"}',
  '{"time":"2026-01-31T12:00:02.500Z","level":"info","kind":"decision","action":"accept"}',
  '{"time":"2026-01-31T12:00:09.000Z","level":"info","kind":"delivery","text":"delivered"}',
  '',
];

describe('the log of a gateway that is measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  const file = join(folder, 'gateway.log');
  before(() => writeFileSync(file, LOG.join('\n')));
  after(() => rmSync(folder, { recursive: true }));

  it('returns the time of the last decision', () => {
    expect(lastDecisionAt(file, 2)).to.equal(Date.UTC(2026, 0, 31, 12, 0, 2, 500));
  });

  for (const decisions of [1, 3]) {
    it(`is refused if ${decisions} decisions were expected and 2 are there`, () => {
      expect(() => lastDecisionAt(file, decisions)).to.throw(`2 of ${decisions} decisions`);
    });
  }
});
