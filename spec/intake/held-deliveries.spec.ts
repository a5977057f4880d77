// Bounds that several namespaces share: no namespace uses them up for the others.

import { expect } from 'chai';
import fc from 'fast-check';
import { eventNamespaceOf } from '../../lib/core/delivery.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { HeldDeliveries } from '../../lib/intake/held-deliveries.ts';
import { aDelivery, aSeries } from '../support/builders.ts';
import { FailingStore } from '../support/doubles/store.ts';
import { FairPlay } from './fair-play.ts';
import { eventNameOf, type IntakeHarness, intakeHarness } from './harness.ts';

const HOUR = 3_600_000;
const perHour = (count: number) => ({ count, perMs: HOUR });
const onlyTotal = (count: number) => ({ perObject: null, total: perHour(count) });

/** This many series of a namespace: `a.1`, `a.2`, … */
const many = (namespace: string, count: number, from = 1) =>
  Array.from({ length: count }, (_, place) =>
    aSeries(`${namespace}.${from + place}`, { namespace }),
  );

const words = (harness: IntakeHarness): readonly string[] => harness.dispositions().flat();

const ruleOf = (namespace: string, trigger: string): RuleSection => ({
  name: namespace,
  eventNamespace: namespace,
  action: 'accept',
  triggers: [trigger],
});

describe('the bound on held deliveries', () => {
  it('sheds nothing of a namespace because another one fills it, at any trigger', async () => {
    const rules = [ruleOf('noisy', 'build'), ruleOf('quiet', 'report')];
    const harness = intakeHarness({ rules, limits: onlyTotal(600) });
    await harness.take(...many('noisy', 10_700), ...many('quiet', 5));
    expect(words(harness).slice(-5)).to.deep.equal(Array.from({ length: 5 }, () => 'held'));
    expect(words(harness).filter((word) => word === 'shed')).to.have.length(100);
  });

  it('admits deliveries of a shorter queue and evicts the youngest of the longest', async () => {
    const harness = intakeHarness({ limits: onlyTotal(1), heldAtMost: 6 });
    await harness.take(...many('noisy', 9), ...many('quiet', 2));
    expect(words(harness).slice(-4)).to.deep.equal(['shed', 'shed', 'held', 'held']);
    await harness.release.pass();
    const gaveWay = harness.of('delivery-moved').filter(({ to }) => to === 'dead');
    expect(gaveWay.map(({ delivery }) => eventNameOf(delivery))).to.deep.equal([
      'noisy.6',
      'noisy.7',
    ]);
    expect(gaveWay.map(({ dead }) => dead)).to.deep.equal(['shed', 'shed']);
    const held = await harness.store.archive.list({ states: ['held'], limit: 10 });
    expect(held.map(eventNameOf)).to.have.members([
      ...['noisy.2', 'noisy.3', 'noisy.4', 'noisy.5'],
      ...['quiet.1', 'quiet.2'],
    ]);
  });

  it('evicts nothing once the queues are equally long', async () => {
    const harness = intakeHarness({ limits: onlyTotal(1), heldAtMost: 6 });
    await harness.take(...many('a', 7), ...many('b', 7), ...many('a', 1, 8), ...many('b', 1, 8));
    await harness.release.pass();
    expect(words(harness).slice(-2)).to.deep.equal(['shed', 'shed']);
    const held = await harness.store.archive.list({ states: ['held'], limit: 10 });
    const ofA = held.filter((one) => eventNamespaceOf(one) === 'a');
    expect([held.length, ofA.length]).to.be.deep.oneOf([
      [6, 3],
      [6, 4],
    ]);
  });

  it('keeps an evicted delivery as a dead letter: its next states are repeats, and no token is spent', async () => {
    const harness = intakeHarness({ limits: onlyTotal(1), heldAtMost: 2 });
    await harness.take(...many('noisy', 3), ...many('quiet', 1));
    await harness.release.pass();
    await harness.take(...many('noisy', 3));
    expect(words(harness).slice(-3)).to.deep.equal(['repeat', 'repeat', 'repeat']);
    // One was started; the evicted one was not.
    expect(await harness.store.archive.firedSince(0)).to.have.length(1);
  });

  it('is enforced by the next process if this one dies before the eviction', async () => {
    const first = intakeHarness({ limits: onlyTotal(1), heldAtMost: 4 });
    await first.take(...many('noisy', 5), ...many('quiet', 2));
    const { store, clock } = first;
    expect(await store.archive.list({ states: ['held'], limit: 10 })).to.have.length(6);
    const second = intakeHarness({ store, clock, limits: onlyTotal(1), heldAtMost: 4 });
    second.limiter.recover(await store.archive.firedSince(0), clock.now());
    await second.release.recover();
    await second.release.pass();
    const held = await store.archive.list({ states: ['held'], limit: 10 });
    const expected = ['noisy.2', 'noisy.3', 'quiet.1', 'quiet.2'];
    expect(held.map(eventNameOf)).to.have.members(expected);
  });

  it('leaves no trace of a new delivery that is shed', async () => {
    const harness = intakeHarness({ limits: onlyTotal(1), heldAtMost: 1 });
    await harness.take(...many('a', 3));
    expect(words(harness)).to.deep.equal(['queued', 'held', 'shed']);
    await harness.clock.advance(HOUR);
    await harness.release.pass();
    await harness.clock.advance(HOUR);
    await harness.take(...many('a', 3));
    expect(words(harness).slice(-3)).to.deep.equal(['repeat', 'repeat', 'queued']);
  });
});

