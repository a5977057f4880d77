// Covers the table of watch errors completely: each row has at least one case, and each case names
// its row.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import type { ApiFailed } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import {
  type EndOfStream,
  WATCH_ERRORS,
  type WaitRule,
  type WatchErrorAction,
} from '../../../lib/kubernetes/watch/watch-error-table.ts';
import { type Evidence, toWatchError } from '../../../lib/kubernetes/watch/watch-errors.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };

function answered(
  status: number,
  body: JsonObject = {},
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Evidence {
  return { seen: 'answer', answer: { ok: true, status, headers, body, bytes: 0 } };
}

function framed(code: number, more: JsonObject = {}): Evidence {
  return { seen: 'frame', status: { kind: 'Status', code, ...more } };
}

function failed(code: string, reached: ApiFailed['reached'] = 'never'): Evidence {
  return { seen: 'failure', failure: { ok: false, reached, code, detail: '' } };
}

function ended(how: EndOfStream): Evidence {
  return { seen: 'end', how, detail: '' };
}

const TOO_LARGE = { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } };

type Case = readonly [Evidence, string, WatchErrorAction, WaitRule];

const CASES: readonly Case[] = [
  [ended('closed'), 'clean end', 'resume', 'short'],
  [ended('closed-early'), 'closed early', 'resume', 'short'],
  [ended('cut'), 'cut', 'resume', 'backoff'],
  [ended('idle'), 'idle', 'resume', 'free'],
  [ended('silent'), 'silence', 'resume', 'free'],
  [ended('bad-frame'), 'unreadable frame', 'resume', 'backoff'],
  [answered(504, TOO_LARGE), 'answered: version too large', 'wait', 'asked'],
  [answered(500, TOO_LARGE), 'answered: version too large', 'wait', 'asked'],
  [answered(410, { reason: 'Expired' }), 'answered 410', 'relist', 'free'],
  [answered(410, { reason: 'Gone' }), 'answered 410', 'relist', 'free'],
  [answered(410), 'answered 410', 'relist', 'free'],
  [answered(429), 'answered 429', 'wait', 'asked'],
  [answered(401), 'answered 401', 'wait', 'backoff'],
  [answered(403), 'answered 403', 'wait', 'slow'],
  [answered(404), 'answered 404', 'wait', 'slow'],
  [answered(404, {}, { 'content-type': 'text/plain' }), 'answered 404', 'wait', 'slow'],
  [answered(404, {}, HTML_TYPE), 'answered by no API server', 'wait', 'slow'],
  [answered(403, {}, HTML_TYPE), 'answered by no API server', 'wait', 'slow'],
  [answered(401, {}, HTML_TYPE), 'answered by no API server', 'wait', 'slow'],
  [answered(200, {}, HTML_TYPE), 'answered by no API server', 'wait', 'slow'],
  [answered(200, {}, {}), 'answered by no API server', 'wait', 'slow'],
  [answered(400), 'answered 400', 'fail', 'free'],
  [answered(422), 'answered 400', 'fail', 'free'],
  [answered(502), 'answered 502, 503 or 504', 'wait', 'asked'],
  [answered(503), 'answered 502, 503 or 504', 'wait', 'asked'],
  [answered(504), 'answered 502, 503 or 504', 'wait', 'asked'],
  [answered(500), 'answered anything else', 'wait', 'asked'],
  [answered(302), 'answered by no API server', 'wait', 'slow'],
  [answered(503, {}, HTML_TYPE), 'answered 502, 503 or 504', 'wait', 'asked'],
  [{ seen: 'list', detail: 'page 2' }, 'invalid list', 'wait', 'backoff'],
  [answered(200), 'answered anything else', 'wait', 'asked'],
  [framed(504, TOO_LARGE), 'in the stream: version too large', 'wait', 'asked'],
  [framed(504), 'in the stream: 504', 'wait', 'asked'],
  [framed(410), 'in the stream: 410', 'relist', 'free'],
  [framed(0, { reason: 'Expired' }), 'in the stream: 410', 'relist', 'free'],
  [framed(0, { reason: 'Gone' }), 'in the stream: 410', 'relist', 'free'],
  [
    framed(500, { reason: 'StorageReadError' }),
    'in the stream: storage read error',
    'relist',
    'free',
  ],
  [
    framed(500, { message: 'etcd event received with PrevKv=nil' }),
    'in the stream: 500',
    'relist',
    'free',
  ],
  [framed(500, { message: 'in other words' }), 'in the stream: 500', 'relist', 'free'],
  [framed(429), 'in the stream: 429', 'wait', 'asked'],
  [framed(401), 'in the stream: 401', 'wait', 'backoff'],
  [framed(403), 'in the stream: 403', 'wait', 'slow'],
  [framed(503), 'in the stream: anything else', 'resume', 'asked'],
  [{ seen: 'frame', status: {} }, 'in the stream: anything else', 'resume', 'asked'],
  [failed('timeout'), 'no answer in time', 'wait', 'backoff'],
  [failed('ECONNREFUSED'), 'no connection', 'wait', 'backoff'],
  [failed('ENOTFOUND'), 'no connection', 'wait', 'backoff'],
  [failed('ECONNRESET'), 'no connection', 'wait', 'backoff'],
  [failed('ECONNRESET', 'perhaps'), 'no whole answer', 'wait', 'backoff'],
  [failed('Z_DATA_ERROR', 'perhaps'), 'no whole answer', 'wait', 'backoff'],
  [failed('too-large', 'answered'), 'answer above the bound', 'wait', 'backoff'],
];

