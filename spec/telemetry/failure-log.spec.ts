// Identical failures: logged when they start, change and end, at debug in between.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import type { TroubleReason } from '../../lib/core/ports/source.ts';
import { aDelivery } from '../support/builders.ts';
import { type Heard, heard } from './support.ts';

const where = { source: 'shop', path: '/p' };
const listFailed = (reason: TroubleReason): Observation => ({
  kind: 'list-failed',
  ...where,
  reason,
  detail: '',
  retryMs: 1000,
});
const listed: Observation = {
  kind: 'list-ended',
  ...where,
  purpose: 'refresh',
  items: 0,
  pages: 1,
  durationMs: 1,
};
const cut: Observation = {
  kind: 'watch-ended',
  ...where,
  reason: 'cut',
  detail: '',
  lastedMs: 5,
  retryMs: 1000,
};
const opened: Observation = { kind: 'path-current', ...where };
const nothing: Observation = { kind: 'events-read', ...where, from: 'watch', count: 0 };

async function observed(
  { telemetry, clock, lines }: Heard,
  observations: readonly Observation[],
): Promise<readonly string[]> {
  for (const observation of observations) {
    telemetry.observe(observation);
    await clock.advance(1000);
  }
  return (await lines()).map((line) => line.slice(25));
}

describe('identical failures', () => {
  it('are logged when they start and when they end, with the number of repetitions', async () => {
    const failures = [
      listFailed('unreachable'),
      listFailed('unreachable'),
      listFailed('unreachable'),
    ];
    expect(await observed(heard(), [...failures, listed])).to.deep.equal([
      'warn  shop: cannot list /p, unreachable; retry in 1s',
      'info  resolved: shop: cannot list /p, unreachable; retry in 1s (repeated 2 times in 3s)',
    ]);
  });

  it('are debug lines in between', async () => {
    const lines = await observed(heard({ level: 'debug' }), [
      listFailed('unreachable'),
      listFailed('unreachable'),
    ]);
    expect(lines.map((line) => line.slice(0, 5))).to.deep.equal(['warn ', 'debug']);
  });

  it('of the store are logged with the next step and their duration', async () => {
    const why = 'commit: the disk is full';
    const lines = await observed(heard(), [
      { kind: 'store-trouble', state: 'unavailable', why },
      { kind: 'store-trouble', state: 'available', why: '' },
    ]);
    const text = `the store accepts no changes: ${why}; free space or repair the disk; failed calls are retried automatically`;
    expect(lines).to.deep.equal([`error ${text}`, `info  resolved: ${text} (for 1s)`]);
  });

  it('are logged when their cause changes', async () => {
    const lines = await observed(heard(), [
      listFailed('unreachable'),
      listFailed('unreachable'),
      listFailed('forbidden'),
      listed,
    ]);
    expect(lines).to.deep.equal([
      'warn  shop: cannot list /p, unreachable; retry in 1s',
      'error shop: cannot list /p, forbidden; retry in 1s (before: unreachable, repeated 1 time in 2s)',
      'info  resolved: shop: cannot list /p, forbidden; retry in 1s (for 1s)',
    ]);
  });

  it('are distinguished by path and by operation', async () => {
    const lines = await observed(heard(), [
      listFailed('unreachable'),
      cut,
      {
        kind: 'list-failed',
        source: 'shop',
        path: '/q',
        reason: 'unreachable',
        detail: '',
        retryMs: 1,
      },
    ]);
    expect(lines).to.have.length(3);
  });

  it('that flap are logged at most twice a minute, and their end once they stay away', async () => {
    const all = heard();
    const flapping = Array.from({ length: 20 }, () => [cut, opened]).flat();
    for (const observation of flapping) {
      all.telemetry.observe(observation);
      await all.clock.advance(500);
    }
    await all.clock.advance(60_000);
    expect(await observed(all, [nothing])).to.deep.equal([
      'warn  shop: watch of /p ended, cut; reconnect in 1s',
      'info  resolved: shop: watch of /p ended, cut; reconnect in 1s (for 500ms)',
      'info  resolved: shop: watch of /p ended, cut; reconnect in 1s (repeated 19 times in 19s500ms)',
    ]);
  });

  it('that return after a minute without failures are logged again', async () => {
    const all = heard();
    all.telemetry.observe(cut);
    all.telemetry.observe(opened);
    await all.clock.advance(60_000);
    expect(await observed(all, [cut])).to.deep.equal([
      'warn  shop: watch of /p ended, cut; reconnect in 1s',
      'info  resolved: shop: watch of /p ended, cut; reconnect in 1s (for 0s)',
      'warn  shop: watch of /p ended, cut; reconnect in 1s',
    ]);
  });

  it('without an end of their own end if they do not return', async () => {
    const skipped: Observation = { kind: 'frame-skipped', ...where, bytes: 9, why: 'too large' };
    const all = heard();
    for (const observation of [skipped, skipped, skipped]) all.telemetry.observe(observation);
    await all.clock.advance(60_000);
    expect(await observed(all, [nothing])).to.deep.equal([
      'error shop: skipped one Event of /p: too large (9 bytes)',
      'info  resolved: shop: skipped one Event of /p: too large (9 bytes) (repeated 2 times in 0s)',
    ]);
  });

  it('of a trigger end with a delivery', async () => {
    const delivery = aDelivery();
    const ended = (outcome: Extract<Observation, { kind: 'attempt-ended' }>['outcome']) =>
      ({ kind: 'attempt-ended', delivery, outcome, durationMs: 1 }) as const;
    const away = ended({ outcome: 'retry', reason: 'unavailable', detail: '503' });
    const lines = await observed(heard(), [away, away, ended({ outcome: 'delivered' })]);
    expect(lines.map((line) => line.slice(0, 16))).to.deep.equal([
      'warn  build: att',
      'info  resolved: ',
    ]);
  });

  it('of a receiver that throttles are one line for the lane, not one for each attempt', async () => {
    const outcome = { outcome: 'retry', reason: 'throttled', detail: '429' } as const;
    const attempt: Observation = {
      ...{ kind: 'attempt-ended', delivery: aDelivery(), outcome, durationMs: 1 },
    };
    const pause = (state: 'paused' | 'trying' | 'over'): Observation => ({
      ...{ kind: 'pause', trigger: 'build', reason: 'throttled', state, why: '429', until: 0 },
      retryMs: state === 'paused' ? 60_000 : 0,
    });
    const minute = [attempt, pause('paused'), attempt, pause('trying')];
    const lines = await observed(heard(), [...minute, ...minute, pause('over')]);
    const first = 'build: paused (throttled), no attempts for 1m: 429';
    expect(lines).to.deep.equal([
      `warn  ${first}`,
      `info  resolved: ${first} (repeated 1 time in 7s)`,
    ]);
  });

  it('of a receiver that throttles report the end of the pause in a field', async () => {
    const pause = { kind: 'pause', trigger: 'build', reason: 'throttled', until: 0 } as const;
    const json = heard({ format: 'json' });
    await observed(json, [
      { ...pause, state: 'paused', why: '429', retryMs: 1 },
      { ...pause, state: 'over', why: 'an attempt came through', retryMs: 0 },
    ]);
    const states = (await json.lines()).map((line) => JSON.parse(line) as { state: string });
    expect(states.map(({ state }) => state)).to.deep.equal(['paused', 'over']);
  });

  it('of retried attempts with unknown outcome are logged like other retries', async () => {
    const delivery = aDelivery();
    const lost = { outcome: 'unknown', reason: 'server-error', detail: '500' } as const;
    const again: readonly Observation[] = [
      { kind: 'attempt-ended', delivery, outcome: lost, durationMs: 1 },
      { kind: 'delivery-moved', delivery, from: 'running', to: 'waiting', dead: null, why: '500' },
    ];
    const delivered = { outcome: 'delivered' } as const;
    const lines = await observed(heard(), [
      ...Array.from({ length: 50 }, () => again).flat(),
      { kind: 'attempt-ended', delivery, outcome: delivered, durationMs: 1 },
    ]);
    const first = `build: attempt 0 of ${delivery.id}: unknown, server-error: 500 (1ms)`;
    expect(lines).to.deep.equal([
      `warn  ${first}`,
      `info  resolved: ${first} (repeated 49 times in 1m40s)`,
    ]);
  });

  it('to reach the cluster end when the cluster answers', async () => {
    const waiting = (why: string): Observation => ({ kind: 'cluster-waiting', server: 's', why });
    const lines = await observed(heard(), [
      waiting('ECONNREFUSED'),
      waiting('ECONNREFUSED'),
      { kind: 'cluster-found', id: 'c1', from: 'random', server: 's' },
    ]);
    expect(lines).to.deep.equal([
      'warn  waiting for the API server s: ECONNREFUSED',
      'info  resolved: waiting for the API server s: ECONNREFUSED (repeated 1 time in 2s)',
      'info  cluster c1 at s (random, because no namespace is readable)',
    ]);
  });
});
