// The doubles keep the promises of their ports: the conformance cases where they apply, and for the
// rest how each one does nothing, records or fails.

import type { Writable } from 'node:stream';
import { expect } from 'chai';
import type { Outcome } from '../../../lib/core/delivery.ts';
import type { Observe } from '../../../lib/core/observation.ts';
import type { Source } from '../../../lib/core/ports/source.ts';
import { createMemoryStore } from '../../../lib/stores/memory.ts';
import { describeStore } from '../../conformance/store.ts';
import { describeTrigger, type TriggerBench } from '../../conformance/trigger.ts';
import { aBatch, aCommit, aDelivery, deliveries, positionsAt } from '../builders.ts';
import { NEVER } from '../never.ts';
import { Reading } from '../reading.ts';
import { until } from '../until.ts';
import { failingClock, nopClock, recordingClock } from './clock.ts';
import { failingStream, nopStream, RecordingStream } from './log-stream.ts';
import { failingObserve, nopObserve, recordingObserve } from './observe.ts';
import { CLUSTER_REFUSED, failingSource, nopSource, RecordingSource } from './source.ts';
import { FailingStore, failingStore, nopStore, recordingStore, UNAVAILABLE } from './store.ts';
import { DELIVERED, failingTrigger, nopTrigger, RETRY, RecordingTrigger } from './trigger.ts';

const REFUSED: Outcome = { outcome: 'refused', reason: 'invalid', detail: 'no such field' };
const LOST: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'no answer' };

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function triggerBench(trigger: RecordingTrigger): TriggerBench {
  const taken = (): number => trigger.delivered.length;
  return { trigger, started: taken, attempts: trigger.batch ? () => trigger.fired : taken };
}

function triggerBenches(make: () => RecordingTrigger) {
  const answering = (answer: Outcome | null) => () =>
    triggerBench(Object.assign(make(), { answer }));
  return {
    working: answering(DELIVERED),
    silent: answering(null),
    failing: {
      'a receiver that is busy': answering(RETRY),
      'a refusal': answering(REFUSED),
      'a lost answer': answering(LOST),
    },
    secret: 'hunter2-hunter2',
    idempotent: 'never',
  } as const;
}

describeTrigger(
  'recording',
  triggerBenches(() => new RecordingTrigger()),
);
describeTrigger('recording, in batches', {
  ...triggerBenches(() => new RecordingTrigger(0, { max: 3, waitMs: 0 })),
  batched: true,
});

describe('doubles of Trigger', () => {
  it('nop: delivers everything, but nothing after an abort', async () => {
    expect(await nopTrigger().fire(deliveries(2), NEVER)).to.deep.equal([DELIVERED, DELIVERED]);
    const [outcome] = await nopTrigger().fire(deliveries(1), AbortSignal.abort());
    expect(outcome).to.include({ outcome: 'retry', reason: 'not-sent' });
  });

  it('recording: has every attempt in order, and ends it as the spec says', async () => {
    const trigger = new RecordingTrigger();
    const [first, second] = deliveries(2).map((one) => trigger.fire([one], NEVER));
    expect(trigger.delivered).to.deep.equal(deliveries(2));
    expect([trigger.running, trigger.most]).to.deep.equal([2, 2]);
    trigger.end(RETRY);
    expect(await second).to.deep.equal([RETRY]);
    trigger.firings[0]?.end(DELIVERED);
    expect(await first).to.deep.equal([DELIVERED]);
    expect([trigger.running, trigger.most]).to.deep.equal([0, 2]);
  });

  for (const failure of [RETRY, REFUSED, LOST]) {
    it(`failing: returns ${failure.outcome} and records the attempt`, async () => {
      const trigger = failingTrigger(failure);
      expect(await trigger.fire(deliveries(1), NEVER)).to.deep.equal([failure]);
      expect(trigger.fired).to.equal(1);
    });
  }

  it('failing: throws an error, which is a bug', async () => {
    const bug = new TypeError('a bug');
    const trigger = failingTrigger(bug);
    expect(await thrownBy(() => trigger.fire(deliveries(1), NEVER))).to.equal(bug);
    expect([trigger.fired, trigger.running]).to.deep.equal([1, 0]);
  });
});

