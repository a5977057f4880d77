// How often a delivery reaches a receiver that starts a build and then answers as if it had not: within
// a day, with the real lane and the real table of answers. And which requests the client may repeat if
// a connection fails.

import { expect } from 'chai';
import { setUp, stateOf } from '../../delivery/lane-bench.ts';
import { deliveries } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { anAnswer, FakeReceiver } from './support/fake-receiver.ts';

const DAY_MS = 86_400_000;

const ANSWERS: readonly (readonly [status: number, headers: Readonly<Record<string, string>>])[] = [
  [301, { location: '/job/1' }],
  [302, { location: '/job/1' }],
  [303, { location: '/job/1' }],
  [304, {}],
  [305, {}],
  [306, {}],
  [399, {}],
  [408, {}],
  [409, {}],
  [500, {}],
  [502, {}],
  [503, {}],
  [503, { 'retry-after': '5', via: '1.1 varnish' }],
  [504, {}],
];

describe('a receiver that acts', () => {
  for (const [status, headers] of ANSWERS) {
    const also = Object.keys(headers).join(' and ') || 'nothing else';
    it(`and answers ${status} with ${also} gets each delivery once by atMostOnce`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ status, headers });
      const trigger = receiver.trigger();
      const { add, clock, store, stop, running } = setUp({ onLostAnswer: 'atMostOnce' }, trigger);
      await add(deliveries(3));
      await clock.advance(DAY_MS);
      const ids = receiver.requests.map((one) => one.headers['idempotency-key']);
      expect(ids.toSorted()).to.deep.equal(
        deliveries(3)
          .map(({ id }) => id)
          .toSorted(),
      );
      const states = await Promise.all(deliveries(3).map((one) => stateOf(store, one)));
      expect([...new Set(states)]).to.deep.equal([status === 303 ? 'delivered' : 'unknown']);
      stop.abort();
      await running;
    });
  }
});

describe('a request that the client may repeat', () => {
  const cases = [
    ['is none to a keyless receiver, whatever onLostAnswer is', {}, [false]],
    ['is one to a receiver that deduplicates', { receiver: 'deduplicates' }, [true]],
    ['is none with a batch to a keyless receiver', { batch: {} }, [false]],
    [
      'is one with a batch to a receiver that deduplicates',
      { batch: {}, receiver: 'deduplicates' },
      [true],
    ],
    [
      'is the OPTIONS request of a handshake',
      { handshake: { origin: 'me.example.test' } },
      [true, false],
    ],
  ] as const;
  for (const [what, section, wanted] of cases) {
    it(what, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ headers: { 'webhook-allowed-origin': '*' } });
      await receiver.trigger(section).fire(deliveries(1), NEVER);
      expect(receiver.requests.map(({ isRepeatable }) => isRepeatable)).to.deep.equal(wanted);
    });
  }
});
