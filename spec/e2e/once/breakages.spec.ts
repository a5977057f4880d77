// Proof that the harness can fail: gateways that break a promise (harness/breakages.ts), and the
// finding for each. Part of the long form only, because it proves nothing about the product.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { until } from '../../support/until.ts';
import type { BreakageName } from './harness/breakages.ts';
import { mainRun } from './harness/main-run.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { Row } from './harness/row.ts';

const { form, seed } = readFaultsEnvironment();
const KILLS = 12;
const SETTLE_MS = 20_000;

const FOUND: Readonly<Partial<Record<BreakageName, RegExp>>> = {
  'position-first': /^lost: /,
  'no-begin': /^ended neither delivered nor unknown: .* running/,
  'attempt-unrecorded': /^(twice|attempts made but not recorded): /,
  'outcome-first': /^lost: /,
};

if (form === 'long') describe('the fault harness', specs);

function specs(this: Mocha.Suite): void {
  this.timeout(300_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });

  for (const [name, what] of Object.entries(FOUND)) {
    const breakage = name as BreakageName;
    it(`finds a gateway with ${breakage}`, async () => {
      const log = (): void => undefined;
      const found = await mainRun(plane, {
        seed,
        kills: KILLS,
        settleMs: SETTLE_MS,
        breakage,
        log,
      });
      const wrong = found.accounts.flatMap((one) => one.wrong);
      process.stdout.write(`        ${[...wrong].sort()[0] ?? 'nothing'}\n`);
      expect(
        wrong.some((one) => what.test(one)),
        wrong.join('\n'),
      ).to.equal(true);
    });
  }

  it('finds a gateway with no-ledger', async () => {
    await using row = await Row.start(plane);
    const configuration = row.configuration({ rule: { again: { quiet: '1h' } } });
    const life = { configuration, faults: { breakage: 'no-ledger' } } as const;
    await using first = await row.gateway(life);
    // In both lives: another first time would be another series, which no ledger stops.
    const firstTimestamp = '2026-01-31T12:00:00Z';
    const name = await row.write({ firstTimestamp });
    await row.started();
    await row.kill(first);
    const written = new Date().getTime();
    await until(() => new Date().getTime() > written + 1_100, 'another creationTimestamp');
    await row.expire(name);
    await row.create(name, { firstTimestamp, count: 7 });
    await using gateway = await row.gateway(life);
    const trouble = await row.end(gateway).then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(trouble).to.match(/^AssertionError: builds/);
  });
}
