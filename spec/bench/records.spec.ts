// The records of the bench are the gateway's: its stores are measured with what it commits.

import { expect } from 'chai';
import { isDeliveryId } from '../../lib/core/delivery-id.ts';
import { bytesOf, commitOf, stepsOf } from './records.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the records of the bench', () => {
  it('are each a delivery, an entry, a decision and a key seen, all of one id', () => {
    const commit = commitOf({ from: 5, count: 3 }, NOW);
    const ids = commit.deliveries.map(({ id }) => id);
    expect(ids.filter(isDeliveryId)).to.have.lengthOf(3);
    expect(commit.ledger.map(({ id }) => id)).to.deep.equal(ids);
    expect(commit.decisions.map(({ id }) => id)).to.deep.equal(ids);
    expect(commit.seen.map(({ key }) => key)).to.deep.equal(
      commit.ledger.map(({ eventKey }) => eventKey),
    );
  });

  it('are others in each commit, about objects of their own', () => {
    const all = [0, 100].flatMap((from) => commitOf({ from, count: 100 }, NOW).deliveries);
    expect(new Set(all.map(({ id }) => id)).size).to.equal(200);
    expect(new Set(all.map(({ object }) => object)).size).to.equal(200);
  });

  it('are about one object on request', () => {
    const { deliveries } = commitOf({ from: 0, count: 10, object: 0 }, NOW);
    expect(new Set(deliveries.map(({ object }) => object)).size).to.equal(1);
    expect(new Set(deliveries.map(({ id }) => id)).size).to.equal(10);
  });

  it('move the position with every commit', () => {
    const [first, second] = [0, 10].map((from) => commitOf({ from, count: 10 }, NOW).positions);
    expect(first).not.to.deep.equal(second);
  });

  it('are due at once, without the managed fields that an occurrence leaves out', () => {
    const [delivery] = commitOf({ from: 0, count: 1 }, NOW).deliveries;
    expect(delivery).to.include({ state: 'waiting', dueAt: NOW, createdAt: NOW });
    expect(JSON.stringify(delivery)).not.to.contain('managedFields');
  });

  it('count the bytes that a store must keep of them', () => {
    const bytes = bytesOf(commitOf({ from: 0, count: 100 }, NOW)).length;
    expect(bytes / 100).to.be.within(1_500, 3_500);
  });

  const spans = [
    [{ from: 0, count: 100 }, 50, ['0+50', '50+50']],
    [{ from: 7, count: 60 }, 50, ['7+50', '57+10']],
    [{ from: 3, count: 1 }, 50, ['3+1']],
  ] as const;
  for (const [span, step, pieces] of spans) {
    it(`are made in steps: ${span.count} from ${span.from} as ${pieces.join(', ')}`, () => {
      const made = stepsOf(span, step).map(({ from, count }) => `${from}+${count}`);
      expect(made).to.deep.equal(pieces);
    });
  }

  it('are about the same object in each step', () => {
    const steps = stepsOf({ from: 0, count: 3, object: 4 }, 1);
    expect(steps.map(({ object }) => object)).to.deep.equal([4, 4, 4]);
  });
});
