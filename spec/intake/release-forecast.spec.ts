// Forecasts of held deliveries: they are exact if no other delivery arrives.

import { expect } from 'chai';
import fc from 'fast-check';
import { aSeries } from '../support/builders.ts';
import { type IntakeHarness, intakeHarness } from './harness.ts';

const HOUR = 3_600_000;
const perHour = (count: number) => ({ count, perMs: HOUR });

/** Start times of held deliveries by id. */
async function startsOf(harness: IntakeHarness): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  let seen = 0;
  for (;;) {
    const { lookIn } = await harness.release.pass();
    const moved = harness.of('delivery-moved');
    for (const { delivery } of moved.slice(seen)) starts.set(delivery.id, harness.clock.now());
    seen = moved.length;
    if (lookIn === null) return starts;
    await harness.clock.advance(lookIn);
  }
}

const ARRIVAL = fc.record({
  namespace: fc.constantFrom('a', 'b', 'c'),
  object: fc.integer({ min: 0, max: 9 }),
});

const LIMITS = fc.constantFrom(
  { perObject: null, total: perHour(7) },
  { perObject: perHour(1), total: null },
);

describe('the forecast of a held delivery', () => {
  it('is its start, whatever else is held', async () => {
    const arrivals = fc.array(ARRIVAL, { minLength: 10, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(arrivals, LIMITS, async (many, limits) => {
        const harness = intakeHarness({ limits, holdForMs: 100 * 24 * HOUR });
        await harness.take(
          ...many.map(({ namespace, object }, place) =>
            aSeries(`e.${place}`, { namespace, object: `o${object}` }),
          ),
        );
        const forecasts = harness.release.forecasts();
        const held = await harness.store.archive.list({ states: ['held'], limit: 1_000 });
        const expected = new Map(held.map(({ id }) => [id, forecasts(id)?.releaseAt]));
        const starts = await startsOf(harness);
        expect(starts.size).to.equal(held.length);
        for (const [id, at] of starts) {
          // Tokens come at whole milliseconds, so a look may be one late for each.
          expect(expected.get(id)).to.be.closeTo(at, held.length);
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('names the budget that it waits for', async () => {
    const harness = intakeHarness({ limits: { perObject: perHour(1), total: perHour(2) } });
    const of = (name: string, object: string) => aSeries(name, { object });
    await harness.take(of('1', 'a'), of('2', 'b'), of('3', 'c'), of('4', 'a'), of('5', 'a'));
    const ids = harness.of('decision').map(({ disposed }) => disposed[0]?.id ?? '');
    const forecasts = harness.release.forecasts();
    const noon = harness.clock.now();
    const hours = (id: string) => {
      const forecast = forecasts(id);
      return forecast === null ? null : [forecast.budget, (forecast.releaseAt - noon) / HOUR];
    };
    expect(ids.map(hours)).to.deep.equal([
      null,
      null,
      ['total', 0.5],
      ['total', 1],
      ['perObject', 2],
    ]);
    expect(forecasts(ids[2] ?? '')?.expiresAt).to.equal(noon + 10 * HOUR);
    expect(forecasts('of nothing')).to.equal(null);
  });
});
