// Held deliveries in `sluice deliveries`: when a limit lets them start, over a running gateway, and
// that only a gateway knows it, over a file.

import { expect } from 'chai';
import { idOf, numbered } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { aFileWorld, aGatewayWorld, type DeliveriesWorld } from './deliveries-world.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

const worlds = { 'a running gateway': aGatewayWorld, 'a file': aFileWorld };
for (const [what, open] of Object.entries(worlds)) {
  describe(`held deliveries over ${what}`, () => {
    let world: DeliveriesWorld;
    const clock = new FakeClock();
    beforeEach(async () => void (world = await open()));
    afterEach(() => world[Symbol.asyncDispose]());
    const run = (line: readonly string[]) => world.run(line, { clock });

    it('says when a held delivery starts, if a gateway knows it', async () => {
      const held = { state: 'held', createdAt: NOON - 60_000, dueAt: NOON - 60_000 } as const;
      await world.commit([numbered(1, held), numbered(2, held), numbered(3, held)]);
      const from = { budget: 'total', expiresAt: NOON + 2_400_000 } as const;
      world.forecasts?.set(idOf(1), { ...from, releaseAt: NOON + 720_000 });
      world.forecasts?.set(idOf(2), { ...from, releaseAt: NOON + 7_200_000 });
      const { out } = await run(['list', '--order', 'oldest']);
      const next = out
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ {2,}/)[7]);
      const isKnown = world.forecasts !== null;
      expect(next).to.deep.equal(isKnown ? ['in 12m', 'dead in 40m', '-'] : ['-', '-', '-']);
      const shown = async (place: number) => (await run(['show', idOf(place)])).out;
      const then = isKnown ? '' : ', once a gateway runs';
      const unknown = `held by a limit for 1m: it starts as the limit allows${then}, or expires after holdFor`;
      expect(await shown(1)).to.include(
        isKnown
          ? 'held by limits.total for 1m: it starts in 12m, at 2026-01-31T12:12:00.000Z, if no other delivery starts first'
          : unknown,
      );
      expect(await shown(2)).to.include(
        isKnown
          ? 'held by limits.total for 1m: it expires in 40m, at 2026-01-31T12:40:00.000Z: the limit allows it only after holdFor'
          : unknown,
      );
      expect(await shown(3)).to.include(unknown);
    });
  });
}
