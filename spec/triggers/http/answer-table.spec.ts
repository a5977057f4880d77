// The whole table of answers: the meaning of every status and of every missing answer.

import { expect } from 'chai';
import type { Outcome } from '../../../lib/core/delivery.ts';
import type { HttpFailed, NetworkFailure } from '../../../lib/net/http-client.ts';
import { outcomeOf } from '../../../lib/triggers/http/answer-table.ts';
import { retryOf } from '../../../lib/triggers/http/negotiation.ts';
import { aFailure, anAnswer } from './support/fake-receiver.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const TRIED = {
  doing: 'POST https://ci.example.test/hooks',
  now: NOW,
  redact: (text: string) => text,
};

/** The meaning of every status that `EACH` does not list. */
const RANGES: readonly (readonly [number, number, string])[] = [
  [100, 199, 'unknown server-error'],
  [200, 299, 'delivered'],
  [300, 399, 'unknown redirected'],
  [400, 499, 'refused invalid'],
  [500, 599, 'unknown server-error'],
];

const EACH: Readonly<Record<number, string>> = {
  300: 'retry redirected',
  303: 'delivered',
  307: 'retry redirected',
  308: 'retry redirected',
  400: 'refused invalid',
  401: 'retry unauthorized',
  402: 'retry forbidden',
  403: 'retry forbidden',
  404: 'retry not-found',
  405: 'retry not-permitted',
  406: 'refused invalid',
  407: 'retry unauthorized',
  408: 'unknown timeout',
  409: 'unknown conflict',
  410: 'refused gone',
  411: 'refused invalid',
  412: 'refused invalid',
  413: 'refused too-large',
  414: 'refused too-large',
  415: 'refused invalid',
  416: 'refused invalid',
  417: 'refused invalid',
  418: 'refused invalid',
  421: 'retry unavailable',
  422: 'refused invalid',
  423: 'retry unavailable',
  424: 'refused invalid',
  425: 'retry unavailable',
  426: 'refused invalid',
  428: 'refused invalid',
  429: 'retry throttled',
  431: 'refused too-large',
  451: 'refused invalid',
  500: 'unknown server-error',
  501: 'refused invalid',
  502: 'unknown connection-lost',
  503: 'unknown server-error',
  504: 'unknown timeout',
  505: 'refused invalid',
  507: 'unknown server-error',
  511: 'retry unauthorized',
};

const OUTSIDE = [-1, 0, 1, 99, 600, 999, 70_000, Number.NaN];

const FAILURES: Readonly<Record<NetworkFailure, readonly [never: string, perhaps: string]>> = {
  'name-not-found': ['retry unreachable', 'unknown connection-lost'],
  refused: ['retry unreachable', 'unknown connection-lost'],
  unroutable: ['retry unreachable', 'unknown connection-lost'],
  'forbidden-address': ['retry not-permitted', 'unknown connection-lost'],
  'connect-timeout': ['retry unreachable', 'unknown connection-lost'],
  tls: ['retry unreachable', 'unknown connection-lost'],
  proxy: ['retry unreachable', 'unknown connection-lost'],
  local: ['retry unreachable', 'unknown connection-lost'],
  reset: ['retry unreachable', 'unknown connection-lost'],
  timeout: ['retry unreachable', 'unknown timeout'],
  aborted: ['retry unreachable', 'unknown stopped'],
  'bad-answer': ['retry unreachable', 'unknown server-error'],
};

/** Why a receiver that acted does not answer so, for each status after which a request is retried. */
const NOT_PROCESSED: Readonly<Record<number, string>> = {
  300: 'it wants a choice first (RFC 9110 §15.4.1)',
  307: 'the same method goes to another URL (§15.4.8)',
  308: 'likewise (§15.4.9)',
  401: 'it did not apply the request (§15.5.2)',
  402: 'reserved; used before anything is done',
  403: 'it refuses to fulfill the request (§15.5.4)',
  404: 'it has no such resource (§15.5.5)',
  405: 'the resource does not know the method (§15.5.6)',
  407: 'the proxy forwards nothing (§15.5.8)',
  421: 'the wrong server cannot make a response (§15.5.20)',
  423: 'the resource is locked (RFC 4918 §11.3)',
  425: 'it does not risk to process the request (RFC 8470 §5.2)',
  429: 'the limit comes before the work (RFC 6585 §4)',
  511: 'the network did not forward it (RFC 6585 §6)',
};