describe('the lengths of queues', () => {
  const NAMESPACES = ['a', 'b', 'c'];
  const act = fc.oneof(
    fc.record({ add: fc.constantFrom(...NAMESPACES) }),
    fc.record({ remove: fc.nat(40) }),
  );

  it('admit one more if there is room or another queue is longer by two, after any acts', () => {
    const bound = 4;
    fc.assert(
      fc.property(fc.array(act, { minLength: 20, maxLength: 80 }), (acts) => {
        const held = new HeldDeliveries(bound);
        const all: { readonly id: string; readonly namespace: string }[] = [];
        const lengthOf = (name: string) => all.filter(({ namespace }) => namespace === name).length;
        for (const [place, step] of acts.entries()) {
          if ('add' in step) {
            const one = { id: `d${place}`, trigger: 'build', namespace: step.add };
            held.add({ ...one, object: 'o', rule: aDelivery().rule, since: 0 });
            all.push(one);
          } else {
            const [gone] = all.splice(step.remove % Math.max(1, all.length), 1);
            if (gone !== undefined) held.remove(gone.id);
          }
          for (const namespace of NAMESPACES) {
            const own = lengthOf(namespace);
            const isAdmitted =
              all.length < bound || NAMESPACES.some((other) => own + 1 < lengthOf(other));
            expect(held.admits({ trigger: 'build', namespace })).to.equal(isAdmitted);
          }
          expect(held.surplus()).to.have.length(Math.max(0, all.length - bound));
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe('the release of held deliveries', () => {
  it('lets namespaces take turns, whichever was held first', async () => {
    const harness = intakeHarness({ limits: onlyTotal(2) });
    await harness.take(...many('noisy', 100), ...many('quiet', 2));
    for (let token = 0; token < 5; token += 1) {
      await harness.clock.advance(HOUR / 2);
      await harness.release.pass();
    }
    const expected = ['noisy.3', 'quiet.1', 'noisy.4', 'quiet.2', 'noisy.5'];
    expect(harness.released).to.deep.equal(expected);
  });

  it('gives the next turn to a delivery of an empty queue', async () => {
    const harness = intakeHarness({ limits: onlyTotal(2) });
    await harness.take(...many('noisy', 100));
    await harness.clock.advance(HOUR / 2);
    await harness.release.pass();
    await harness.take(...many('quiet', 1));
    await harness.clock.advance(HOUR / 2);
    await harness.release.pass();
    expect(harness.released).to.deep.equal(['noisy.3', 'quiet.1']);
  });

  it('lets the triggers of one namespace take turns too', async () => {
    const rules = [ruleOf('a', 'build'), { ...ruleOf('b', 'report'), name: 'b' }];
    const harness = intakeHarness({ rules, limits: onlyTotal(2) });
    await harness.take(...many('a', 10), ...many('b', 2));
    await harness.clock.advance(HOUR);
    await harness.release.pass();
    expect(harness.released).to.deep.equal(['a.3', 'b.1']);
  });

  it('skips an object without a token, and a namespace that has no other', async () => {
    const limits = { perObject: perHour(1), total: perHour(10) };
    const harness = intakeHarness({ limits });
    const ofOne = (name: string, namespace: string) => aSeries(name, { namespace, object: 'one' });
    await harness.take(
      ofOne('a.1', 'a'),
      ofOne('a.2', 'a'),
      ofOne('a.3', 'a'),
      ofOne('b.1', 'b'),
      ofOne('b.2', 'b'),
    );
    await harness.take(...many('b', 1, 3));
    expect(words(harness)).to.deep.equal(['queued', 'held', 'held', 'queued', 'held', 'queued']);
    await harness.clock.advance(HOUR);
    await harness.release.pass();
    expect(harness.released).to.deep.equal(['a.2', 'b.2']);
  });

  it('continues after a restart with the queue whose turn it is', async () => {
    const first = intakeHarness({ limits: onlyTotal(2) });
    await first.take(...many('a', 6), ...many('b', 4));
    await first.clock.advance(HOUR / 2);
    await first.release.pass();
    expect(first.released).to.deep.equal(['a.3']);
    const { store, clock } = first;
    const second = intakeHarness({ store, clock, limits: onlyTotal(2) });
    await second.release.recover();
    await second.release.pass();
    expect(second.released).to.deep.equal(['b.1', 'a.4']);
  });
});

describe('a new delivery that is not stored', () => {
  it('returns its token', async () => {
    const failing = new FailingStore();
    failing.fill();
    const limits = { perObject: perHour(1), total: perHour(1) };
    const harness = intakeHarness({ store: failing.store, limits, parts: { overflow: 'shed' } });
    await harness.take(...many('noisy', 3));
    expect(words(harness)).to.deep.equal(['shed', 'shed', 'shed']);
    failing.heal();
    await harness.take(...many('quiet', 1), ...many('quiet', 1, 2));
    expect(words(harness).slice(-2)).to.deep.equal(['queued', 'held']);
  });

  it('keeps no place in its queue', async () => {
    const failing = new FailingStore();
    failing.fill();
    const { store } = failing;
    const parts = { overflow: 'shed' } as const;
    const harness = intakeHarness({ store, limits: onlyTotal(1), heldAtMost: 2, parts });
    await harness.take(...many('a', 6));
    failing.heal();
    await harness.take(...many('a', 4));
    expect(words(harness).slice(-4)).to.deep.equal(['queued', 'held', 'held', 'shed']);
  });
});

const STEP = fc.oneof(
  fc.record({
    act: fc.constant('arrive' as const),
    namespace: fc.constantFrom('a', 'b', 'c', 'd'),
    objects: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    act: fc.constant('wait' as const),
    minutes: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ act: fc.constant('restart' as const) }),
);

const RULES = ['a', 'b', 'c', 'd'].map(
  (name, place): RuleSection => ({
    ...ruleOf(name, 'build'),
    triggers: place === 0 ? ['build', 'report'] : ['build'],
  }),
);

describe('with arrivals in several namespaces and at several triggers', () => {
  const steps = fc.array(STEP, { minLength: 20, maxLength: 60 });

  it('no queue waits for more than one turn of each other', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        const game = new FairPlay({ rules: RULES, limits: onlyTotal(4) });
        await game.play(played);
        expect(game.longestWait).to.be.at.most(1);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('nothing is lost or started twice, and no budget or bound is exceeded', async () => {
    const limits = { perObject: perHour(2), total: perHour(4) };
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        const game = new FairPlay({ rules: RULES, limits, heldAtMost: 5 });
        await game.play(played);
        const kept = await game.kept();
        expect(new Set(kept.map(({ id }) => id))).to.deep.equal(game.accepted);
        const waiting = kept.filter(({ state }) => state === 'waiting').map(({ id }) => id);
        expect(game.started.map(({ id }) => id).toSorted()).to.deep.equal(waiting.toSorted());
        const objects = new Map(kept.map(({ id, object }) => [id, object]));
        for (const { id, at } of game.started) {
          const within = game.started.filter((one) => one.at >= at && one.at < at + HOUR);
          // A full bucket gives all its tokens at once, and as many again while it fills.
          expect(within).to.have.length.at.most(8);
          const ofOne = within.filter((one) => objects.get(one.id) === objects.get(id));
          expect(ofOne).to.have.length.at.most(4);
        }
        const held = kept.filter(({ state }) => state === 'held').map(({ trigger }) => trigger);
        expect(held.filter((trigger) => trigger === 'build')).to.have.length.at.most(5);
        expect(held.filter((trigger) => trigger === 'report')).to.have.length.at.most(5);
      }),
      { numRuns: 60, seed: 12 },
    );
  });
});