describeStore(
  'recording',
  async (maxBytes) => recordingStore(createMemoryStore({ maxBytes })).store,
);
describeStore(
  'failing, while nothing fails,',
  async (maxBytes) => new FailingStore(createMemoryStore({ maxBytes })).store,
);

describe('doubles of Store', () => {
  it('nop: accepts a commit and has nothing of it', async () => {
    const { journal, archive, outbox } = nopStore();
    const committed = await journal.commit(aCommit({ deliveries: [aDelivery()] }));
    expect(committed).to.include({ done: true });
    expect(await archive.list({ limit: 1 })).to.deep.equal([]);
    expect(await outbox.next('build')).to.equal(null);
  });

  it('recording: has every call with its arguments, in order', async () => {
    const { store, calls, of, commits } = recordingStore();
    const commit = aCommit({ deliveries: [aDelivery()] });
    await store.keyValues.write('cluster', 'c1');
    await store.journal.commit(commit);
    await store.archive.counts();
    expect(calls.map(({ name }) => name)).to.deep.equal(['write', 'commit', 'counts']);
    expect(of('write')).to.deep.equal([['cluster', 'c1']]);
    expect(commits()).to.deep.equal([commit]);
  });

  it('failing: stores nothing, throws that it is unavailable, and works once healed', async () => {
    const { store, failing } = begun(failingStore());
    const commit = aCommit({ deliveries: [aDelivery()] });
    expect(await thrownBy(() => store.journal.commit(commit))).to.equal(UNAVAILABLE);
    expect(await thrownBy(() => store.archive.counts())).to.equal(UNAVAILABLE);
    failing.heal();
    expect(await store.archive.list({ limit: 1 })).to.deep.equal([]);
    expect(await store.journal.commit(commit)).to.include({ done: true });
  });

  it('failing: fails only the named calls', async () => {
    const { store } = begun(failingStore(UNAVAILABLE, 'write'));
    expect(await store.keyValues.read('cluster')).to.equal(null);
    expect(await thrownBy(() => store.keyValues.write('cluster', 'c1'))).to.equal(UNAVAILABLE);
  });

  it('failing: does the work if only its answer is lost', async () => {
    const { store, failing } = begun(new FailingStore());
    const killed = new Error('killed');
    failing.loseAnswers(killed, 'write');
    expect(await thrownBy(() => store.keyValues.write('cluster', 'c1'))).to.equal(killed);
    expect(await store.keyValues.read('cluster')).to.equal('c1');
  });

  it('failing: never answers while it hangs', async () => {
    const { store, failing } = begun(new FailingStore());
    failing.hang('read');
    const unanswered = Symbol('no answer');
    const soon = new Promise((resolve) => setImmediate(() => resolve(unanswered)));
    expect(await Promise.race([store.keyValues.read('cluster'), soon])).to.equal(unanswered);
  });

  it('failing: has no room for new deliveries, but for everything else', async () => {
    const { store, failing } = begun(new FailingStore());
    failing.fill();
    const full = await store.journal.commit(aCommit({ deliveries: [aDelivery()] }));
    expect(full).to.include({ done: false });
    const moved = await store.journal.commit(aCommit({ positions: positionsAt('7') }));
    expect(moved).to.include({ done: true });
    expect(await store.archive.list({ limit: 1 })).to.deep.equal([]);
  });
});

function begun(failing: FailingStore) {
  return { failing, store: failing.store };
}

