// What an answer or its lack means to a delivery: an outcome of the closed set that agrees with what
// the documents say of statuses, a detail that can be shown, and no secret in it, however a receiver
// echoes what it was given.

import type { Outcome } from '../../../lib/core/delivery.ts';
import type { HttpResult } from '../../../lib/net/http-client.ts';
import { askedPauseMs } from '../../../lib/triggers/asked-wait.ts';
import {
  compileExpectation,
  outcomeOf,
  type SentAttempt,
  withAnswer,
} from '../../../lib/triggers/http/answer-table.ts';
import { redactor } from '../../../lib/triggers/http/clear-secrets.ts';
import { retryOf } from '../../../lib/triggers/http/negotiation.ts';
import { must, mustBePrintable, shown } from '../target.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;
const DOING = 'POST https://ci.example.test/hooks';
const SHORTEST_SECRET = 4;

const URL_OF_REQUEST = new URL('https://ci.example.test/hooks');
const EXPECTS = compileExpectation({ status: [200, 409], json: { path: 'got', value: true } });

const REASONS: Readonly<Record<string, readonly string[]>> = {
  retry: [
    'throttled',
    'unavailable',
    'unreachable',
    'unauthorized',
    'forbidden',
    'redirected',
    'not-found',
    'not-permitted',
  ],
  refused: ['invalid', 'too-large', 'gone'],
  unknown: [
    ...['timeout', 'stopped', 'redirected', 'conflict', 'connection-lost', 'server-error'],
    'unexpected-answer',
  ],
};

/** Holds what a result means to what is promised. */
export function mustMean(result: HttpResult, secret: string): void {
  const tried = { doing: DOING, now: NOW, redact: redactor([secret, 'Bearer another-secret']) };
  const outcome = outcomeOf(result, tried);
  mustBeOutcome(outcome, secret);
  const told = toldBy(outcome);
  const wanted = naiveMeaning(result);
  must(told === wanted, () => `${shownResult(result)} means ${told}, not ${wanted}`);
  const again = retryOf(result, tried);
  must(again.outcome === 'retry', 'what came before anything was sent is retried');
  mustBeOutcome(again, secret);
  mustBeExpected(result, { ...tried, expects: EXPECTS }, secret);
  mustKeep(result, outcome, { secret, redact: tried.redact });
}

/** An expectation takes nothing for a retry that the table does not, and hides what the table hides. */
function mustBeExpected(result: HttpResult, tried: SentAttempt, secret: string): void {
  const outcome = outcomeOf(result, tried);
  mustBeOutcome(outcome, secret);
  if (!result.answered) return;
  const counts = [200, 409].includes(result.status);
  const byTable = naiveMeaning(result);
  if (counts || byTable === 'delivered') {
    const told = toldBy(outcome);
    const known = ['delivered', 'refused invalid', 'unknown unexpected-answer'];
    must(known.includes(told), () => `${shownResult(result)} is expected and means ${told}`);
    must(counts || told === 'unknown unexpected-answer', 'only a listed status counts');
  } else must(toldBy(outcome) === byTable, 'what is not expected means what the table says');
}

function mustKeep(
  result: HttpResult,
  outcome: Outcome,
  { secret, redact }: { readonly secret: string; readonly redact: SentAttempt['redact'] },
): void {
  const started = { header: 'Location' };
  const kept = withAnswer(outcome, result, { redact, url: URL_OF_REQUEST, started });
  must(result.answered === (kept.answer !== undefined), 'every answer is kept, and nothing else');
  const text = kept.answer?.text ?? '';
  must(text.length <= 512, () => `${text.length} characters are kept`);
  mustHide(text, secret);
  const url = kept.outcome === 'delivered' ? kept.started?.url : undefined;
  if (url === undefined) return;
  must(
    /^https?:\/\/[\x21-\x7e]*$/.test(url) && url.length <= 2_048,
    () => `a URL is ${shown(url)}`,
  );
  mustHide(url, secret);
}

function mustBeOutcome(outcome: Outcome, secret: string): void {
  if (outcome.outcome === 'delivered') return;
  const { detail, reason } = outcome;
  const known = REASONS[outcome.outcome] ?? [];
  must(known.includes(reason), () => `${reason} is in the closed set`);
  mustBePrintable(detail, 'a detail');
  must(detail.length <= 1_000, () => `a detail has ${detail.length} characters`);
  mustHide(detail, secret);
  if (outcome.outcome !== 'retry' || outcome.afterMs === undefined) return;
  const { afterMs } = outcome;
  must(Number.isFinite(afterMs) && afterMs >= 0 && afterMs <= HOUR_MS, () => `waits ${afterMs} ms`);
}

function mustHide(detail: string, secret: string): void {
  if (secret.length < SHORTEST_SECRET) return;
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  for (const form of forms) {
    // A detail quotes what it shows, which escapes it once more.
    const isTold = detail.includes(form) || detail.includes(JSON.stringify(form).slice(1, -1));
    must(!isTold, () => `a detail tells ${shown(form)}`);
  }
}

function toldBy(outcome: Outcome): string {
  return outcome.outcome === 'delivered' ? 'delivered' : `${outcome.outcome} ${outcome.reason}`;
}

const EACH: Readonly<Record<number, string>> = {
  300: 'retry redirected',
  303: 'delivered',
  307: 'retry redirected',
  308: 'retry redirected',
  401: 'retry unauthorized',
  402: 'retry forbidden',
  403: 'retry forbidden',
  404: 'retry not-found',
  405: 'retry not-permitted',
  407: 'retry unauthorized',
  408: 'unknown timeout',
  409: 'unknown conflict',
  410: 'refused gone',
  413: 'refused too-large',
  414: 'refused too-large',
  421: 'retry unavailable',
  423: 'retry unavailable',
  425: 'retry unavailable',
  429: 'retry throttled',
  431: 'refused too-large',
  501: 'refused invalid',
  502: 'unknown connection-lost',
  504: 'unknown timeout',
  505: 'refused invalid',
  511: 'retry unauthorized',
};

/** What docs/triggers.md and docs/guarantees.md say of it. */
function naiveMeaning(result: HttpResult): string {
  if (!result.answered) {
    const { reached, failure } = result;
    if (reached === 'never') {
      return `retry ${failure === 'forbidden-address' ? 'not-permitted' : 'unreachable'}`;
    }
    if (failure === 'timeout') return 'unknown timeout';
    if (failure === 'aborted') return 'unknown stopped';
    return `unknown ${failure === 'bad-answer' ? 'server-error' : 'connection-lost'}`;
  }
  const { status, headers } = result;
  // How GitHub refuses what is above a limit.
  const isLimit = askedPauseMs({ status, headers, body: null }, NOW) !== undefined;
  if (status === 403 && isLimit) return 'retry throttled';
  const each = EACH[status];
  if (each !== undefined) return each;
  if (status === 503 && 'retry-after' in headers && !('via' in headers)) return 'retry unavailable';
  if (status >= 200 && status < 300) return 'delivered';
  if (status >= 300 && status < 400) return 'unknown redirected';
  return status >= 400 && status < 500 ? 'refused invalid' : 'unknown server-error';
}

function shownResult(result: HttpResult): string {
  return result.answered ? String(result.status) : `${result.reached} ${result.failure}`;
}
