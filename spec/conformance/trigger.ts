// What every trigger promises (lib/core/trigger.ts), as cases that any kind is held to. What a kind
// starts and how it fails is the bench's to know; promise 4 is tried with a secret that the bench
// hides wherever its kind is given one.

import { expect } from 'chai';
import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { Trigger } from '../../lib/core/trigger.ts';
import { aDelivery } from '../support/builders.ts';
import { until } from '../support/until.ts';

/** One trigger on a receiver that the bench controls. */
export interface TriggerBench {
  readonly trigger: Trigger;
  /** How often something was tried at the receiver so far. */
  readonly attempts: () => number;
  /** How many different things the receiver has started so far. */
  readonly started: () => number;
}

/** How to build benches for one kind. */
export interface TriggerBenches {
  /** A receiver that takes everything. */
  working(): TriggerBench;
  /** A receiver that takes the attempt and never comes to an end. */
  silent(): TriggerBench;
  /** Receivers that fail in every way that can be expected, by what they do. */
  readonly failing: Readonly<Record<string, () => TriggerBench>>;
  /** What must never stand in an outcome. */
  readonly secret: string;
  /** Whether the receiver can tell a repetition by the delivery's id. */
  readonly idempotent: 'by id' | 'never';
  /** Whether one attempt carries several deliveries. */
  readonly batched?: boolean;
}

const NEVER = new AbortController().signal;

function deliveries(): readonly Delivery[] {
  const ids = [
    '01kg9ynja097rx6z4zzrz6frr7',
    '01kg9ynja0ffffffffffffffff',
    '01kg9ynja00000000000000000',
  ];
  return ids.map((id) => aDelivery({ id }));
}

/** Declares the cases for one kind. */
export function describeTrigger(kind: string, benches: TriggerBenches): void {
  describe(`a trigger of the kind ${kind}`, () => {
    describeAttempts(benches);
    describeFailures(benches);
    describeAbort(benches);
    describeBatch(benches);
  });
}

function describeAttempts(benches: TriggerBenches): void {
  it('answers with one outcome for each delivery, in their order', async () => {
    const { trigger, attempts } = benches.working();
    const outcomes = await trigger.fire(deliveries(), NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(Array(3).fill('delivered'));
    expect(attempts()).to.equal(benches.batched === true ? 1 : 3);
    for (const [place, outcome] of outcomes.entries()) {
      if (!('started' in outcome)) continue;
      expect(outcome.started).to.include.all.keys('kind', 'namespace', 'name');
      expect(outcome.started.name).to.include(deliveries()[place]?.id);
    }
  });

  it('gives no secret away when it succeeds', async () => {
    const outcomes = await benches.working().trigger.fire(deliveries(), NEVER);
    expect(JSON.stringify(outcomes)).to.not.include(benches.secret);
  });

  it('answers nothing with nothing', async () => {
    const { trigger, attempts } = benches.working();
    expect(await trigger.fire([], NEVER)).to.deep.equal([]);
    expect(attempts()).to.equal(0);
  });

  if (benches.idempotent === 'by id') {
    it('starts one thing however often a delivery is attempted', async () => {
      const { trigger, started } = benches.working();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const [outcome] = await trigger.fire([aDelivery()], NEVER);
        expect(outcome?.outcome).to.equal('delivered');
      }
      expect(started()).to.equal(1);
    });

    it('says for how long a repetition can be told', () => {
      expect(benches.working().trigger.keyLifeMs).to.be.at.least(3_600_000);
    });
  } else {
    it('says that a repetition can not be told', () => {
      expect(benches.working().trigger.keyLifeMs).to.equal(0);
    });
  }
}

function describeFailures(benches: TriggerBenches): void {
  for (const [what, make] of Object.entries(benches.failing)) {
    it(`makes one attempt and answers with a reason: ${what}`, async () => {
      const { trigger, attempts } = make();
      const [outcome] = await trigger.fire([aDelivery()], NEVER);
      expect(outcome?.outcome).to.be.oneOf(['retry', 'refused', 'unknown']);
      expect(outcome).to.include.all.keys('reason', 'detail');
      expect(attempts()).to.be.at.most(1);
    });

    it(`gives no secret away: ${what}`, async () => {
      const outcomes = await make().trigger.fire([aDelivery()], NEVER);
      expect(JSON.stringify(outcomes)).to.not.include(benches.secret);
    });
  }
}

function describeAbort(benches: TriggerBenches): void {
  it('ends soon after an abort, as unknown', async () => {
    const { trigger, attempts } = benches.silent();
    const stop = new AbortController();
    const firing = trigger.fire([aDelivery()], stop.signal);
    await until(() => attempts() === 1, 'the attempt');
    let ended: readonly Outcome[] | undefined;
    const ending = firing.then((outcomes) => (ended = outcomes));
    stop.abort(new DOMException('time is up', 'TimeoutError'));
    // The deadline of `until` is far above what an abort takes, with a grace for a command.
    const [outcome] = await until(() => ended, 'the attempt to end');
    await ending;
    expect(outcome).to.include({ outcome: 'unknown', reason: 'timeout' });
    expect(attempts()).to.equal(1);
  });

  it('starts nothing after an abort, and says so', async () => {
    const { trigger, started } = benches.working();
    const outcomes = await trigger.fire(deliveries(), AbortSignal.abort());
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(Array(3).fill('retry'));
    expect(started()).to.equal(0);
  });
}

function describeBatch(benches: TriggerBenches): void {
  if (benches.batched !== true) {
    it('takes one delivery a call', () => {
      expect(benches.working().trigger.batch).to.equal(undefined);
    });
    return;
  }

  it('says how many deliveries it takes in an attempt, and how long the first may wait', () => {
    const { batch } = benches.working().trigger;
    expect(batch?.max).to.be.at.least(2);
    expect(batch?.waitMs).to.be.at.least(0);
  });

  for (const [what, make] of Object.entries(benches.failing)) {
    it(`answers for every delivery of an attempt: ${what}`, async () => {
      const outcomes = await make().trigger.fire(deliveries(), NEVER);
      expect(outcomes.map(({ outcome }) => outcome))
        .to.have.length(3)
        .and.not.include('delivered');
    });
  }
}
