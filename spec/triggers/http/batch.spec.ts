// Several deliveries in one request: how they are grouped, what tells them apart, and what each of
// them gets.
import { expect } from 'chai';
import type { Delivery } from '../../../lib/core/delivery.ts';
import { toDocument } from '../../../lib/core/delivery.ts';
import { aDelivery } from '../../support/builders.ts';
import { NEVER } from '../support/parts.ts';
import { anAnswer, bodyOf, FakeReceiver } from './support/fake-receiver.ts';

const IDS = [
  '01kg9ynja097rx6z4zzrz6frr7',
  '01kg9ynja0ffffffffffffffff',
  '01kg9ynja00000000000000000',
];
const DELIVERIES = IDS.map((id) => aDelivery({ id }));

function large(id: string, bytes: number): Delivery {
  const [occurrence] = aDelivery().occurrences;
  return aDelivery({ id, occurrences: [{ ...occurrence, event: { message: 'x'.repeat(bytes) } }] });
}

describe('a batch', () => {
  it('is asked for with its bounds, by default 100 and a second', () => {
    const receiver = new FakeReceiver();
    expect(receiver.trigger({ batch: {} }).batch).to.deep.equal({ max: 100, waitMs: 1000 });
    const batch = { max: 7, wait: '250ms' };
    expect(receiver.trigger({ batch }).batch).to.deep.equal({ max: 7, waitMs: 250 });
    expect(receiver.trigger().batch).to.equal(undefined);
  });

  it('is one request with a list of documents, under an id of its own each time', async () => {
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

  it('is several requests above its size, each with the outcome of its own', async () => {
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
    const ids = receiver.requests.map((one) =>
      (JSON.parse(bodyOf(one)) as { id: string }[]).map(({ id }) => id),
    );
    expect(ids).to.deep.equal([['a', 'b'], ['c'], ['d']]);
    for (const { body } of receiver.requests.slice(0, 1))
      expect(body?.length).to.be.at.most(10_000);
  });

  it('does not send what is too large for any request, and sends the others', async () => {
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

describe('a single request', () => {
  it('carries the largest Event there is, and nothing beyond 10 MiB', async () => {
    const receiver = new FakeReceiver();
    const trigger = receiver.trigger();
    const [taken] = await trigger.fire([large('a', 9 * 1024 * 1024)], NEVER);
    expect(taken).to.deep.equal({ outcome: 'delivered' });
    const [refused] = await trigger.fire([large('a', 10 * 1024 * 1024)], NEVER);
    expect(refused).to.include({ outcome: 'refused', reason: 'too-large' });
    expect(receiver.requests).to.have.length(1);
  });
});
