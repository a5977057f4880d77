// Parts of an answer that are kept, whatever it means: its status and the beginning of its body, without
// secrets. If the section says where an answer names the page of the build, its URL is kept too. All of
// it is untrusted.
// Follows docs/triggers.md (answers); the URL Standard.

import type { Answer, Outcome, Started } from '../../core/delivery.ts';
import { isJsonObject, type Json } from '../../core/event.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { parsePath, valueAtPath } from '../../kit/data/json-path.ts';
import type { HttpAnswered, HttpResult } from '../../net/http-client.ts';
import { refused, unknown } from '../outcomes.ts';
import { type ExpectedAnswer, type HttpMeaning, type MeaningFound, rowOf } from './outcome.ts';
import type { ExpectSection, StartedSection } from './section-keys.ts';

/** Facts that decide which parts of an answer are kept. */
interface KeptParts {
  /** Takes what is secret out of a text. */
  readonly redact: (text: string) => string;
  /** The URL of the request. */
  readonly url: URL;
  /** Undefined: the answer names nothing. */
  readonly started: StartedSection | undefined;
}

/** The outcome with what is kept of the answer; as it is if none came. */
export function withAnswer(outcome: Outcome, result: HttpResult, keeping: KeptParts): Outcome {
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

function toAnswer({ status, excerpt }: HttpAnswered, { redact }: KeptParts): Answer {
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
function startedIn(answer: HttpAnswered, { redact, url, started }: KeptParts): Started | undefined {
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
function jsonIn(excerpt: string): Json | undefined {
  const parsed = jsonOrNothing(excerpt.replace(/^\uFEFF/, ''));
  return isJson(parsed) ? parsed : undefined;
}

function isJson(value: unknown): value is Json {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  return value === null || isScalar || Array.isArray(value) || isJsonObject(value);
}

// `expect:` of a section: which answers count as delivered. It comes before the table of answers and
// classifies by status and by a value of a JSON body, never by text.
// Follows docs/triggers.md (expect).

const TAKEN: HttpMeaning = { outcome: 'delivered' };

// A receiver may have acted and still answer with another status, a page instead of JSON, or an
// unforeseen value. Those answers are lost ones. One answer is clear: `false` for an expected `true`
// says no. A no is not retried, because the same request gets the same no.
/** Compiles `expect:`; its path is one. */
export function compileExpectation({ status, json }: ExpectSection): ExpectedAnswer {
  const judge = json === undefined ? null : compileJudge(json);
  return (answer) => {
    const byTable = rowOf(answer);
    const isTaken = byTable.means.outcome === 'delivered';
    const counts = status?.includes(answer.status) ?? isTaken;
    if (counts && judge !== null) return judge(answer);
    if (counts) return status === undefined ? null : { means: TAKEN, found: 'taken' };
    if (!isTaken) return null;
    const found = 'a status that expect: does not list';
    return { means: unknown('unexpected-answer'), found };
  };
}

function compileJudge({ path, value }: NonNullable<ExpectSection['json']>) {
  const steps = parsePath(path) ?? [];
  const wanted = `${path}: ${JSON.stringify(value)}`;
  return ({ excerpt }: HttpAnswered): MeaningFound => {
    const body = jsonIn(excerpt);
    if (body === undefined) {
      const found = `no JSON that could be read whole (expected ${wanted})`;
      return { means: unknown('unexpected-answer'), found };
    }
    const there: Json = valueAtPath(body, steps) ?? null;
    if (there === value) return { means: TAKEN, found: 'taken' };
    const means = saysNo(there, value) ? refused('invalid') : unknown('unexpected-answer');
    return { means, found: `an answer without ${wanted}` };
  };
}

function saysNo(there: Json, value: Json): boolean {
  return typeof there === 'boolean' && typeof value === 'boolean';
}

// Takes secrets out of texts that a receiver sent back: it may echo what it was given as it is, in a
// JSON text, percent-encoded or in a page, and languages differ in what of it they escape.

/** What stands for a secret. */
const REDACTED = '[redacted]';

// A shorter text is no secret, and taking every `a` out of a sentence hides the sentence.
const SHORTEST = 4;

/** A function that takes these texts out of others, the longest first. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const patterns = [...new Set(secrets)]
    .filter((secret) => secret.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .map((secret) => new RegExp(Array.from(secret, patternOf).join(''), 'g'));
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, REDACTED), text);
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['"', '&quot;'],
  ['&', '&amp;'],
  ["'", '&apos;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** A character in every way in which it may be written; letters and digits are written in one. */
function patternOf(character: string): string {
  if (/[0-9A-Za-z]/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const inJson = JSON.stringify(character).slice(1, -1);
  const written = [
    inJson,
    // JSON in a text of JSON.
    JSON.stringify(inJson).slice(1, -1),
    `\\${character}`,
    units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''),
    // Forms encode characters that a URI leaves alone, such as ~ and !.
    Buffer.from(character, 'utf8').toString('hex').replaceAll(/../g, '%$&'),
    `&#${code};`,
    `&#x${code.toString(16)};`,
    ENTITIES.get(character) ?? character,
    // How forms write it.
    character === ' ' ? '+' : character,
  ];
  const forms = written.map((form) => {
    const literal = form.replaceAll(/[$()*+./?[\\\]^{|}-]/g, '\\$&');
    // Hexadecimal digits in either case.
    return form === character ? literal : literal.replaceAll(/[a-f]/gi, eitherCase);
  });
  return `(?:${[...new Set(forms)].join('|')})`;
}

function eitherCase(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}
