// Recent activity: its limits, its sequence numbers, and its low cost without a request.

import { expect } from 'chai';
import type { DecisionObserved } from '../../lib/core/observation.ts';
import { jsonSize } from '../../lib/kit/data/json.ts';
import { RecentActivity } from '../../lib/views/recent-activity.ts';
import { aDelivery, anAcceptance, anEvent, anOccurrence } from '../support/builders.ts';

const LOOSE = { entries: 100, weight: 1_000_000 };

function aDecisionObserved(message = 'a'): DecisionObserved {
  const occurrence = anOccurrence({ event: anEvent({ message }) });
  const explain = (): never => {
    throw new Error('nobody asked');
  };
  return anAcceptance({ occurrence, disposed: [], explain });
}

function numbersIn(recent: RecentActivity): readonly number[] {
  const count = recent.next - recent.oldest;
  return Array.from({ length: count }, (_, place) => recent.oldest + place);
}

describe('what is remembered', () => {
  it('begins with nothing, at the number it is given', () => {
    const recent = new RecentActivity(7_000, LOOSE);
    expect([recent.oldest, recent.next]).to.deep.equal([7_000, 7_000]);
    expect(recent.get(7_000)).to.equal(null);
  });

  it('is bounded by number: the oldest goes', () => {
    const recent = new RecentActivity(10, { ...LOOSE, entries: 3 });
    for (let at = 0; at < 5; at += 1) recent.decided(aDecisionObserved(), at);
    expect(numbersIn(recent)).to.deep.equal([12, 13, 14]);
    expect(numbersIn(recent).map((number) => recent.get(number)?.at)).to.deep.equal([2, 3, 4]);
    expect([recent.get(11), recent.get(15)]).to.deep.equal([null, null]);
  });

  it('is bounded by the weight of the Events, wherever in them it is', () => {
    for (const bulk of [
      { message: 'x'.repeat(400_000) },
      { action: 'x'.repeat(400_000) },
      { metadata: { annotations: { a: 'x'.repeat(400_000) } } },
      { related: { list: ['y', { deep: 'x'.repeat(400_000) }] } },
    ]) {
      const recent = new RecentActivity(1, LOOSE);
      for (let at = 0; at < 5; at += 1) {
        const occurrence = anOccurrence({ event: anEvent(bulk) });
        recent.decided({ ...aDecisionObserved(), occurrence }, at);
        expect(recent.held.weight).to.be.lessThan(LOOSE.weight);
      }
      expect(numbersIn(recent)).to.deep.equal([4, 5]);
    }
  });

  it('keeps the newest one, however large it is', () => {
    const recent = new RecentActivity(1, LOOSE);
    recent.decided(aDecisionObserved(), 1);
    recent.decided(aDecisionObserved('x'.repeat(2_000_000)), 2);
    expect(numbersIn(recent)).to.deep.equal([2]);
    recent.decided(aDecisionObserved(), 3);
    expect(numbersIn(recent)).to.deep.equal([3]);
    expect(recent.held.weight).to.be.lessThan(2_000);
  });

  it('keeps the Event itself and no copy, and makes no trail', () => {
    const recent = new RecentActivity(1, LOOSE);
    const observed = aDecisionObserved();
    recent.decided(observed, 1);
    expect(recent.get(1)?.what).to.equal(observed);
  });

  it('keeps of a delivery that moved what it is, and none of its Events', () => {
    const recent = new RecentActivity(1, LOOSE);
    const delivery = aDelivery();
    const moved = { kind: 'delivery-moved', delivery, from: 'running', to: 'dead' } as const;
    recent.moved({ ...moved, dead: 'bug', why: 'five throws' }, 9);
    expect(recent.get(1)).to.deep.equal({
      sequence: 1,
      at: 9,
      what: {
        kind: 'moved',
        id: delivery.id,
        trigger: 'build',
        rule: { index: 0, name: 'crash-loop' },
        object: 'v1/Pod/shop/web-1',
        from: 'running',
        to: 'dead',
        dead: 'bug',
        attempts: 0,
        possiblyTwice: false,
        why: 'five throws',
      },
    });
  });

  it('calls each listener until it unsubscribes', () => {
    const recent = new RecentActivity(1, LOOSE);
    let rung = 0;
    const unlisten = recent.listen(() => (rung += 1));
    recent.decided(aDecisionObserved(), 1);
    unlisten();
    recent.decided(aDecisionObserved(), 2);
    expect(rung).to.equal(1);
  });
});

describe('jsonSize', () => {
  it('counts the characters of texts and a little for each object', () => {
    const weights: readonly (readonly [Parameters<typeof jsonSize>[0], number])[] = [
      ['abc', 3],
      [1, 0],
      [null, 0],
      [{}, 64],
      [{ a: 'abc', b: [1, 'de'] }, 64 + 3 + 64 + 2],
    ];
    for (const [value, weight] of weights) expect(jsonSize(value)).to.equal(weight);
  });

  it('takes what is nested beyond reason for large, and survives it', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as [];
    expect(jsonSize(deep)).to.be.greaterThan(1_000_000);
  });
});
