// Receivers that answer, but not as they should, in front of a real gateway and a real API server:
// one process lives through all of them, and beside each another trigger of the same rule gets
// every Event once. What each answer means is docs/triggers.md; receivers that do not answer are
// receivers-lost.spec.ts.

import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import * as bad from './support/misbehaviour.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { type Arrived, type Behaviour, SwitchedReceiver } from './support/switched-receiver.ts';
import { idOf, TwoTriggers } from './support/two-triggers.ts';

const EVENTS = 20;
// The default of triggers.
const CONCURRENCY = 8;
// Attempts of one delivery as the receiver sees them, and the clock by which one falls due, are not
// read at the same moment.
const SLACK_MS = 50;

const sometimes = (behaviour: Behaviour): Behaviour =>
  bad.where(({ attempt, before }) => attempt === 1 && before % 3 === 0, behaviour);

describe('a receiver that answers badly', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let started: TwoTriggers | undefined;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });
  // What a failed case leaves behind must not fail the next one.
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await started?.[Symbol.asyncDispose]();
    started = undefined;
  });
  after(() => started?.[Symbol.asyncDispose]());

  async function gateway(): Promise<TwoTriggers> {
    started ??= await TwoTriggers.start(plane, await SwitchedReceiver.start());
    return started;
  }

  interface Taken {
    readonly what: string;
    readonly behaviour: Behaviour;
    /** What attempts come to, each once and sorted. */
    readonly outcomes: readonly string[];
    /** Whether `good` must have everything before `bad` has. */
    readonly isSlow?: true;
    /** Whether connections are closed because the answer was not read to its end. */
    readonly isCut?: true;
  }
  const taken: readonly Taken[] = [
    {
      what: 'after half a second',
      behaviour: bad.slow(500),
      outcomes: ['delivered'],
      isSlow: true,
    },
    {
      what: 'with bytes that are not HTTP to one in three',
      behaviour: sometimes(bad.bytes('SSH-2.0-OpenSSH_9.9\r\n')),
      outcomes: ['delivered', 'unknown server-error'],
    },
    { what: 'with 10 MiB', behaviour: bad.LARGE_ANSWER, outcomes: ['delivered'], isCut: true },
    {
      what: 'with a 500 to one request in ten',
      behaviour: bad.where(({ before }) => before % 10 === 3, bad.status(500)),
      outcomes: ['delivered', 'unknown server-error'],
    },
    { what: 'without an end', behaviour: bad.ENDLESS, outcomes: ['delivered'], isCut: true },
    {
      what: 'with half a head to one in three',
      behaviour: sometimes(bad.bytes('HTTP/1.1 200 OK\r\nx-half: ')),
      outcomes: ['delivered', 'unknown connection-lost'],
    },
    {
      what: 'a byte at a time',
      behaviour: bad.TRICKLING,
      outcomes: ['delivered'],
      isSlow: true,
      isCut: true,
    },
    {
      what: 'with a head that has no end to one in three',
      behaviour: sometimes(bad.ENDLESS_HEAD),
      outcomes: ['delivered', 'unknown server-error'],
    },
  ];
  for (const { what, behaviour, outcomes, isSlow = false, isCut = false } of taken) {
    it(`${what} gets everything, repeats are reported, and the other is not affected`, async () => {
      const two = await gateway();
      await two.play(behaviour, EVENTS);
      await two.goodIsDone();
      if (isSlow) expect(await two.countOf('delivered')).to.be.below(EVENTS);
      await two.expectArrived();
      expect(two.outcomes).to.deep.equal(outcomes);
      expect(two.lost.length > 0).to.equal(outcomes.length > 1);
      expect(two.bad.ids).to.have.length(EVENTS + two.lost.length);
      if (isCut) await until(() => two.bad.sockets.size === 0, 'connections to be closed');
      await two.expectUnhurt();
    });
  }

  const waits = [
    { what: 'seconds', header: () => '1', leastMs: 1000 },
    { what: 'a date', header: (now: number) => new Date(now + 2000).toUTCString(), leastMs: 2000 },
  ];
  for (const { what, header, leastMs } of waits) {
    it(`with 429 and Retry-After as ${what} gets nothing until then, and then everything`, async () => {
      const two = await gateway();
      const isEarly = ({ at }: Arrived): boolean => at < (two.bad.arrived[0]?.at ?? 0) + leastMs;
      const answer: Behaviour['answer'] = (response, arrived) => {
        const now = systemClock.now();
        const headers = { date: new Date(now).toUTCString(), 'retry-after': header(now) };
        bad.status(429, headers).answer(response, arrived);
      };
      await two.play(bad.where(isEarly, { answer }), EVENTS);
      await two.goodIsDone();
      await two.expectArrived();
      expect(two.outcomes).to.deep.equal(['delivered', 'retry throttled']);
      // Those that were under way when the first was answered.
      const early = two.bad.arrived.filter(isEarly);
      expect(early).to.have.length.of.at.most(CONCURRENCY);
      const last = Math.max(...early.map(({ at }) => at));
      const next = two.bad.arrived.find(({ at }) => at > last)?.at ?? 0;
      expect(next - last).to.be.at.least(leastMs - SLACK_MS);
      const states = two.gateway.of('pause').map(({ state }) => state);
      expect(new Set(states)).to.deep.equal(new Set(['paused', 'trying', 'over']));
      expect((await two.status('bad')).breaker).to.equal('closed');
      await two.expectUnhurt();
    });
  }

  it('with a redirect is not followed, and gets everything again once it works', async () => {
    await using elsewhere = await SwitchedReceiver.start();
    const two = await gateway();
    await two.play(bad.status(302, { location: elsewhere.url }), EVENTS);
    await two.goodIsDone();
    await until(() => two.breakerLines.length > 0, 'the breaker to open');
    expect(await two.countOf('delivered')).to.equal(0);
    expect(two.outcomes).to.deep.equal(['unknown redirected']);
    const told = two.attempts.filter(({ level }) => level === 'error');
    expect(told).to.have.length(1);
    expect(told[0]?.['detail']).to.include('redirected to "127.0.0.1:').and.to.include('302');
    two.bad.mend();
    await two.expectArrived();
    expect(two.lost).not.to.deep.equal([]);
    expect(elsewhere.connections).to.equal(0);
    await two.expectUnhurt();
  });

  const refusals = [
    { code: 400, outcome: 'refused invalid' },
    { code: 410, outcome: 'refused gone' },
  ];
  for (const { code, outcome } of refusals) {
    it(`with ${code} gets no retry, and an error line reports each`, async () => {
      const two = await gateway();
      await two.play(bad.status(code), EVENTS);
      await two.goodIsDone();
      await two.badAre('refused');
      expect(two.outcomes).to.deep.equal([outcome]);
      const ids = [...(await two.idsOf('bad')).values()];
      expect(two.bad.ids).to.have.members(ids);
      const lines = two.moved('refused');
      expect(lines.map(idOf)).to.have.members(ids);
      for (const { level, why } of lines) {
        expect(level).to.equal('error');
        expect(why).to.match(new RegExp(`^POST http://\\S+: .*, ${code}: "\\{`));
      }
      await two.expectUnhurt();
    });
  }

  it('is stopped beside in order', async () => {
    await (await gateway()).stop();
  });
});
