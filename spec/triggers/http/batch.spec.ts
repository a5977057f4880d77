// Several deliveries in one request: their grouping, their ids, and the outcome of each.

import { expect } from 'chai';
import { type Delivery, toDocument } from '../../../lib/core/delivery.ts';
import { aDelivery } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { aFailure, anAnswer, bodyOf, FakeReceiver } from './support/fake-receiver.ts';

const IDS = [
  '01kg9ynja097rx6z4zzrz6frr7',
  '01kg9ynja0ffffffffffffffff',
  '01kg9ynja00000000000000000',
];
const DELIVERIES = IDS.map((id) => aDelivery({ id }));

function large(id: string, bytes: number): Delivery {
  return aDelivery({ id, event: { message: 'x'.repeat(bytes) } });
}

describe('a batch', () => {
  it('is declared with its limits, by default 100 and a second', () => {
    const receiver = new FakeReceiver();
    expect(receiver.trigger({ batch: {} }).batch).to.deep.equal({ max: 100, waitMs: 1000 });
    const batch = { max: 7, wait: '250ms' };
    expect(receiver.trigger({ batch }).batch).to.deep.equal({ max: 7, waitMs: 250 });
    expect(receiver.trigger().batch).to.equal(undefined);
  });

  it('is one request with a list of documents and a new id each time', async () => {
    const receiver = new FakeReceiver();
    const trigger = receiver.trigger({ batch: {} });
    await trigger.fire(DELIVERIES, NEVER);
    await trigger.fire(DELIVERIES, NEVER);
    const [first, second] = receiver.requests;
    expect(JSON.parse(bodyOf(first))).to.deep.equal(
      DELIVERIES.map((one) => JSON.parse(JSON.stringify(toDocument(one))) as unknown),
    );
    expect(first?.headers).to.have.all.keys('content-type', 'webhook-id');
    expect(first?.headers['webhook-id']).to.match(/^batch_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(second?.headers['webhook-id']).not.to.equal(first?.headers['webhook-id']);
  });

  it('gives every delivery the outcome of its request', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => anAnswer({ status: 429, headers: { 'retry-after': '5' } });
    const outcomes = await receiver.trigger({ batch: {} }).fire(DELIVERIES, NEVER);
    expect(outcomes).to.have.length(3);
    for (const one of outcomes) expect(one).to.include({ reason: 'throttled', afterMs: 5000 });
  });

  it('is several requests above its size, each with its own outcome', async () => {
    const receiver = new FakeReceiver();
    receiver.script = ({ body }) => anAnswer({ status: (body?.length ?? 0) > 20_000 ? 413 : 200 });
    const deliveries = [
      large('a', 4_000),
      large('b', 4_000),
      large('c', 30_000),
      large('d', 4_000),
    ];
    const outcomes = await receiver.trigger({ batch: { size: '10k' } }).fire(deliveries, NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal([
      ...['delivered', 'delivered', 'refused', 'delivered'],
    ]);
    expect(idsIn(receiver)).to.deep.equal([['a', 'b'], ['c'], ['d']]);
    for (const { body } of receiver.requests.slice(0, 1))
      expect(body?.length).to.be.at.most(10_000);
  });

  it('does not send a delivery that is too large for any request, and sends the others', async () => {
    const receiver = new FakeReceiver();
    const deliveries = [large('a', 10), large('b', 11 * 1024 * 1024), large('c', 10)];
    const outcomes = await receiver.trigger({ batch: {} }).fire(deliveries, NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal([
      'delivered',
      'refused',
      'delivered',
    ]);
    expect(outcomes[1]).to.include({ reason: 'too-large' });
    expect(receiver.requests).to.have.length(2);
  });

  it('shows the cluster and the trigger in URL and headers', async () => {
    const receiver = new FakeReceiver();
    const url = 'https://ci.example.test/${cluster.name}';
    await receiver
      .trigger({ batch: {}, url, headers: { 'X-T': '${trigger}' } })
      .fire(DELIVERIES, NEVER);
    expect(receiver.requests[0]?.url.pathname).to.equal('/dev');
    expect(receiver.requests[0]?.headers).to.have.property('x-t', 'build');
  });
});

/** Deliveries with numbered ids: `d-000`, `d-001`, … */
function numbered(count: number): readonly Delivery[] {
  return Array.from({ length: count }, (_, place) =>
    aDelivery({ id: `d-${String(place).padStart(3, '0')}` }),
  );
}

/** The ids of the entries of each request. */
function idsIn(receiver: FakeReceiver): readonly (readonly string[])[] {
  return receiver.requests.map((request) =>
    (JSON.parse(bodyOf(request)) as { id: string }[]).map(({ id }) => id),
  );
}

/** A receiver that refuses every request that has one of these ids. */
function refusing(status: number, ...ids: readonly string[]): FakeReceiver {
  const receiver = new FakeReceiver();
  receiver.script = (request) => {
    const isBad = ids.some((id) => bodyOf(request).includes(`"${id}"`));
    return anAnswer({ status: isBad ? status : 200 });
  };
  return receiver;
}

describe('a batch that is refused', () => {
  for (const [status, reason] of [
    [400, 'invalid'],
    [413, 'too-large'],
    [422, 'invalid'],
  ] as const) {
    it(`with ${status} is halved until each refused delivery was alone`, async () => {
      const receiver = refusing(status, 'd-017', 'd-049');
      const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(50), NEVER);
      const refused = outcomes.flatMap((one, place) => (one.outcome === 'refused' ? [place] : []));
      expect(refused).to.deep.equal([17, 49]);
      expect(outcomes[17]).to.include({ reason });
      expect(outcomes.filter(({ outcome }) => outcome === 'delivered')).to.have.length(48);
      // Two paths through a tree of six levels, and their neighbours.
      expect(receiver.requests.length).to.be.at.most(1 + 2 * 2 * 6);
      const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids).size).to.equal(ids.length);
    });
  }

  it('sends each good delivery in only one accepted request', async () => {
    const receiver = refusing(400, 'd-003');
    const taken: string[] = [];
    const { script } = receiver;
    receiver.script = (request) => {
      const answer = script(request);
      if (answer.answered && answer.status === 200) taken.push(...(idsIn(receiver).at(-1) ?? []));
      return answer;
    };
    await receiver.trigger({ batch: {} }).fire(numbered(9), NEVER);
    const others = numbered(9).flatMap(({ id }) => (id === 'd-003' ? [] : [id]));
    expect(taken.toSorted()).to.deep.equal(others);
  });

  // A shorter list does not help if the cause is the same for every request.
  for (const status of [406, 410, 411, 412, 414, 415, 416, 417, 426, 428, 431, 451, 501, 505]) {
    it(`with ${status}, which is not about its content, is sent once`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ status });
      const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(8), NEVER);
      expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(Array(8).fill('refused'));
      expect(receiver.requests).to.have.length(1);
    });
  }

  it('has retries for unsent deliveries if the time is over', async () => {
    const receiver = refusing(400, 'd-000');
    const time = new AbortController();
    const { script } = receiver;
    receiver.script = (request) => {
      if (receiver.requests.length === 3) time.abort(new DOMException('late', 'TimeoutError'));
      return script(request);
    };
    const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(8), time.signal);
    // 8 at once, then the first 4, then the first 2: none of them was accepted.
    expect(receiver.requests).to.have.length(3);
    for (const one of outcomes) expect(one).to.include({ outcome: 'retry', reason: 'not-sent' });
  });

  it('begins with fewer deliveries after its halving took too long, and grows again', async () => {
    const receiver = refusing(400, 'd-000');
    const trigger = receiver.trigger({ batch: {} });
    const time = new AbortController();
    const { script } = receiver;
    receiver.script = (request) => {
      if (receiver.requests.length === 2) time.abort(new DOMException('late', 'TimeoutError'));
      return script(request);
    };
    await trigger.fire(numbered(8), time.signal);
    receiver.requests.length = 0;
    receiver.script = () => anAnswer();
    await trigger.fire(numbered(12), NEVER);
    await trigger.fire(numbered(12), NEVER);
    expect(idsIn(receiver).map(({ length }) => length)).to.deep.equal([2, 2, 2, 2, 2, 2, 12]);
  });

  const stops = [
    ['throttled', anAnswer({ status: 429, headers: { 'retry-after': '60' } })],
    ['unavailable', anAnswer({ status: 503, headers: { 'retry-after': '60' } })],
    ['unauthorized', anAnswer({ status: 401 })],
    ['unreachable', aFailure({ reached: 'never', failure: 'refused' })],
  ] as const;
  for (const [reason, answer] of stops) {
    it(`sends no further half after the receiver answers ${reason}`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => (receiver.requests.length === 1 ? anAnswer({ status: 400 }) : answer);
      const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(8), NEVER);
      expect(receiver.requests).to.have.length(2);
      for (const one of outcomes) expect(one).to.include({ outcome: 'retry', reason });
    });
  }

  it('continues with the other half after a lost answer', async () => {
    const receiver = new FakeReceiver();
    const statuses = [400, 500, 200];
    receiver.script = () => anAnswer({ status: statuses[receiver.requests.length - 1] ?? 0 });
    const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(4), NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal([
      ...['unknown', 'unknown', 'delivered', 'delivered'],
    ]);
  });
});

