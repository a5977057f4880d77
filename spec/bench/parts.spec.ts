// Every part of the bench runs, with a handful of Events and few of its variants. No figure is
// looked at but for being a number: how fast something is, no spec says.

import { expect } from 'chai';
import { runBench } from './bench.ts';
import { PARTS } from './parts/registry.ts';

const EVENTS = 1_000;
/** Of each part, as few variants as every way of measuring needs. */
const VARIANTS = [
  ...['split', 'parse', 'json accepted'],
  ...['reader', 'sqlite last only'],
  ...['post node instant', 'post axios instant', 'instant batch sqlite', 'commits alone sqlite'],
  '1000 rules',
  '2,000 waiting sqlite',
  ...['sqlite', 'silent'],
  ...['batch 10 append', 'batch 10 sqlite', 'cycles sqlite'],
  ...['waiting', 'blocked'],
  'js-yaml',
];
// About 25 s of processor time, of all its processes together.
const LIMIT_MS = 120_000;

describe('the bench', () => {
  it('measures in all its parts', async () => {
    const measured = await runBench({
      parts: PARTS,
      rounds: 1,
      events: EVENTS,
      cpuProf: null,
      wants: (name) => VARIANTS.includes(name),
      say: () => undefined,
      stop: AbortSignal.timeout(LIMIT_MS),
    });
    expect(measured.map(({ part }) => part)).to.deep.equal(PARTS.map(({ name }) => name));
    for (const { part, figures } of measured) {
      const rounds = figures.flatMap((figure) => figure.rounds);
      expect(rounds, part).to.not.be.empty;
      expect(rounds.filter(Number.isNaN), part).to.deep.equal([]);
    }
  }).timeout(LIMIT_MS);
});
