// The tables of docs/performance.md: they show what was measured, and nothing else.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AIMS } from './aims.ts';
import { DOCUMENT, tablesShown, withTables } from './document.ts';
import type { Figure } from './figure.ts';
import { committedResults, RESULTS_FILE, type Results, toResults } from './results.ts';

const root = join(import.meta.dirname, '..', '..');
const settings = { rounds: 1, events: 10, loadBefore: 0 };

function resultsOf(part: string, figures: Readonly<Record<string, number>>): Results {
  const made = Object.entries(figures).map(
    ([name, value]): Figure => ({ name, unit: 'ratio', meaning: '', rounds: [value] }),
  );
  return toResults([{ part, summary: '', figures: made }], settings);
}

function withTable(name: string, results: Results): string {
  return withTables(`before\n<!-- bench: ${name} -->\nold\n<!-- /bench -->\nafter`, results);
}

describe('the tables of the performance document', () => {
  it('are those of the results beside it', () => {
    const document = readFileSync(join(root, DOCUMENT), 'utf8');
    const results = JSON.parse(readFileSync(join(root, RESULTS_FILE), 'utf8')) as Results;
    expect(withTables(document, results)).to.equal(document);
  });

  it('have all of their figures or none, so that no name is misspelt', () => {
    const measured = new Set(
      committedResults()?.parts.flatMap(({ part, figures }) =>
        figures.map(({ name }) => `${part}/${name}`),
      ),
    );
    for (const [table, figures] of Object.entries(tablesShown())) {
      const missing = figures.filter((name) => !measured.has(name));
      // Those of the last issue were measured before there was a table.
      if (!figures.some((name) => name.includes('sqlite') && measured.has(name))) continue;
      expect(missing, table).to.deep.equal([]);
    }
  });

  it('show every aim for a store on disk', () => {
    const shown = Object.values(tablesShown()).flat();
    const aimed = Object.entries(AIMS).filter(
      ([name, { aim }]) => aim !== undefined && /sqlite|^backlog/.test(name),
    );
    expect(shown).to.include.members(aimed.map(([name]) => name));
  });

  it('leave the text around them unchanged', () => {
    const table = withTable('backlog', resultsOf('backlog', { peak: 150 }));
    expect(table).to.match(/^before\n<!-- bench: backlog -->\n/);
    expect(table).to.match(/\n<!-- \/bench -->\nafter$/);
    expect(table).not.to.contain('old');
  });

  const verdicts = [
    [150, '| most memory of one that lists and delivers 4,000, MB | 150 | ≤ 200 | reached |'],
    [250, '| most memory of one that lists and delivers 4,000, MB | 250 | ≤ 200 | not reached |'],
  ] as const;
  for (const [peak, row] of verdicts) {
    it(`say of ${peak} MB: ${row.endsWith('not reached |') ? 'not reached' : 'reached'}`, () => {
      expect(withTable('backlog', resultsOf('backlog', { peak })).split('\n')).to.include(row);
    });
  }

  it('show both stores and their ratio in a row', () => {
    const figures = { 'rate instant': 3000, 'rate instant sqlite': 2100 };
    const ratio = { 'rate instant sqlite ÷ instant': 0.7 };
    const table = withTable('stores', resultsOf('deliver', { ...figures, ...ratio }));
    expect(table.split('\n')).to.include(
      '| deliveries/s, instant receiver | 3,000 | 2,100 | 0.700 | ≥ 0.6 | reached |',
    );
  });

  it('report missing measurements', () => {
    expect(withTable('commit', resultsOf('commit', {}))).to.contain('\nNot measured yet.\n');
  });

  it('mark a figure that is missing beside others', () => {
    const table = withTable('backlog', resultsOf('backlog', { peak: 150 }));
    expect(table.split('\n')).to.include('| its memory once it rests again, MB | — |  |  |');
  });

  it('are refused under a name that is none', () => {
    expect(() => withTable('nothing', resultsOf('backlog', {}))).to.throw('no table "nothing"');
  });
});