function words(outcome: Outcome): string {
  return 'reason' in outcome ? `${outcome.outcome} ${outcome.reason}` : outcome.outcome;
}

function wantedFor(status: number): string {
  const range = RANGES.find(([from, to]) => status >= from && status <= to);
  return EACH[status] ?? range?.[2] ?? 'unknown server-error';
}

describe('the meaning of an answer', () => {
  it('is defined for every status from 100 to 599', () => {
    for (let status = 100; status <= 599; status += 1) {
      const outcome = outcomeOf(anAnswer({ status }), TRIED);
      expect(`${status} ${words(outcome)}`).to.equal(`${status} ${wantedFor(status)}`);
    }
  });

  it('is a retry only if a receiver that acted cannot answer so', () => {
    const retried = Array.from({ length: 500 }, (_, place) => place + 100).filter(
      (status) => outcomeOf(anAnswer({ status }), TRIED).outcome === 'retry',
    );
    expect(retried.map(String)).to.deep.equal(Object.keys(NOT_PROCESSED));
  });

  it('is a lost answer if the number is not a status', () => {
    for (const status of OUTSIDE) {
      expect(words(outcomeOf(anAnswer({ status }), TRIED)), String(status)).to.equal(
        'unknown server-error',
      );
    }
  });

  it('is a retry for a 503 with Retry-After', () => {
    const answer = anAnswer({ status: 503, headers: { 'retry-after': '7' } });
    expect(outcomeOf(answer, TRIED)).to.include({
      ...{ outcome: 'retry', reason: 'unavailable', afterMs: 7000 },
    });
  });

  it('is a lost answer for a 503 of a proxy that may have lost its connection', () => {
    // Varnish answers so if a backend does not answer, also after the request was sent.
    const headers = { 'retry-after': '5', via: '1.1 varnish (Varnish/7.4)' };
    expect(words(outcomeOf(anAnswer({ status: 503, headers }), TRIED))).to.equal(
      'unknown server-error',
    );
  });

  it('is delivered with a note for a 303', () => {
    const answer = anAnswer({ status: 303, headers: { location: '/job/1' } });
    expect(outcomeOf(answer, TRIED)).to.deep.equal({ outcome: 'delivered', note: 'answered 303' });
  });

  it('has the wait of Retry-After for every retry, in seconds or as a date', () => {
    const later = new Date(NOW + 90_000).toUTCString();
    for (let status = 300; status <= 599; status += 1) {
      for (const [header, afterMs] of [
        ['30', 30_000],
        [later, 90_000],
        ['999999999', 3_600_000],
      ] as const) {
        const outcome = outcomeOf(anAnswer({ status, headers: { 'retry-after': header } }), TRIED);
        if (outcome.outcome === 'retry') expect(outcome.afterMs, String(status)).to.equal(afterMs);
        else expect(outcome, String(status)).not.to.have.property('afterMs');
      }
    }
  });

  const resets = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 60) };
  const pauses: readonly (readonly [string, number, Readonly<Record<string, string>>, string])[] = [
    ['a limit of GitHub', 403, resets, 'retry throttled'],
    ['a secondary limit of GitHub', 403, { 'retry-after': '60' }, 'retry throttled'],
    ['429', 429, { 'retry-after': '60' }, 'retry throttled'],
    ['429 with a reset', 429, resets, 'retry throttled'],
    ['503', 503, { 'retry-after': '60' }, 'retry unavailable'],
    ['a 503 of a proxy', 503, { 'retry-after': '60', via: '1.1 x' }, 'unknown server-error'],
    ['the last request of a limit', 202, resets, 'delivered'],
    ['a 303 that was the last request', 303, resets, 'delivered'],
    ['a refusal that was the last request', 422, resets, 'refused invalid'],
  ];
  for (const [what, status, headers, wanted] of pauses) {
    it(`has a pause of a minute: ${what}`, () => {
      const outcome = outcomeOf(anAnswer({ status, headers }), TRIED);
      expect(words(outcome)).to.equal(wanted);
      expect(outcome).to.have.property('pauseMs', 60_000);
      if (outcome.outcome === 'retry') expect(outcome).to.have.property('afterMs', 60_000);
    });
  }

  it('has no pause if a 403 is about permissions or Retry-After is about the delivery', () => {
    const forbidden = anAnswer({ status: 403, headers: { 'x-ratelimit-remaining': '7' } });
    expect(words(outcomeOf(forbidden, TRIED))).to.equal('retry forbidden');
    const unreadable = anAnswer({ status: 403, headers: { 'retry-after': 'soon' } });
    expect(words(outcomeOf(unreadable, TRIED))).to.equal('retry forbidden');
    const locked = anAnswer({ status: 423, headers: { 'retry-after': '60' } });
    expect(outcomeOf(locked, TRIED))
      .to.include({ afterMs: 60_000 })
      .and.not.have.any.keys('pauseMs');
  });

  it('has no wait if Retry-After cannot be read', () => {
    const answer = anAnswer({ status: 429, headers: { 'retry-after': 'soon' } });
    expect(outcomeOf(answer, TRIED)).not.to.have.property('afterMs');
  });
});

