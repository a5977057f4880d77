// Answers of an API server by chance, and of whatever may stand in its place: any status, headers
// that ask to wait in every wrong way, Statuses with something wrong in them, pages of lists.

import { isJsonObject, type Json, type JsonObject } from '../../../lib/core/json-object.ts';
import type { ApiAnswer, ApiFailed } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { recordedEvents } from '../corpus.ts';
import { anyJson, mutatedJson } from '../json-values.ts';
import type { FuzzRandom } from '../random.ts';
import { anyText } from '../texts.ts';
import { anyStatus } from '../watch/any-stream.ts';

/** Stands in headers that no outcome may repeat. */
export const SECRET = 'hunter2-Zm9v';

const KEYS = [
  'kind',
  'apiVersion',
  'metadata',
  'items',
  'name',
  'namespace',
  'resourceVersion',
  'continue',
  'reason',
  'message',
  'details',
  'causes',
  'retryAfterSeconds',
  'code',
  'remainingItemCount',
] as const;

const STATUSES = [
  100, 199, 200, 201, 202, 204, 206, 299, 301, 302, 304, 307, 400, 401, 403, 404, 405, 406, 408,
  409, 410, 413, 415, 422, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599, 600,
  999,
] as const;
const ODD_STATUSES = [0, -1, 1, 99, 1000, 65_536, 2 ** 31] as const;

const DATES = [
  'Sat, 31 Jan 2026 12:00:00 GMT',
  'Sat, 31 Jan 2026 12:01:00 GMT',
  'Saturday, 31-Jan-26 12:00:30 GMT',
  'Sat Jan 31 12:00:45 2026',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Fri, 31 Dec 9999 23:59:59 GMT',
  'Sat, 31 Feb 2026 12:00:00 GMT',
  'sat, 31 jan 2026 12:00:00 gmt',
  '2026-01-31T12:00:00Z',
] as const;

/** What `Retry-After` has been seen to say, and what it never should. */
export const RETRY_AFTER = [
  ...DATES,
  '0',
  '1',
  '30',
  '120',
  '3600',
  '3601',
  '999999999',
  '9999999999',
  '99999999999999999999',
  '-1',
  '+5',
  '1.5',
  '0x10',
  '1e3',
  ' 5',
  '5 ',
  '5s',
  '30 seconds',
  '10, 20',
  '5;q=1',
  '',
  ' ',
  'soon',
  'NaN',
  'Infinity',
  'Jan 1',
  '2099',
  '\u0665',
] as const;

/** Headers with lower-case names. */
export function anyHeaders(random: FuzzRandom): Record<string, string> {
  return {
    'set-cookie': `session=${SECRET}`,
    ...(random.oneIn(2) && { 'retry-after': anyRetryAfter(random) }),
    ...(random.oneIn(3) && { date: random.oneIn(3) ? anyText(random) : random.pick(DATES) }),
    ...(random.oneIn(4) && { location: `https://user:${SECRET}@example.test/` }),
  };
}

/** A text of a header that asks to wait. */
export function anyRetryAfter(random: FuzzRandom): string {
  return random.oneIn(5) ? anyText(random) : random.pick(RETRY_AFTER);
}

/** An answer to a creation or a request, or none. */
export function anyAnswer(random: FuzzRandom, name: string): ApiAnswer {
  if (random.oneIn(8)) return anyFailure(random);
  const body = anyBody(random, name);
  const status = random.oneIn(12) ? random.pick(ODD_STATUSES) : random.pick(STATUSES);
  return { ok: true, status, headers: anyHeaders(random), body, bytes: 100 };
}

function anyFailure(random: FuzzRandom): ApiFailed {
  return {
    ok: false,
    reached: random.pick(['never', 'perhaps', 'answered']),
    code: random.pick([
      'timeout',
      'aborted',
      'too-large',
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
    ]),
    detail: anyText(random),
  };
}

function anyBody(random: FuzzRandom, name: string): Json {
  if (random.oneIn(5)) return anyJson(random, KEYS, 4);
  const reason = random.pick([
    'AlreadyExists',
    'Forbidden',
    'Conflict',
    'NotFound',
    'Invalid',
    'x',
    '',
  ]);
  const cause = random.pick(['NamespaceTerminating', 'ResourceVersionTooLarge', 'x']);
  const status: JsonObject = {
    ...anyStatus(random),
    ...(random.oneIn(2) && { reason }),
    ...(random.oneIn(2) && {
      details: {
        name: random.oneIn(2) ? name : 'other',
        causes: [{ reason: cause }],
        retryAfterSeconds: random.pick([0, 1, 5, 1e12, -3, 0.5]),
      },
    }),
  };
  return random.oneIn(3) ? mutatedJson(status, random, KEYS) : status;
}

/** The answers to a list, page after page. */
export function anyPages(random: FuzzRandom): readonly ApiAnswer[] {
  return random.times(random.between(1, 6), (index) => {
    if (random.oneIn(5)) return anyAnswer(random, 'x');
    if (random.oneIn(10)) return tooLarge();
    const page = pageOf(random, index);
    const body = random.oneIn(3) ? mutatedJson(page, random, KEYS) : page;
    return { ok: true, status: 200, headers: anyHeaders(random), body, bytes: 1_000 };
  });
}

function tooLarge(): ApiFailed {
  return { ok: false, reached: 'answered', code: 'too-large', detail: 'too large' };
}

function pageOf(random: FuzzRandom, index: number): JsonObject {
  const items = random.times(random.below(5), (place) => itemOf(random, place));
  return {
    kind: random.pick(['EventList', 'List', '', 'PartialObjectMetadataList']),
    apiVersion: 'v1',
    metadata: {
      resourceVersion: String(random.between(95, 110)),
      ...(random.oneIn(2) && { continue: `token-${index}` }),
    },
    items,
  };
}

function itemOf(random: FuzzRandom, place: number): Json {
  const metadata = {
    name: random.pick(['a', 'b', 'c', '__proto__', `n${place}`]),
    namespace: 'shop',
    resourceVersion: String(random.between(90, 110)),
  };
  const item: Json = { ...random.pick(recordedEvents()), metadata };
  if (!random.oneIn(5)) return item;
  const mutated = mutatedJson(item, random, KEYS);
  return isJsonObject(mutated) && random.oneIn(2) ? { ...mutated, metadata } : mutated;
}
