// Documents and code agree, both ways: shown to fail on bad examples first, then on the tree.

import { expect } from 'chai';
import { ERRORS } from '../../lib/core/errors.ts';
import { PROBLEM_CODES } from '../../lib/core/problem.ts';
import { METRICS } from '../../lib/telemetry/metric-table.ts';
import {
  deadLinks,
  errorTableFaults,
  metricFaults,
  problemCodeFaults,
  unvisitedRooms,
} from './documents.ts';
import { filesOf, readTree, shown } from './files.ts';

const tree = readTree();
const errors = { usage: { exitCode: 2, meaning: 'not understood', nextStep: 'see --help' } };
const head = '| code | exit | meaning | next step |\n|---|---|---|---|\n';
const row = '| `usage` | 2 | not understood | see --help |\n';

function operations(text: string): ReturnType<typeof filesOf> {
  return filesOf({ 'docs/operations.md': text });
}

describe('the table of errors in the documents', () => {
  const bad = [
    ['does not have the table', '# Operations\n'],
    ['does not have error usage', `${head}| internal | 1 | a bug | report it |\n`],
    ['no error has the code internal', `${head}${row}| internal | 1 | a bug | report it |\n`],
    ['usage should read', `${head}${row.replace('2', '3')}`],
    ['usage should read', `${head}${row.replace('not understood', 'odd')}`],
    ['usage should read', `${head}${row.replace('see --help', 'guess')}`],
  ] as const;
  for (const [what, text] of bad) {
    it(`fails with "${what}" on ${JSON.stringify(text.slice(-40))}`, () => {
      expect(shown(errorTableFaults(operations(text), errors)).join('\n')).to.contain(what);
    });
  }

  it('is fine where every code is there once, as in the code', () => {
    expect(errorTableFaults(operations(`x\n\n${head}${row}\ny`), errors)).to.deep.equal([]);
  });

  it('says what lib/core/errors.ts says', () => {
    expect(shown(errorTableFaults(tree, ERRORS))).to.deep.equal([]);
  });
});

describe('problem codes in the documents', () => {
  it('are missed where the reference does not name them', () => {
    const files = filesOf({ 'docs/configuration.md': 'a `wrong-type` is not a wrong-value' });
    expect(problemCodeFaults(files, ['wrong-type', 'wrong-value'])).to.have.lengthOf(1);
  });

  it('are each explained in docs/configuration.md', () => {
    expect(shown(problemCodeFaults(tree, PROBLEM_CODES))).to.deep.equal([]);
  });
});

describe('metrics in the documents', () => {
  const names = ['sluice_events_read_total', 'sluice_attempt_seconds'];

  it('are missed where operations does not name them, and where nothing makes them', () => {
    const faults = shown(
      metricFaults(operations('`sluice_gone_total` and sluice_events_read_total'), names),
    );
    expect(faults).to.deep.equal([
      'docs/operations.md:1: does not have metric sluice_attempt_seconds',
      'docs/operations.md:1: nothing makes metric sluice_gone_total',
    ]);
  });

  it('are fine where both name the same, a histogram by any of its series', () => {
    const text = '| `sluice_events_read_total` |\nrate(sluice_attempt_seconds_bucket[5m])';
    expect(metricFaults(operations(text), names)).to.deep.equal([]);
  });

  it('are the same in docs/operations.md and lib/telemetry', () => {
    expect(shown(metricFaults(tree, Object.keys(METRICS)))).to.deep.equal([]);
  });
});

describe('links in the documents', () => {
  it('are noticed where nothing is at their end', () => {
    const text = '[a](b.md) [c](../lib/) [d](https://example.test/x) [e](#here) [f](gone.md#part)';
    const files = filesOf({ 'docs/a.md': text, 'docs/b.md': '', 'lib/core/x.ts': '' });
    expect(shown(deadLinks(files))).to.deep.equal([
      'docs/a.md:1: links to gone.md, which is not there',
    ]);
  });

  it('lead to something', () => {
    expect(shown(deadLinks(tree))).to.deep.equal([]);
  });
});

describe('the guided walk', () => {
  it('misses a room that it does not lead through', () => {
    const texts = { 'lib/README.md': '[core/](core/)', 'lib/core/a.ts': '', 'lib/attic/a.ts': '' };
    expect(shown(unvisitedRooms(filesOf(texts)))).to.deep.equal([
      'lib/README.md:1: does not have the room attic',
    ]);
  });

  it('leads through every room of lib', () => {
    expect(shown(unvisitedRooms(tree))).to.deep.equal([]);
  });
});