describe('the meaning of a missing answer', () => {
  for (const [failure, [never, perhaps]] of Object.entries(FAILURES)) {
    const cases = [
      { reached: 'never', wanted: never },
      { reached: 'perhaps', wanted: perhaps },
    ] as const;
    for (const { reached, wanted } of cases) {
      it(`is ${wanted} for ${failure} if the request reached the receiver ${reached}`, () => {
        // The keys of the table are the closed set.
        const failed = {
          failure: failure as NetworkFailure,
          reached,
        } satisfies Partial<HttpFailed>;
        const outcome = outcomeOf(aFailure(failed), TRIED);
        expect(words(outcome)).to.equal(wanted);
        expect(outcome).to.have.property(
          'detail',
          `POST https://ci.example.test/hooks: ${failure}, the fake says so`,
        );
      });
    }
  }
});

describe('the detail of an outcome', () => {
  const cases = [
    {
      name: 'the status and what was found',
      answer: anAnswer({ status: 422 }),
      wanted: 'POST https://ci.example.test/hooks: refused, 422',
    },
    {
      name: 'the beginning of the body, quoted',
      answer: anAnswer({ status: 400, excerpt: ' {"error":\n"\u001b[31mno"} ' }),
      wanted:
        'POST https://ci.example.test/hooks: bad request, 400: "{\\"error\\":\\n\\"\\u001b[31mno\\"}"',
    },
    {
      name: 'the host of a redirect, and nothing else of its location',
      answer: anAnswer({
        status: 302,
        headers: { location: 'https://a:b@c.example.test/d?e=f#g' },
      }),
      wanted: 'POST https://ci.example.test/hooks: redirected to "c.example.test", 302',
    },
    {
      name: 'no host of a redirect to the same host',
      answer: anAnswer({ status: 307, headers: { location: '/login?token=x' } }),
      wanted: 'POST https://ci.example.test/hooks: redirected to another path of it, 307',
    },
    {
      name: 'nothing of an invalid location',
      answer: anAnswer({ status: 300, headers: { location: 'https://[' } }),
      wanted: 'POST https://ci.example.test/hooks: redirected to another path of it, 300',
    },
  ];
  for (const { name, answer, wanted } of cases) {
    it(`has ${name}`, () => {
      expect(outcomeOf(answer, TRIED)).to.have.property('detail', wanted);
    });
  }

  it('has no host with a secret', () => {
    const answer = anAnswer({ status: 302, headers: { location: 'https://Secret.example.test/' } });
    const redact = (text: string): string => text.replaceAll('Secret', '[redacted]');
    expect(outcomeOf(answer, { ...TRIED, redact })).to.have.property(
      'detail',
      'POST https://ci.example.test/hooks: redirected, 302',
    );
  });

  it('is short, also for a long answer', () => {
    const outcome = outcomeOf(anAnswer({ status: 500, excerpt: 'x'.repeat(16_384) }), TRIED);
    expect('detail' in outcome ? outcome.detail.length : 0).to.be.below(300);
  });
});

describe('a failure of the handshake', () => {
  it('is always a retry, because asking starts nothing', () => {
    for (let status = 100; status <= 599; status += 1) {
      expect(retryOf(anAnswer({ status }), TRIED).outcome, String(status)).to.equal('retry');
    }
    expect(words(retryOf(aFailure(), TRIED))).to.equal('retry unreachable');
    expect(words(retryOf(anAnswer({ status: 500 }), TRIED))).to.equal('retry unavailable');
    expect(words(retryOf(anAnswer({ status: 410 }), TRIED))).to.equal('retry not-permitted');
    expect(retryOf(anAnswer({ status: 303 }), TRIED)).to.include({
      ...{ reason: 'not-permitted', detail: 'POST https://ci.example.test/hooks: answered 303' },
    });
  });
});
