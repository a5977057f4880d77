// The main run: kill -9 under load, at every kind of moment, and the accounting of every trigger.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { mainRun } from './harness/main-run.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { tell } from './harness/report.ts';

const { form, seed, kills = form === 'long' ? 200 : 5 } = readFaultsEnvironment();
/** The harness reads the store after each kill, so a store that grows for long slows the run. */
const KILLS_A_ROUND = 40;
const MINUTE_MS = 60_000;
/**
 * Load between two kills, also on a slow machine; less could hide what a kill breaks. The recorded
 * runs (results/faults.json) have 265 to 375.
 */
const EVENTS_A_KILL = 100;
/** Share of the kills at which no delivery may wait or run. */
const IDLE_AT_MOST = 0.2;

describe('kill -9 under load', function () {
  this.timeout(10 * MINUTE_MS);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });

  const rounds = Math.ceil(kills / KILLS_A_ROUND);
  for (let round = 0; round < rounds; round += 1) {
    const count = Math.min(KILLS_A_ROUND, kills - round * KILLS_A_ROUND);
    const own = seed + round;
    it(`${count} kills, seed ${own}: every series once at every trigger, or reported as unknown`, async () => {
      const log = (line: string): void => void process.stdout.write(`        ${line}\n`);
      const found = await mainRun(plane, { seed: own, kills: count, log });
      const { injected, accounts, gaps, eventsPerSecond, underWay, attempting } = found;
      await tell({
        row: 'kill -9 under load',
        seed: own,
        injected,
        accounts,
        counted: {
          'Events a second': eventsPerSecond,
          'kills under way': `${underWay}/${count}`,
          'kills while attempting': `${attempting}/${count}`,
          'gaps: possible-loss': gaps['possible-loss'] ?? 0,
          'gaps: coalesced': gaps['coalesced'] ?? 0,
          'doubles told in the log': found.doubtsLogged,
        },
      });
      expect(
        accounts.flatMap(({ trigger, wrong }) => wrong.map((one) => `${trigger}: ${one}`)),
      ).to.deep.equal([]);
      expect(found.complaints).to.deep.equal([]);
      expect(injected['kills']).to.equal(count);
      expect(gaps['possible-loss']).to.equal(0);
      expect(injected['Events']).to.be.at.least(count * EVENTS_A_KILL);
      expect(underWay / count).to.be.at.least(1 - IDLE_AT_MOST);
    });
  }
});
