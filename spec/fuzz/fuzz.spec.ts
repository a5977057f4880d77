// A short run of every fuzz target with a fixed seed; the long one is `make fuzz`. And the runner
// itself: a case can be made again, and a broken promise is found and told.

import { expect } from 'chai';
import { FuzzRandom } from './random.ts';
import { makeCase, runSession } from './session.ts';
import { type FuzzTarget, must } from './target.ts';
import { TARGETS, targetOf } from './targets.ts';

const SEED = 20_260_131;
/** Stops a target that a slow machine would not let finish; what is left is the long run's. */
const LIMIT_MS = 2_500;
const CASES = 1_000;

describe('fuzzing, a short run', () => {
  for (const name of Object.keys(TARGETS)) {
    it(`breaks no promise of ${name}`, async () => {
      const range = { seed: SEED, from: 0, cases: CASES, limitMs: LIMIT_MS };
      const { cases, findings } = await runSession(targetOf(name), range);
      expect(findings.map(({ case: number, what }) => `case ${number}: ${what}`)).to.deep.equal([]);
      // Fewer would say nothing.
      expect(cases).to.be.above(50);
    }).timeout(30_000);
  }
});

describe('a fuzz case', () => {
  for (const name of Object.keys(TARGETS)) {
    it(`of ${name} is the same whenever it is made, and plain JSON`, () => {
      for (const number of [0, 1, 7, 4_000_000]) {
        const made = makeCase(targetOf(name), SEED, number);
        expect(makeCase(targetOf(name), SEED, number)).to.deep.equal(made);
        const text = JSON.stringify(made);
        expect(JSON.stringify(JSON.parse(text))).to.equal(text);
      }
    });
  }

  it('differs with seed, target and number', () => {
    const drawn = [
      new FuzzRandom(1, 'a', 0),
      new FuzzRandom(2, 'a', 0),
      new FuzzRandom(1, 'b', 0),
      new FuzzRandom(1, 'a', 1),
    ].map((random) => random.next());
    expect(new Set(drawn).size).to.equal(drawn.length);
  });
});

describe('a fuzz session', () => {
  function aTarget(check: FuzzTarget<number>['check']): FuzzTarget {
    const target: FuzzTarget<number> = {
      name: 'numbers',
      feeds: 'numbers',
      make: (random) => random.below(10),
      check,
    };
    return target;
  }
  const range = { seed: 1, from: 0, cases: 200, limitMs: 60_000 };

  const breaks = [
    ['throws', (input: number) => must(input !== 3, 'it is not 3')],
    ['rejects', async (input: number) => must(input !== 3, 'it is not 3')],
    [
      'leaves a rejection behind',
      (input: number) => void Promise.resolve().then(() => must(input !== 3, 'it is not 3')),
    ],
  ] as const;
  for (const [how, check] of breaks) {
    it(`finds a check that ${how}, names the case and continues`, async () => {
      const { cases, failed, findings } = await runSession(aTarget(check), range);
      expect(cases).to.equal(range.cases);
      expect(failed).to.be.above(3);
      // Of one kind of finding a few are listed.
      expect(findings).to.have.lengthOf(3);
      expect(findings[0]?.what).to.contain('it is not 3');
    });
  }

  it('reproduces a case from its finding', async () => {
    const target = aTarget((input) => must(input !== 3, 'it is not 3'));
    const { findings } = await runSession(target, range);
    for (const { seed, case: number } of findings) {
      expect(makeCase(target, seed, number)).to.equal(3);
    }
  });
});
