// The promises of every trigger (lib/core/ports/trigger.ts) as cases for every kind. A bench knows what its
// kind starts and how it fails. Promise 4 is tested with a secret that the bench puts into every
// setting of its kind that takes one.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import type { Trigger } from '../../lib/core/ports/trigger.ts';
import { aDelivery, deliveries } from '../support/builders.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';

/** One trigger on a receiver that the bench controls. */
export interface TriggerBench {
  readonly trigger: Trigger;
  /** How many attempts the receiver got so far. */
  readonly attempts: () => number;
  /** How many different builds the receiver started so far. */
  readonly started: () => number;
}

/** Builds benches for one kind. */
export interface TriggerBenches {
  /** A receiver that accepts everything. */
  working(): TriggerBench;
  /** A receiver that accepts the attempt and never answers. */
  silent(): TriggerBench;
  /** Receivers with every expected failure, by its description. */
  readonly failing: Readonly<Record<string, () => TriggerBench>>;
  /** A text that must never be in an outcome. */
  readonly secret: string;
  /** Whether the receiver recognizes a repetition by the delivery's id. */
  readonly idempotent: 'by id' | 'never';
  /** Whether one attempt may have several deliveries. */
  readonly batched?: boolean;
}

/** Declares the cases of a kind. */
export function describeTrigger(kind: string, benches: TriggerBenches): void {
  describe(`a trigger of the kind ${kind}`, () => {
    describeAttempts(benches);
    describeFailures(benches);
    describeAbort(benches);
    describeBatch(benches);
  });
}

function describeAttempts(benches: TriggerBenches): void {
  it('returns one outcome per delivery, in their order', async () => {
    const { trigger, attempts } = benches.working();
    const outcomes = await trigger.fire(deliveries(3), NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(Array(3).fill('delivered'));
    expect(attempts()).to.equal(benches.batched === true ? 1 : 3);
    for (const [place, outcome] of outcomes.entries()) {
      if (!('started' in outcome)) continue;
      expect(outcome.started).to.include.all.keys('kind', 'namespace', 'name');
      expect(outcome.started.name).to.include(deliveries(3)[place]?.id);
    }
  });

  it('reveals no secret on success', async () => {
    const outcomes = await benches.working().trigger.fire(deliveries(3), NEVER);
    expect(JSON.stringify(outcomes)).to.not.include(benches.secret);
  });

  it('returns no outcome without deliveries', async () => {
    const { trigger, attempts } = benches.working();
    expect(await trigger.fire([], NEVER)).to.deep.equal([]);
    expect(attempts()).to.equal(0);
  });

  if (benches.idempotent === 'by id') {
    it('starts one build, however often a delivery is attempted', async () => {
      const { trigger, started } = benches.working();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const [outcome] = await trigger.fire([aDelivery()], NEVER);
        expect(outcome?.outcome).to.equal('delivered');
      }
      expect(started()).to.equal(1);
    });

    it('declares for how long a repetition is recognized', () => {
      expect(benches.working().trigger.keyLifeMs).to.be.at.least(3_600_000);
    });
  } else {
    it('declares that a repetition is not recognized', () => {
      expect(benches.working().trigger.keyLifeMs).to.equal(0);
    });
  }
}

function describeFailures(benches: TriggerBenches): void {
  for (const [what, make] of Object.entries(benches.failing)) {
    it(`makes one attempt and returns a reason: ${what}`, async () => {
      const { trigger, attempts } = make();
      const [outcome] = await trigger.fire([aDelivery()], NEVER);
      expect(outcome?.outcome).to.be.oneOf(['retry', 'refused', 'unknown']);
      expect(outcome).to.include.all.keys('reason', 'detail');
      expect(attempts()).to.be.at.most(1);
    });

    it(`reveals no secret: ${what}`, async () => {
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

  it('starts nothing after an abort, and its outcome says so', async () => {
    const { trigger, started } = benches.working();
    const outcomes = await trigger.fire(deliveries(3), AbortSignal.abort());
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(Array(3).fill('retry'));
    expect(started()).to.equal(0);
  });
}

function describeBatch(benches: TriggerBenches): void {
  if (benches.batched !== true) {
    it('accepts one delivery a call', () => {
      expect(benches.working().trigger.batch).to.equal(undefined);
    });
    return;
  }

  it('declares the most deliveries of an attempt, and how long the first may wait', () => {
    const { batch } = benches.working().trigger;
    expect(batch?.max).to.be.at.least(2);
    expect(batch?.waitMs).to.be.at.least(0);
  });

  for (const [what, make] of Object.entries(benches.failing)) {
    it(`returns an outcome for every delivery of an attempt: ${what}`, async () => {
      const outcomes = await make().trigger.fire(deliveries(3), NEVER);
      expect(outcomes.map(({ outcome }) => outcome))
        .to.have.length(3)
        .and.not.include('delivered');
    });
  }
}
