// The report of a run of the bench: aims, and changes since the committed results.

import { expect } from 'chai';
import type { Figure } from './figure.ts';
import { renderTable } from './report.ts';
import { type Results, toResults } from './results.ts';

const settings = { rounds: 3, events: 10, loadBefore: 0 };

function resultsOf(...figures: readonly Partial<Figure>[]): Results {
  const usual: Figure = { name: 'one', unit: 'ratio', meaning: '', rounds: [1, 2, 3] };
  const summary = 'what it measures';
  const filled = figures.map((figure) => ({ ...usual, ...figure }));
  return toResults([{ part: 'reject', summary, figures: filled }], settings);
}

function lineOf(table: string, name: string): string {
  const line = table.split('\n').find((one) => one.trim().startsWith(name)) ?? '';
  return line.trim().replaceAll(/ {2,}/g, ' | ');
}

describe('the results of the bench', () => {
  it('keep the rounds and the derived values', () => {
    const [figure] = resultsOf({ rounds: [3, 1, 2.00001] }).parts[0]?.figures ?? [];
    expect(figure).to.include({ median: 2, min: 1, max: 3 });
    expect(figure?.rounds).to.deep.equal([3, 1, 2]);
  });

  it('know the aim of a figure by its part and name', () => {
    const name = 'cpu json accepted ÷ parse';
    const [good] = resultsOf({ name, rounds: [1, 1.6, 9] }).parts[0]?.figures ?? [];
    const [bad] = resultsOf({ name, rounds: [3, 5, 9] }).parts[0]?.figures ?? [];
    const [other] = resultsOf({ name: 'other' }).parts[0]?.figures ?? [];
    expect([good?.reached, bad?.reached, other?.reached]).to.deep.equal([true, false, undefined]);
  });

  it('describe the machine by its processors and its Node.js alone', () => {
    const { machine } = resultsOf({});
    expect(Object.keys(machine)).to.deep.equal(['cores', 'cpu', 'node']);
  });
});

describe('the table of the bench', () => {
  it('shows ratios before figures that depend on the machine', () => {
    const table = renderTable(
      resultsOf({ name: 'rate', unit: 'per second' }, { name: 'ratio' }),
      undefined,
    );
    expect(table.indexOf('ratio ')).to.be.lessThan(table.indexOf('rate (per second)'));
  });

  it('shows median, spread, aim and whether it is reached', () => {
    const name = 'cpu json accepted ÷ parse';
    const table = renderTable(resultsOf({ name, rounds: [3, 5, 9] }), undefined);
    expect(lineOf(table, name)).to.include(`${name} | 5.00 | 3.00–9.00 | ≤ 1.6 | NOT reached`);
  });

  const changes = [
    [[2, 3, 4], '+50 % of 2.00 (noise)'],
    [[4, 4, 5], '+100 % of 2.00'],
    [[0.5, 0.5, 0.6], '-75 % of 2.00'],
  ] as const;
  for (const [rounds, said] of changes) {
    it(`reports ${said} if 1, 2, 3 has become ${rounds.join(', ')}`, () => {
      const table = renderTable(resultsOf({ rounds }), resultsOf({}));
      expect(lineOf(table, 'one').split(' | ').at(-1)).to.equal(said);
    });
  }

  it('reports nothing about a new figure', () => {
    const table = renderTable(resultsOf({}), resultsOf({ name: 'another' }));
    expect(lineOf(table, 'one')).to.equal('one | 2.00 | 1.00–3.00');
  });
});
