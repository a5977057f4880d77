// The accounting of the fault specs: one case for each of its findings, over facts written by hand.
// No gateway runs here.

import { expect } from 'chai';
import type { Delivery, Outcome } from '../../../lib/core/delivery.ts';
import { aDelivery } from '../../support/builders.ts';
import { account, type Policy, type TriggerFacts } from './harness/accounting.ts';

const DELIVERED: Outcome = { outcome: 'delivered' };
const LOST: Outcome = { outcome: 'unknown', reason: 'process-died', detail: '' };

/** The delivery of one Event, with these outcomes of its attempts. */
function delivery(
  name: string,
  outcomes: readonly (Outcome | null)[],
  more: Partial<Delivery> = {},
): Delivery {
  const whole = aDelivery({ id: `id-${name}`, state: 'delivered', ...more });
  const [occurrence] = whole.occurrences;
  const event = { ...occurrence.event, metadata: { namespace: 'shop', name } };
  return {
    ...whole,
    occurrences: [{ ...occurrence, event }],
    attempts: outcomes.map((outcome, index) => ({
      ...{ number: index + 1, at: index, incarnation: 'i', durationMs: 1, outcome },
    })),
  };
}

/** One Event that was started once, with consistent facts, and the changes of a case. */
function facts(policy: Policy, changed: Partial<TriggerFacts> = {}): TriggerFacts {
  return {
    trigger: 'hook',
    policy,
    expected: ['shop/a'],
    builds: [{ event: 'shop/a', id: 'id-a' }],
    attemptsSeen: ['id-a#1'],
    deliveries: [delivery('a', [DELIVERED])],
    lostAnswers: new Set(),
    ...changed,
  };
}

const TWO_BUILDS = [
  { event: 'shop/a', id: 'id-a' },
  { event: 'shop/a', id: 'id-a' },
];
const LOST_ONCE = new Set(['id-a#1']);

/** A part of the expected finding; an empty text: no finding. */
const CASES: readonly (readonly [string, TriggerFacts, string])[] = [
  ['one build', facts('key'), ''],
  ['no build', facts('key', { builds: [], attemptsSeen: [] }), 'lost: 1 (shop/a)'],
  ['no build, at least once', facts('atLeastOnce', { builds: [] }), 'lost: 1'],
  ['two builds with a key', facts('key', { builds: TWO_BUILDS }), 'twice: 1'],
  ['two builds, at most once', facts('atMostOnce', { builds: TWO_BUILDS }), 'twice: 1'],
  [
    'two builds, at least once, and not reported',
    facts('atLeastOnce', { builds: TWO_BUILDS }),
    'twice, and not reported so: 1',
  ],
  [
    'two builds, at least once, reported as possible',
    facts('atLeastOnce', {
      builds: TWO_BUILDS,
      attemptsSeen: ['id-a#1', 'id-a#2'],
      deliveries: [delivery('a', [LOST, DELIVERED])],
      lostAnswers: LOST_ONCE,
    }),
    '',
  ],
  [
    'an answer lost, at most once, reported as unknown',
    facts('atMostOnce', {
      builds: [],
      deliveries: [delivery('a', [LOST], { state: 'unknown' })],
      lostAnswers: LOST_ONCE,
    }),
    '',
  ],
  [
    'unknown, but no answer was lost',
    facts('atMostOnce', { deliveries: [delivery('a', [LOST], { state: 'unknown' })] }),
    'unknown, but no answer of it was lost: 1',
  ],
  [
    'an answer lost, at most once, and repeated',
    facts('atMostOnce', {
      deliveries: [delivery('a', [LOST, DELIVERED])],
      lostAnswers: LOST_ONCE,
    }),
    'an answer was lost, but not unknown: 1',
  ],
  [
    'an attempt that was not recorded',
    facts('key', { attemptsSeen: ['id-a#1', 'id-a#2'] }),
    'attempts made but not recorded: 1 (id-a#2)',
  ],
  [
    'a build without an expected Event',
    facts('key', { expected: [] }),
    'started but never expected: 1 (shop/a)',
  ],
  [
    'a dead letter',
    facts('key', { deliveries: [delivery('a', [LOST], { state: 'dead', dead: 'poison' })] }),
    'poison: 1',
  ],
  [
    'a delivery that still waits',
    facts('key', { deliveries: [delivery('a', [], { state: 'waiting' })], attemptsSeen: [] }),
    'ended neither delivered nor unknown: 1',
  ],
  [
    'two deliveries of one series',
    facts('key', {
      deliveries: [delivery('a', [DELIVERED]), delivery('a', [DELIVERED], { id: 'other' })],
    }),
    'stored under two ids: 1',
  ],
];

describe('the accounting of a fault run', () => {
  for (const [what, given, found] of CASES) {
    it(`${what}: ${found === '' ? 'fine' : found}`, () => {
      const { wrong } = account(given);
      if (found === '') expect(wrong).to.deep.equal([]);
      else expect(wrong.join('\n')).to.include(found);
    });
  }

  it('counts by identity', () => {
    const counted = account(
      facts('atLeastOnce', {
        expected: ['shop/a', 'shop/b'],
        builds: [...TWO_BUILDS, { event: 'shop/b', id: 'id-b' }],
        attemptsSeen: ['id-a#1', 'id-a#2', 'id-b#1'],
        deliveries: [delivery('a', [LOST, DELIVERED]), delivery('b', [DELIVERED])],
        lostAnswers: LOST_ONCE,
      }),
    );
    expect(counted).to.deep.include({
      ...{ expected: 2, once: 1, twice: 1, lost: 0, unknown: 0, possiblyTwice: 1 },
      ...{ repeats: 1, lostAnswers: 1, poison: 0, wrong: [] },
    });
  });
});
