// Parts of an answer that are kept, whatever it means: its status and the beginning of its body, without
// secrets. If the section says where an answer names the page of the build, its URL is kept too. All of
// it is untrusted.
// Follows docs/triggers.md (answers); the URL Standard.

import { isJsonObject, type Json } from '../../../core/event.ts';
import type { Answer, Outcome, Started } from '../../../core/trigger.ts';
import { jsonOrNothing } from '../../../kit/json.ts';
import { parsePath, valueAtPath } from '../../../kit/json-path.ts';
import type { HttpAnswered, HttpResult } from '../../../net/http-client.ts';
import type { StartedSection } from '../section-keys.ts';

/** Facts that decide which parts of an answer are kept. */
interface Keeping {
  /** Takes what is secret out of a text. */
  readonly redact: (text: string) => string;
  /** The URL of the request. */
  readonly url: URL;
  /** Undefined: the answer names nothing. */
  readonly started: StartedSection | undefined;
}

/** The outcome with what is kept of the answer; as it is if none came. */
export function withAnswer(outcome: Outcome, result: HttpResult, keeping: Keeping): Outcome {
  if (!result.answered) return outcome;
  const answer = toAnswer(result, keeping);
  if (outcome.outcome !== 'delivered') return { ...outcome, answer };
  const started = startedIn(result, keeping);
  return { ...outcome, ...(started === undefined ? {} : { started }), answer };
}

// All attempts of a delivery are stored together, again with each one.
const LONGEST_TEXT = 512;
// Far more than is kept, so that a secret which the cut goes through is not at its end.
const LOOKED_AT = 16_384;

function toAnswer({ status, excerpt }: HttpAnswered, { redact }: Keeping): Answer {
  if (excerpt === '') return { status, text: '' };
  const text = redact(excerpt.slice(0, LOOKED_AT)).trim();
  if (text.length <= LONGEST_TEXT) return { status, text: text.toWellFormed() };
  // A character that the cut left in two is dropped.
  const kept = text.slice(0, LONGEST_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '');
  return { status, text: `${kept.toWellFormed()}…` };
}

// Browsers and proxies take no longer ones either.
const LONGEST_URL = 2_048;
const LONGEST_NAME = 100;

/** A URL that anybody may open: of HTTP, without credentials and without a secret of ours. */
function startedIn(answer: HttpAnswered, { redact, url, started }: Keeping): Started | undefined {
  const written = started === undefined ? undefined : writtenIn(answer, started);
  if (written === undefined || written.length > LONGEST_URL || redact(written) !== written) {
    return undefined;
  }
  const target = URL.parse(written, url.href);
  if (target === null || !/^https?:$/.test(target.protocol)) return undefined;
  const { href, username, password, pathname, host } = target;
  if (username !== '' || password !== '') return undefined;
  if (href.length > LONGEST_URL || redact(href) !== href) return undefined;
  const name = pathname.split('/').findLast((segment) => segment !== '') ?? host;
  return { kind: 'build', namespace: '', name: name.slice(0, LONGEST_NAME), url: href };
}

function writtenIn(answer: HttpAnswered, started: StartedSection): string | undefined {
  if ('header' in started) return answer.headers[started.header.toLowerCase()]?.trim();
  const body = jsonIn(answer.excerpt);
  const found = body === undefined ? undefined : valueAtPath(body, parsePath(started.json) ?? []);
  return typeof found === 'string' ? found : undefined;
}

/** The JSON of a body; undefined if it is none, or was too long to be read whole. */
export function jsonIn(excerpt: string): Json | undefined {
  const parsed = jsonOrNothing(excerpt.replace(/^\uFEFF/, ''));
  return isJson(parsed) ? parsed : undefined;
}

function isJson(value: unknown): value is Json {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  return value === null || isScalar || Array.isArray(value) || isJsonObject(value);
}
