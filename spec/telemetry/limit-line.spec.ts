// The lines about limits. A budget at its bound must not fill the log.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { aDelivery } from '../support/builders.ts';
import { AT, heard, ID } from './support.ts';

const user = {
  rule: { index: 0, name: 'crash-loop', identity: 'crash-loop' },
  ...{ trigger: 'build', namespace: 'noisy', object: null, taken: 598 },
};
const usedUp = { kind: 'budget', budget: 'total', state: 'used-up', rate: '600/h', user } as const;
const ofObject = { ...usedUp, budget: 'perObject', rate: '1/h' } as const;
const shedding = {
  kind: 'shedding',
  trigger: 'build',
  state: 'began',
  ...{ bound: 10_000, dropped: 3, gaveWay: 0 },
  longest: { namespace: 'noisy', rule: user.rule, held: 9_995 },
} as const;
const moved = { kind: 'delivery-moved', delivery: aDelivery(), from: 'held', to: 'dead' } as const;

const WHO = 'rule crash-loop, trigger build, namespace noisy';
const NARROW = 'narrow that rule, or raise';
const TOTAL = 'limits.total (600/h) is used up: deliveries are held';

const LINES: readonly [Observation, string][] = [
  [usedUp, `error ${TOTAL}; most of it was used by ${WHO} (598 tokens); ${NARROW} limits.total`],
  [
    { ...usedUp, user: { ...user, taken: 0 } },
    `error ${TOTAL}; the first one is from ${WHO}; ${NARROW} limits.total`,
  ],
  [
    { ...ofObject, user: { ...user, object: 'v1/Pod/noisy/a\u001b b' } },
    `error limits.perObject (1/h) is used up for "v1/Pod/noisy/a\\u001b b": deliveries are held; used by ${WHO}; ${NARROW} limits.perObject`,
  ],
  [
    shedding,
    `error build: shedding: 10000 deliveries are held, 9995 of them from ${WHO}; ${NARROW} the limits; so far 3 new ones dropped`,
  ],
  [
    { ...shedding, state: 'ended', dropped: 700, gaveWay: 5 },
    'info  build: shedding is over: 700 new ones dropped, 5 held ones evicted for other namespaces: dead (shed)',
  ],
  // Shedding has its error line; each evicted delivery has an info line.
  [{ ...moved, dead: 'shed', why: 'it gave way' }, `info  build: ${ID} dead (shed): it gave way`],
  [
    { ...moved, dead: 'expired-held', why: 'held for 1h' },
    `error build: ${ID} dead (expired-held): held for 1h`,
  ],
];

describe('the lines about limits', () => {
  for (const [observation, line] of LINES) {
    it(`are: ${line}`, async () => {
      const { telemetry, lines } = heard({ level: 'info' });
      telemetry.observe(observation);
      expect(await lines()).to.deep.equal([`${AT} ${line}`]);
    });
  }

  it('have their parts as fields', async () => {
    const { telemetry, lines } = heard({ format: 'json' });
    telemetry.observe(usedUp);
    telemetry.observe(shedding);
    const [budget, shed] = (await lines()).map((text) => JSON.parse(text) as object);
    const who = { rule: 'crash-loop', trigger: 'build', namespace: 'noisy' };
    expect(budget).to.deep.include({ budget: 'limits.total', rate: '600/h', taken: 598, ...who });
    const counts = { bound: 10_000, dropped: 3, gaveWay: 0, held: 9_995 };
    expect(shed).to.deep.include({ kind: 'shedding', ...counts, ...who });
  });

  it('come once while a budget alternates between used up and free', async () => {
    const { telemetry, lines } = heard({ level: 'info' });
    const free = { ...usedUp, state: 'free', user: null } as const;
    for (const one of [usedUp, free, usedUp, free, usedUp]) telemetry.observe(one);
    const found = (await lines()).map((line) => line.slice(AT.length + 1));
    expect(found).to.have.length(2);
    expect(found[0]).to.include(`error ${TOTAL}`);
    expect(found[1]).to.include(`info  resolved: ${TOTAL}`);
  });
});
