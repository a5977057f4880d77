// Observations of limits that hold or shed: once at the beginning and once at the end, with the
// biggest user.

import { expect } from 'chai';
import { aSeries } from '../support/builders.ts';
import { type IntakeHarness, intakeHarness } from './harness.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const onlyTotal = (count: number) => ({ perObject: null, total: { count, perMs: HOUR } });

const many = (namespace: string, count: number, from = 1) =>
  Array.from({ length: count }, (_, place) =>
    aSeries(`${namespace}.${from + place}`, { namespace }),
  );

/** Runs the release until a moment, as the gateway does. */
async function work(harness: IntakeHarness, ms: number): Promise<void> {
  const stop = new AbortController();
  const running = harness.release.run(stop.signal);
  await harness.clock.advance(ms);
  stop.abort();
  await running;
}

describe('a budget that is used up', () => {
  it('is observed once when it begins to hold, with its biggest user, and once when it is free', async () => {
    const harness = intakeHarness({ limits: onlyTotal(4) });
    await harness.take(...many('noisy', 3), ...many('quiet', 1), ...many('quiet', 3, 2));
    await harness.take(...many('noisy', 2, 4));
    const rule = { index: 0, name: 'all', identity: 'all' };
    const user = { rule, trigger: 'build', namespace: 'noisy', object: null, taken: 3 };
    const budget = { kind: 'budget', budget: 'total', rate: '4/h' } as const;
    expect(harness.of('budget')).to.deep.equal([{ ...budget, state: 'used-up', user }]);
    await work(harness, 2 * HOUR);
    expect(harness.of('budget').slice(1)).to.deep.equal([{ ...budget, state: 'free', user: null }]);
  });

  it('names the object if it is its own', async () => {
    const limits = { perObject: { count: 1, perMs: HOUR }, total: null };
    const harness = intakeHarness({ limits });
    const about = (namespace: string, object: string) =>
      ['1', '2'].map((number) => aSeries(`${namespace}.${number}`, { namespace, object }));
    await harness.take(...about('a', 'one'));
    await harness.take(...about('b', 'two'));
    expect(harness.of('budget')).to.have.length(1);
    expect(harness.of('budget')[0]).to.deep.include({ budget: 'perObject', rate: '1/h' });
    expect(harness.of('budget')[0]?.user).to.include({ namespace: 'a', object: 'v1/Pod/a/one' });
    await work(harness, HOUR);
    expect(harness.of('budget').map(({ state }) => state)).to.deep.equal(['used-up', 'free']);
  });

  it('is observed again after a restart, with the first held delivery', async () => {
    const first = intakeHarness({ limits: onlyTotal(1) });
    await first.take(...many('noisy', 3));
    const { store, clock } = first;
    const second = intakeHarness({ store, clock, limits: onlyTotal(1) });
    second.limiter.recover(await store.archive.firedSince(0), clock.now());
    await second.release.recover();
    await second.release.pass();
    expect(
      second.of('budget').map(({ state, user }) => [state, user?.namespace, user?.taken]),
    ).to.deep.equal([['used-up', 'noisy', 0]]);
  });

  it('knows its biggest user of the current period and the last one', async () => {
    const harness = intakeHarness({ limits: onlyTotal(4) });
    await harness.take(...many('before', 4));
    await harness.clock.advance(3 * HOUR);
    await harness.take(...many('now', 5));
    expect(harness.of('budget').map(({ user }) => user?.namespace)).to.deep.equal(['now']);
  });
});

describe('shedding', () => {
  const setUp = () => intakeHarness({ limits: onlyTotal(1), heldAtMost: 4, holdForMs: 9 * HOUR });

  it('is observed once, however many are shed, and its end with their number', async () => {
    const harness = setUp();
    await harness.take(...many('noisy', 20));
    await harness.take(...many('noisy', 20, 21));
    await harness.take(...many('quiet', 1));
    const longest = {
      namespace: 'noisy',
      held: 4,
      rule: { index: 0, name: 'all', identity: 'all' },
    };
    const said = { kind: 'shedding', trigger: 'build', bound: 4 } as const;
    expect(harness.of('shedding')).to.deep.equal([
      { ...said, state: 'began', dropped: 15, gaveWay: 0, longest },
    ]);
    await work(harness, MINUTE);
    const after = { ...longest, held: 3 };
    expect(harness.of('shedding').slice(1)).to.deep.equal([
      { ...said, state: 'ended', dropped: 35, gaveWay: 1, longest: after },
    ]);
  });

  it('lasts as long as a delivery is shed within each minute', async () => {
    const harness = setUp();
    await harness.take(...many('noisy', 20));
    for (let round = 1; round < 5; round += 1) {
      await work(harness, MINUTE - 1_000);
      await harness.take(...many('noisy', 1, 100 * round));
    }
    expect(harness.of('shedding').map(({ state }) => state)).to.deep.equal(['began']);
  });

  it('is not observed for a trigger at which nothing is shed', async () => {
    const harness = setUp();
    await harness.take(...many('noisy', 5));
    await work(harness, MINUTE);
    expect(harness.of('shedding')).to.deep.equal([]);
  });
});
