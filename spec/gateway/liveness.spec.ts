// Liveness: false only if reading or dispatch makes no progress although it should.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { Liveness } from '../../lib/gateway/liveness.ts';
import { GatewayState } from '../../lib/telemetry/gateway-state.ts';
import { record } from '../../lib/telemetry/observations/table.ts';
import { aDelivery } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;

/** Liveness that is read as often as it looks itself. */
function bench() {
  const clock = new FakeClock();
  const state = new GatewayState({ sources: ['shop'], triggers: ['build'] }, clock);
  const liveness = new Liveness(clock, state, [{ name: 'build', timeoutMs: 30_000 }]);
  const observe = (observation: Observation): void => {
    record(observation, state);
    liveness.observe(observation);
  };
  const due: { at: number | null } = { at: null };
  const stop = new AbortController();
  void liveness.run({ next: async () => due.at }, () => clock.now(), stop.signal);
  return { clock, liveness, observe, due };
}

const listed: Observation = {
  kind: 'list-ended',
  source: 'shop',
  path: '/a',
  purpose: 'refresh',
  items: 0,
  pages: 1,
  durationMs: 1,
};
const attempt = (kind: 'attempt-started' | 'attempt-ended'): Observation => {
  const outcome = { outcome: 'delivered' } as const;
  return { kind, delivery: aDelivery(), outcome, durationMs: 1 };
};
const breaker = (to: 'open' | 'closed'): Observation => ({
  kind: 'breaker',
  trigger: 'build',
  from: 'closed',
  to,
  why: '503',
  retryMs: 1,
});
const pause = (state: 'paused' | 'trying' | 'over'): Observation => ({
  ...{ kind: 'pause', trigger: 'build', reason: 'throttled', state, why: '429' },
  ...{ retryMs: 1, until: 0 },
});
const trouble = (state: 'unavailable' | 'available'): Observation => ({
  kind: 'store-trouble',
  state,
  why: 'disk full',
});
const usage = (level: 'fine' | 'full'): Observation => ({
  kind: 'store-usage',
  level,
  overflow: 'block',
  bytes: 1,
  maxBytes: 1,
});

describe('liveness', () => {
  it('is true while there is nothing to do', async () => {
    const { clock, liveness } = bench();
    await clock.advance(24 * 60 * MINUTE);
    expect(liveness.stuck()).to.deep.equal([]);
  });

  describe('of reading', () => {
    it('ends when a batch has not been committed for 5 minutes', async () => {
      const { clock, liveness } = bench();
      liveness.pulls('shop');
      liveness.commits('shop');
      await clock.advance(5 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
      await clock.advance(1);
      const stuck = ['source shop: a batch has not been committed for 5 min'];
      expect(liveness.stuck()).to.deep.equal(stuck);
      liveness.pulls('shop');
      expect(liveness.stuck()).to.deep.equal([]);
    });

    it('ends when no source reads or tries to for 15 minutes', async () => {
      const { clock, liveness, observe } = bench();
      liveness.pulls('shop');
      await clock.advance(14 * MINUTE);
      observe(listed);
      await clock.advance(15 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
      await clock.advance(1);
      const stuck = ['source shop: nothing was read or tried for 15 min'];
      expect(liveness.stuck()).to.deep.equal(stuck);
    });

    const excuses = [
      ['unavailable', trouble('unavailable'), trouble('available')],
      ['full', usage('full'), usage('fine')],
    ] as const;
    for (const [why, begins, ends] of excuses) {
      it(`continues while the store is ${why}, and its time begins again afterwards`, async () => {
        const { clock, liveness, observe } = bench();
        liveness.commits('shop');
        observe(begins);
        await clock.advance(60 * MINUTE);
        expect(liveness.stuck()).to.deep.equal([]);
        observe(ends);
        await clock.advance(5 * MINUTE);
        expect(liveness.stuck()).to.deep.equal([]);
        await clock.advance(1);
        expect(liveness.stuck()).to.have.length(1);
      });
    }

    it('continues after the process was suspended', async () => {
      const clock = new FakeClock();
      const liveness = new Liveness(
        clock,
        new GatewayState({ sources: [], triggers: [] }, clock),
        [],
      );
      liveness.commits('shop');
      await clock.advance(60 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
    });
  });

  describe('of dispatch', () => {
    const LIMIT = 6 * MINUTE;
    const stuck = ['trigger build: no attempt has begun or ended for 6 min'];

    it('ends when a due delivery is not attempted', async () => {
      const { clock, liveness, due, observe } = bench();
      due.at = clock.now();
      await clock.advance(LIMIT);
      expect(liveness.stuck()).to.deep.equal([]);
      await clock.advance(MINUTE);
      expect(liveness.stuck()).to.deep.equal(stuck);
      observe(attempt('attempt-started'));
      expect(liveness.stuck()).to.deep.equal([]);
    });

    it('continues while attempts begin or end, however many are due', async () => {
      const { clock, liveness, due, observe } = bench();
      due.at = clock.now();
      for (let round = 0; round < 10; round += 1) {
        observe(attempt(round % 2 === 0 ? 'attempt-started' : 'attempt-ended'));
        await clock.advance(5 * MINUTE);
        expect(liveness.stuck(), `round ${round}`).to.deep.equal([]);
      }
    });

    it('ends when an attempt does not end long after its timeout', async () => {
      const { clock, liveness, observe } = bench();
      observe(attempt('attempt-started'));
      await clock.advance(LIMIT + MINUTE);
      expect(liveness.stuck()).to.deep.equal(stuck);
    });

    it('continues while the breaker is open', async () => {
      const { clock, liveness, due, observe } = bench();
      due.at = clock.now();
      observe(breaker('open'));
      await clock.advance(60 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
      observe(breaker('closed'));
      await clock.advance(LIMIT + MINUTE);
      expect(liveness.stuck()).to.deep.equal(stuck);
    });

    it('continues while the lane is paused, even for an hour', async () => {
      const { clock, liveness, due, observe } = bench();
      due.at = clock.now();
      observe(pause('paused'));
      await clock.advance(59 * MINUTE);
      observe(pause('trying'));
      await clock.advance(10 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
      observe(pause('over'));
      await clock.advance(LIMIT + MINUTE);
      expect(liveness.stuck()).to.deep.equal(stuck);
    });

    it('continues while no waiting delivery is due', async () => {
      const { clock, liveness, due } = bench();
      due.at = clock.now() + 24 * 60 * MINUTE;
      await clock.advance(23 * 60 * MINUTE);
      expect(liveness.stuck()).to.deep.equal([]);
    });
  });
});
