// Waits that an API server asks for, with one object or with all requests.

import { expect } from 'chai';
import { type CreateAttempt, outcomeOf } from '../../lib/triggers/api-answer-table.ts';
import { anAnswer, aStatus } from './support/fake-api.ts';

const TRIED: CreateAttempt = {
  doing: 'create Job ci/a',
  name: 'a',
  needs: 'create on jobs in ci',
  now: Date.UTC(2026, 0, 31, 12),
};

describe('the wait that an API server asks for', () => {
  const pausing = [
    { what: '429', answer: aStatus(429, 'TooManyRequests', { details: { retryAfterSeconds: 9 } }) },
    { what: '429 of a proxy', answer: anAnswer(null, 429, { 'retry-after': '9' }) },
    {
      what: '503',
      answer: aStatus(503, 'ServiceUnavailable', { details: { retryAfterSeconds: 9 } }),
    },
    { what: '503 of a proxy', answer: anAnswer(null, 503, { 'retry-after': '9' }) },
  ];
  for (const { what, answer } of pausing) {
    it(`pauses every request after ${what}`, () => {
      expect(outcomeOf(answer, TRIED)).to.have.property('pauseMs', 9_000);
    });
  }

  it('delays only the creation of this object after another status', () => {
    const details = { kind: 'resourcequotas', name: 'a', retryAfterSeconds: 9 };
    const answer = aStatus(409, 'Conflict', { details });
    expect(outcomeOf(answer, TRIED))
      .to.include({ afterMs: 9_000 })
      .and.not.have.any.keys('pauseMs');
  });

  const waits = [
    { what: 'seconds', headers: { 'retry-after': '7' }, body: null, wanted: 7000 },
    {
      what: 'a date, counted from the answer’s own',
      headers: {
        'retry-after': 'Sat, 31 Jan 2026 09:00:30 GMT',
        date: 'Sat, 31 Jan 2026 09:00:00 GMT',
      },
      body: null,
      wanted: 30_000,
    },
    {
      what: 'a date, counted from now if the answer has none',
      headers: { 'retry-after': 'Sat, 31 Jan 2026 12:01:00 GMT' },
      body: null,
      wanted: 60_000,
    },
    {
      what: 'a date of the past',
      headers: { 'retry-after': 'Sat, 31 Jan 2026 11:00:00 GMT' },
      body: null,
      wanted: 0,
    },
    {
      what: 'a day, as an hour',
      headers: { 'retry-after': '86400' },
      body: null,
      wanted: 3_600_000,
    },
    { what: 'the Status', headers: {}, body: { details: { retryAfterSeconds: 3 } }, wanted: 3000 },
    { what: 'nothing readable', headers: { 'retry-after': 'soon' }, body: null, wanted: undefined },
    { what: 'nothing', headers: {}, body: null, wanted: undefined },
  ] as const;
  for (const { what, headers, body, wanted } of waits) {
    it(`is read from ${what}`, () => {
      const outcome = outcomeOf(anAnswer(body, 429, headers), TRIED);
      expect('afterMs' in outcome ? outcome.afterMs : undefined).to.equal(wanted);
    });
  }
});
