// The target `requests`: what the kind http sends for any Event, and what it makes of any answer.

import { type EventObject, toOccurrence } from '../../../lib/core/occurrence.ts';
import type { HttpResult } from '../../../lib/net/http-client.ts';
import { aDelivery } from '../../support/builders.ts';
import { anyHeaders } from '../answers/any-answer.ts';
import { anyEvent } from '../events/any-event.ts';
import type { FuzzRandom } from '../random.ts';
import type { FuzzTarget } from '../target.ts';
import { anyText } from '../texts.ts';
import { mustMean } from './meaning.ts';
import { mustRender } from './rendering.ts';

/** An Event that is sent, and what came back. */
export interface RequestInput {
  readonly event: EventObject;
  readonly result: HttpResult;
  readonly secret: string;
}

const FAILURES = [
  'name-not-found',
  'refused',
  'unroutable',
  'forbidden-address',
  'connect-timeout',
  'tls',
  'proxy',
  'local',
  'reset',
  'timeout',
  'aborted',
  'bad-answer',
] as const;
const SECRETS = [
  'hunter2',
  'Zm9v+/bar==',
  'a"b\\c\nd',
  'p@ss word&x=%41',
  'pässwörd✓',
  '....',
  'abcabcabc',
  '\u0007\u0007\u0007\u0007',
] as const;

/** Any Event as a request, and any answer to it. */
export const requests: FuzzTarget<RequestInput> = {
  name: 'requests',
  feeds: 'Events to URL, headers and bodies of the kind http; answers and echoes to its outcomes',
  make: (random) => {
    const secret = random.pick(SECRETS);
    return { event: anyEvent(random), result: anyResult(random, secret), secret };
  },
  check: ({ event, result, secret }) => {
    const read = { source: 'shop', path: '/p', from: 'watch', readAt: 0 } as const;
    const { event: bare, firstTime, happenedAt, count } = toOccurrence(event, read);
    mustRender(aDelivery({ occurrences: [{ event: bare, firstTime, happenedAt, count }] }));
    mustMean(result, secret);
  },
};

function anyResult(random: FuzzRandom, secret: string): HttpResult {
  if (random.oneIn(4)) {
    return {
      answered: false,
      reached: random.pick(['never', 'perhaps']),
      failure: random.pick(FAILURES),
      code: 'ECONNRESET',
      // What lib/net says is safe to show by its own contract.
      detail: 'ECONNRESET 127.0.0.1:8080',
    };
  }
  const status = random.oneIn(12)
    ? random.pick([0, -1, 99, 101, 600, 999, 70_000])
    : random.between(100, 599);
  const headers = { ...anyHeaders(random), ...locationOf(random, secret) };
  return { answered: true, status, headers, excerpt: anyExcerpt(random, secret) };
}

function locationOf(random: FuzzRandom, secret: string): Record<string, string> {
  if (!random.oneIn(3)) return {};
  const key = encodeURIComponent(secret);
  const location = random.pick([
    `https://u:${key}@other.example.test/${key}?key=${key}`,
    `/${key}`,
    `https://[${anyText(random)}`,
    anyText(random),
  ]);
  return { location };
}

function anyExcerpt(random: FuzzRandom, secret: string): string {
  const echo = random.pick([
    '',
    secret,
    JSON.stringify({ got: secret }),
    encodeURIComponent(secret),
    `Bearer ${secret}`,
    secret.repeat(2),
    secret.slice(0, -1),
  ]);
  const around = random.oneIn(2) ? anyText(random).slice(0, 300) : '';
  return random.oneIn(2) ? around + echo : echo + around;
}