describe('the requests of one attempt', () => {
  it('stop at the first that is throttled', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => anAnswer({ status: 429, headers: { 'retry-after': '60' } });
    const deliveries = [large('a', 9_000), large('b', 9_000), large('c', 9_000)];
    const outcomes = await receiver.trigger({ batch: { size: '10k' } }).fire(deliveries, NEVER);
    expect(receiver.requests).to.have.length(1);
    for (const one of outcomes) expect(one).to.include({ reason: 'throttled', afterMs: 60_000 });
  });

  const none = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
  const last: readonly (readonly [string, number, readonly string[]])[] = [
    ['accepted', 200, ['delivered', 'retry', 'retry']],
    ['refused for its content', 400, ['refused', 'retry', 'retry']],
    ['lost', 500, ['unknown', 'retry', 'retry']],
  ];
  for (const [what, status, wanted] of last) {
    it(`stop at the last that the rate limit allows, also if it was ${what}`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ status, headers: none });
      const deliveries = [large('a', 9_000), large('b', 9_000), large('c', 9_000)];
      const outcomes = await receiver.trigger({ batch: { size: '10k' } }).fire(deliveries, NEVER);
      expect(receiver.requests).to.have.length(1);
      expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(wanted);
      for (const one of outcomes) expect(one).to.include({ pauseMs: 60_000 });
    });
  }

  it('have no halves if the rate limit has no request left', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => anAnswer({ status: 400, headers: none });
    const outcomes = await receiver.trigger({ batch: {} }).fire(numbered(8), NEVER);
    expect(receiver.requests).to.have.length(1);
    for (const one of outcomes) expect(one).to.include({ reason: 'not-sent', pauseMs: 60_000 });
  });

  it('continue if the wait that the receiver asked for is over', async () => {
    const receiver = new FakeReceiver();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0' };
    receiver.script = () => anAnswer({ headers });
    const deliveries = [large('a', 9_000), large('b', 9_000)];
    const outcomes = await receiver.trigger({ batch: { size: '10k' } }).fire(deliveries, NEVER);
    for (const one of outcomes) {
      expect(one).to.include({ outcome: 'delivered' }).and.not.have.property('pauseMs');
    }
    expect(outcomes).to.have.length(2);
  });

  it('are none if the time is over before the first', async () => {
    const receiver = new FakeReceiver();
    const outcomes = await receiver
      .trigger({ batch: {} })
      .fire(numbered(2), AbortSignal.abort(new DOMException('late', 'TimeoutError')));
    expect(receiver.requests).to.have.length(0);
    for (const one of outcomes) expect(one).to.include({ outcome: 'retry', reason: 'not-sent' });
  });

  it('stay below the largest body, whatever size: is', async () => {
    const receiver = new FakeReceiver();
    const deliveries = [large('a', 6 * 1024 * 1024), large('b', 6 * 1024 * 1024)];
    const outcomes = await receiver.trigger({ batch: { size: '64Mi' } }).fire(deliveries, NEVER);
    expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(['delivered', 'delivered']);
    expect(receiver.requests).to.have.length(2);
  });
});

describe('a single request', () => {
  it('carries the largest Event, and nothing above 10 MiB', async () => {
    const receiver = new FakeReceiver();
    const trigger = receiver.trigger();
    const [taken] = await trigger.fire([large('a', 9 * 1024 * 1024)], NEVER);
    expect(taken).to.include({ outcome: 'delivered' });
    const [refused] = await trigger.fire([large('a', 10 * 1024 * 1024)], NEVER);
    expect(refused).to.include({ outcome: 'refused', reason: 'too-large' });
    expect(receiver.requests).to.have.length(1);
  });
});
