// Completion in real shells: each command, flag and value of the tables of commands is offered.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commands } from '../../lib/cli/registry.ts';
import { runLine } from './process-context.ts';
import { hasShell, offeredBy, type Shell } from './shells.ts';

const NAMES = Object.keys(commands);
const DELIVERIES = Object.keys(commands.deliveries.commands);
const flagsOf = ({ flags }: { readonly flags: object }): readonly string[] =>
  ['help', ...Object.keys(flags)].map((name) => `--${name}`);

interface Row {
  readonly typed: string;
  readonly offered: readonly string[];
  /** Words that must not be offered. */
  readonly not: readonly string[];
}

const ROWS: readonly Row[] = [
  { typed: '', offered: NAMES, not: ['list', '--config'] },
  { typed: 'ex', offered: ['explain'], not: ['run'] },
  { typed: 'deliveries ', offered: DELIVERIES, not: ['run', '--url'] },
  { typed: 'deliveries re', offered: ['release', 'rerun', 'retry'], not: ['list'] },
  { typed: 'run --', offered: flagsOf(commands.run), not: ['--speed', 'check'] },
  { typed: 'demo --', offered: flagsOf(commands.demo), not: ['--store'] },
  { typed: 'playback --tl', offered: ['--tls-cert', '--tls-key'], not: ['--tls'] },
  { typed: '--ku', offered: ['--kubeconfig'], not: ['--config'] },
  { typed: '--log-format te', offered: ['text'], not: ['json', 'run'] },
  { typed: '--log-decisions a', offered: ['all', 'accepted'], not: ['none'] },
  { typed: 'deliveries list --o', offered: ['--object', '--order'], not: ['--output'] },
  { typed: 'deliveries list --order ', offered: ['newest', 'oldest'], not: ['text'] },
  { typed: 'deliveries list --state ref', offered: ['refused'], not: ['dead'] },
  { typed: 'deliveries list --state dead --or', offered: ['--order'], not: ['--state'] },
  { typed: 'explain --format ', offered: ['text', 'json'], not: ['newest'] },
  { typed: 'help ', offered: NAMES, not: ['list'] },
  { typed: 'help deliveries ', offered: DELIVERIES, not: ['run'] },
  { typed: 'completion ', offered: ['bash', 'zsh', 'fish'], not: ['run'] },
  { typed: 'check val', offered: ['values.yaml'], not: ['run'] },
  { typed: 'run --config val', offered: ['values.yaml'], not: ['run'] },
  { typed: 'run --store mem', offered: ['memory'], not: ['run'] },
  { typed: 'run --store val', offered: ['values.yaml'], not: ['run'] },
  { typed: 'run --master val', offered: [], not: ['values.yaml'] },
  { typed: 'explain --format=js', offered: ['json'], not: ['text'] },
];

const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

// A missing shell cannot be tested; bash is required, because other scripts of the project need it.
const ASKED = SHELLS.filter((one) => one === 'bash' || hasShell(one));
for (const shell of SHELLS.filter((one) => !ASKED.includes(one))) {
  process.stderr.write(`\n!!! COMPLETION IN ${shell} IS LEFT OUT: it is not installed here\n`);
}

for (const shell of ASKED) {
  describe(`completion in ${shell}`, function () {
    this.timeout(60_000);
    let folder = '';
    let found: readonly (readonly string[])[] = [];
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-complete-'));
      const script = join(folder, '_sluice');
      const { code, out, err } = await runLine(['completion', shell]);
      expect(code, err).to.equal(0);
      writeFileSync(script, out);
      writeFileSync(join(folder, 'values.yaml'), '');
      found = offeredBy(shell, { script, folder, lines: ROWS.map(({ typed }) => typed) });
      expect(found).to.have.length(ROWS.length);
    });
    after(() => {
      if (folder !== '') rmSync(folder, { recursive: true });
    });

    for (const [place, { typed, offered, not }] of ROWS.entries()) {
      it(`offers ${offered.slice(0, 3).join(', ') || 'nothing'} for "sluice ${typed}"`, () => {
        // Some shells offer the whole word, `--format=json`, others its last part.
        const words = (found[place] ?? []).map((word) => word.replace(/^--[a-z]+=/, ''));
        expect(words).to.include.members([...offered]);
        expect(not.filter((word) => words.includes(word))).to.deep.equal([]);
      });
    }
  });
}