describe('the table of watch errors', () => {
  for (const [evidence, row, action, wait] of CASES) {
    it(`answers ${JSON.stringify(evidence)} with "${row}"`, () => {
      expect(toWatchError(evidence, NOW)).to.include({ row, action, wait });
    });
  }

  it('has a case above for each row', () => {
    const hit = new Set(CASES.map(([, row]) => row));
    expect(WATCH_ERRORS.map(({ row }) => row).filter((row) => !hit.has(row))).to.deep.equal([]);
  });

  it('bounds every repetition by a LIST, or says why a LIST would not help', () => {
    const endless = WATCH_ERRORS.filter(({ consequence }) => {
      const { action, relistAfter, noRelist = '' } = consequence;
      const isBounded = relistAfter !== undefined || noRelist !== '';
      return (action === 'wait' || action === 'resume') && !isBounded;
    });
    expect(endless.map(({ row }) => row)).to.deep.equal([]);
  });

  for (const [name, headers, found] of [
    ['a login page', HTML_TYPE, '200 text/html'],
    ['an answer without a content type', {}, '200 no content type'],
    [
      'a redirect, without its query',
      { location: 'https://login.example.test/oauth?state=s3cr3t#f' },
      '200 to https://login.example.test/oauth',
    ],
    ['a redirect to a path', { location: '/login?next=%2Fapi' }, '200 to /login'],
  ] as const) {
    it(`says that ${name} is no answer of an API server`, () => {
      const { detail } = toWatchError(answered(200, {}, headers), NOW);
      expect(detail).to.match(/this is no API server/);
      expect(detail.split(': ')[0]).to.equal(found);
    });
  }

  it('does not depend on messages', () => {
    const message = 'too old resource version: 410 Gone Expired';
    expect(toWatchError(answered(503, { message }), NOW).reason).to.equal('unavailable');
  });

  it('quotes the server’s message, escaped and cut', () => {
    const status = { reason: 'Expired', message: `\u001b[31m${'x'.repeat(1000)}` };
    const { detail } = toWatchError(answered(410, status), NOW);
    expect(detail).to.match(/^410 Expired: /);
    expect(detail.length).to.be.at.most(301);
    expect(detail).not.to.include('\u001b');
  });
});

describe('the delay that a server asks for', () => {
  const date = new Date(NOW).toUTCString();
  for (const [headers, body, expected] of [
    [{ 'retry-after': '1' }, {}, 1_000],
    [{ 'retry-after': '5' }, {}, 5_000],
    [{}, {}, null],
    [{ 'retry-after': 'soon' }, {}, null],
    [{ 'retry-after': new Date(NOW + 20_000).toUTCString(), date }, {}, 20_000],
    [{ 'retry-after': new Date(NOW - 20_000).toUTCString(), date }, {}, 0],
    [{ 'retry-after': '86400' }, {}, 300_000],
    [{}, { details: { retryAfterSeconds: 2 } }, 2_000],
    [{ 'retry-after': '3' }, { details: { retryAfterSeconds: 2 } }, 3_000],
  ] as const) {
    it(`is ${String(expected)} ms for ${JSON.stringify(headers)} and ${JSON.stringify(body)}`, () => {
      const answer = { ok: true, status: 429, headers, body, bytes: 0 } as const;
      expect(toWatchError({ seen: 'answer', answer }, NOW + 3_600_000).askedMs).to.equal(expected);
    });
  }
});