describe('doubles of Source', () => {
  const rows: readonly (readonly [string, Source])[] = [
    ['nop', nopSource()],
    ['recording', new RecordingSource()],
  ];
  for (const [name, source] of rows) {
    it(`${name}: yields nothing by itself, and ends by an abort`, async () => {
      const reading = new Reading((signal) => source.batches(new Map(), signal));
      await new Promise((resolve) => setImmediate(resolve));
      expect([reading.items, reading.isOver]).to.deep.equal([[], false]);
      await reading.stop();
      expect([reading.isOver, reading.error]).to.deep.equal([true, null]);
    });

    it(`${name}: reads earlier paths itself`, () => {
      expect(source.successorsOf('/a')).to.deep.equal([{ path: '/a', namespace: null }]);
    });
  }

  it('recording: yields what it is given, and records from where it is read', async () => {
    const source = new RecordingSource();
    const batches = source.batches(positionsAt('7'), NEVER);
    expect(source.readings, 'before the first pull').to.deep.equal([]);
    const batch = aBatch({ positions: positionsAt('8') });
    source.hand(batch);
    for await (const given of batches) {
      expect(given).to.equal(batch);
      break;
    }
    expect(source.readings).to.deep.equal([positionsAt('7')]);
    expect(source.ended).to.equal(true);
  });

  it('failing: throws at the first pull, and not before', async () => {
    const batches = failingSource().batches(new Map(), NEVER);
    const reading = new Reading(() => batches);
    await until(() => reading.isOver, 'the end');
    expect(reading.error).to.equal(CLUSTER_REFUSED);
  });
});

describe('doubles of Clock', () => {
  it('nop: stands still, and a sleep ends by an abort', async () => {
    const clock = nopClock();
    const stop = new AbortController();
    const slept = thrownBy(() => clock.sleep(0, stop.signal));
    clock.after(0, () => expect.fail('a timer fired'));
    await clock.turn();
    const reason = new Error('stopping');
    stop.abort(reason);
    expect(await slept).to.equal(reason);
    expect(clock.now()).to.equal(nopClock().now());
  });

  it('recording: has every wait in order', async () => {
    const { clock, waits } = recordingClock();
    void clock.sleep(5, NEVER);
    clock.after(7, () => undefined)();
    expect(waits).to.deep.equal([
      { call: 'sleep', ms: 5 },
      { call: 'after', ms: 7 },
    ]);
  });

  it('failing: tells the time, and throws at a wait', async () => {
    const clock = failingClock(7);
    expect(clock.now()).to.equal(7);
    for (const wait of [
      () => clock.sleep(0, NEVER),
      () => clock.after(0, () => undefined),
      () => clock.turn(),
    ]) {
      expect(await thrownBy(wait))
        .to.be.an('error')
        .with.property('message')
        .that.matches(/no wait/);
    }
  });
});

describe('doubles of LogStream', () => {
  const write = (stream: Writable, text: string): Promise<unknown> =>
    new Promise((resolve) => {
      stream.on('error', () => undefined);
      stream.write(text, (error) => resolve(error ?? null));
    });

  it('nop: accepts a line', async () => {
    expect(await write(nopStream(), 'a\n')).to.equal(null);
  });

  it('recording: has its text in order, and is a terminal only if asked', async () => {
    const stream = new RecordingStream();
    await write(stream, 'a\n');
    await write(stream, 'b\n');
    expect([stream.text, stream.isTTY]).to.deep.equal(['a\nb\n', false]);
    expect(new RecordingStream({ isTTY: true, columns: 9 })).to.include({
      isTTY: true,
      columns: 9,
    });
  });

  it('failing: fails at a write', async () => {
    expect(await write(failingStream(), 'a\n'))
      .to.be.an('error')
      .with.property('message', 'EPIPE');
  });
});

describe('doubles of Observe', () => {
  const jumped: Parameters<Observe> = [{ kind: 'clock-jumped', byMs: 2 }];

  it('nop: ignores an observation', () => {
    expect(() => nopObserve(...jumped)).not.to.throw();
  });

  it('recording: has every observation in order, and those of a kind', () => {
    const { observe, seen, of } = recordingObserve();
    observe({ kind: 'credentials-reread', why: 'rotated' });
    observe(...jumped);
    expect(seen.map(({ kind }) => kind)).to.deep.equal(['credentials-reread', 'clock-jumped']);
    expect(of('clock-jumped').map(({ byMs }) => byMs)).to.deep.equal([2]);
  });

  it('failing: throws at an observation', () => {
    expect(() => failingObserve(...jumped)).to.throw('observed clock-jumped');
  });
});
