// Promises of lib/core/delivery.ts: the document that every trigger sends.

import { expect } from 'chai';
import { attemptNumber, toDocument } from '../../lib/core/delivery.ts';
import { aDelivery, anEvent } from '../support/builders.ts';

describe('toDocument', () => {
  it('has exactly the fields of the contract, in their order', () => {
    const document = toDocument(aDelivery());
    expect(Object.keys(document)).to.deep.equal([
      'id',
      'cluster',
      'source',
      'rule',
      'trigger',
      'match',
      'occurrences',
    ]);
    expect(Object.keys(document.occurrences[0] ?? {})).to.deep.equal([
      'event',
      'firstTime',
      'happenedAt',
      'count',
    ]);
    expect(document.occurrences[0]?.event).to.deep.equal(anEvent());
  });

  it('has null for an unnamed rule', () => {
    const rule = { index: 2, name: null, identity: '' };
    expect(toDocument(aDelivery({ rule })).rule).to.equal(null);
  });

  it('is the same at each attempt', () => {
    const attempt = { number: 1, at: 5, incarnation: 'i', outcome: null, durationMs: null };
    const later = aDelivery({ attempts: [attempt], state: 'running', dueAt: 99 });
    expect(toDocument(later)).to.deep.equal(toDocument(aDelivery()));
    expect([attemptNumber(aDelivery()), attemptNumber(later)]).to.deep.equal([0, 1]);
  });
});
