// Due deliveries of a trigger that makes no attempts, in `sluice deliveries`: when an attempt is
// possible, and why not earlier.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { idOf, numbered } from '../support/builders.ts';
import { aGatewayWorld, type DeliveriesWorld, HOSTILE } from './deliveries-world.ts';

const RETRY_MS = 90_500;

const breaker = (to: 'open' | 'half-open'): Observation => ({
  ...{ kind: 'breaker', trigger: 'build', from: 'closed', to },
  ...{ why: '5 attempts in a row did not reach it', retryMs: to === 'open' ? RETRY_MS : 0 },
});
const pause = (reason: 'throttled' | 'unauthorized', why = '429'): Observation => ({
  ...{ kind: 'pause', trigger: 'build', reason, state: 'paused', why },
  ...{ retryMs: RETRY_MS, until: systemClock.now() + RETRY_MS },
});

describe('sluice deliveries of a trigger that makes no attempts', () => {
  let world: DeliveriesWorld;
  beforeEach(async () => (world = await aGatewayWorld()));
  afterEach(() => world[Symbol.asyncDispose]());

  const nextOf = async (): Promise<string> => {
    const { out } = await world.run(['list']);
    const [head = '', row = ''] = out.split('\n');
    return row.slice(head.indexOf('NEXT'), head.indexOf('LAST FAILURE')).trim();
  };
  const shownNext = async (): Promise<string> => {
    const { out } = await world.run(['show', idOf(1)]);
    return /next\n {2}(.*)\n/.exec(out)?.[1] ?? '';
  };

  for (const [what, observation, list, show] of [
    [
      'an open breaker',
      () => breaker('open'),
      'in 1m (breaker)',
      'the breaker of its trigger is open: 5 attempts in a row did not reach it',
    ],
    [
      'a receiver that asked to wait',
      () => pause('throttled'),
      'in 1m (throttled)',
      'its trigger is paused: 429',
    ],
    [
      'a rejected credential',
      () => pause('unauthorized', '401'),
      'in 1m (unauthorized)',
      'its trigger is paused: 401',
    ],
  ] as const) {
    it(`says when and why, and not now, for a due delivery: ${what}`, async () => {
      await world.commit([numbered(1, { dueAt: 0 })]);
      expect(await nextOf()).to.equal('now');
      expect(await shownNext()).to.equal(
        'attempt 1 is due: it is made when its trigger has capacity',
      );
      world.observe(observation());
      expect(await nextOf()).to.equal(list);
      expect(await shownNext()).to.match(/^attempt 1 in 1m at the earliest, at \S+Z; /);
      expect((await shownNext()).split('; ')[1]).to.equal(show);
    });
  }

  it('says the later of the two times', async () => {
    await world.commit([numbered(1, { dueAt: systemClock.now() + 3_700_000 })]);
    world.observe(pause('throttled'));
    expect(await nextOf()).to.equal('in 1h (throttled)');
    expect(await shownNext()).to.include('attempt 1 in 1h at the earliest');
  });

  it('says that one attempt tests the receiver', async () => {
    await world.commit([numbered(1, { dueAt: 0 })]);
    world.observe({ ...pause('throttled'), until: systemClock.now() } as Observation);
    expect(await nextOf()).to.equal('soon (throttled)');
    expect(await shownNext()).to.equal(
      'attempt 1 is made after a trial attempt has succeeded; its trigger is paused: 429',
    );
  });

  it('says nothing about a pause if the delivery does not wait', async () => {
    await world.commit([numbered(1, { state: 'held' })]);
    world.observe(pause('throttled'));
    expect(await nextOf()).to.equal('-');
  });

  it('escapes the answer of the receiver', async () => {
    await world.commit([numbered(1, { dueAt: 0 })]);
    world.observe(pause('throttled', HOSTILE));
    expect((await world.run(['show', idOf(1)])).out).to.match(/^[^\p{Cf}\u0007\u001b\r\t]*$/u);
  });
});
