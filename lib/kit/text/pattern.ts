// The patterns of rules: a plain word (exact), a glob over the whole value, or `/an expression/`
// searched in it. Matching is case-sensitive, never throws and takes bounded time for any value.
// Lists of patterns and the compared fields are in lib/filters.
// Source: https://github.com/google/re2/wiki/Syntax, as re2js implements it.

import { RE2JS, RE2JSException } from 're2js';

/** A compiled pattern. */
export interface Pattern {
  readonly text: string;
  readonly form: 'exact' | 'glob' | 'expression';
  /** Whether a value matches; never throws. */
  matches(value: string): boolean;
}

type ParsedPattern = { readonly ok: true; readonly pattern: Pattern } | RefusedPattern;

type RefusedPattern = { readonly ok: false; readonly why: string };

// Ten times longer than any pattern found in the field, and short enough that a thousand rules
// compile at once.
const LONGEST_PATTERN = 1000;

// A program of 1,500 steps took at most 50 ms to search 10 kB. A short expression such as
// `(.*a){999}` would delay every Event longer.
const LARGEST_PROGRAM = 1000;

// An expression without operators is a plain search, which `includes` does ten times faster.
const PLAIN_WORDS = /^[A-Za-z0-9 _:;,'"=@#%&!<>/-]+$/;

/** Parses a pattern of the configuration. */
export function parsePattern(text: string): ParsedPattern {
  if (text.length > LONGEST_PATTERN) {
    return refused(`it has ${text.length} characters (expected at most ${LONGEST_PATTERN})`);
  }
  if (/^\/.+\/[dgimsuvy]+$/s.test(text)) {
    return refused('flags follow the last / (expected them inside, as in /(?i)word/)');
  }
  if (text.length > 1 && text.startsWith('/') && text.endsWith('/')) return parseExpression(text);
  if (/[*?]/.test(text)) {
    return { ok: true, pattern: { text, form: 'glob', matches: compileGlob(text) } };
  }
  return { ok: true, pattern: { text, form: 'exact', matches: (value) => value === text } };
}

function parseExpression(text: string): ParsedPattern {
  const source = text.slice(1, -1);
  const compiled = compileExpression(source);
  if (!compiled.ok) return compiled;
  const { expression } = compiled;
  // `test`, not a matcher: without captures the search uses the linear DFA.
  const matches = PLAIN_WORDS.test(source)
    ? (value: string): boolean => value.includes(source)
    : (value: string): boolean => expression.test(value);
  return { ok: true, pattern: { text, form: 'expression', matches } };
}

type CompiledExpression = { readonly ok: true; readonly expression: RE2JS } | RefusedPattern;

function compileExpression(source: string): CompiledExpression {
  if (source === '') return refused('the expression is empty (expected one between the two /)');
  try {
    const expression = RE2JS.compile(source);
    const size = expression.programSize();
    const many = `the expression compiles to ${size} steps (expected at most ${LARGEST_PROGRAM})`;
    return size > LARGEST_PROGRAM ? refused(many) : { ok: true, expression };
  } catch (error) {
    if (error instanceof RE2JSException) return refused(`not an RE2 expression: ${error.message}`);
    throw error;
  }
}

function refused(why: string): RefusedPattern {
  return { ok: false, why };
}

type ParsedReplacement =
  | { readonly ok: true; readonly replaceIn: (value: string, by: string) => string }
  | RefusedPattern;

/**
 * Parses `/an expression/` whose matches are replaced, in any value and in bounded time. One that
 * matches the empty text is refused, because it would match everywhere.
 */
export function parseReplacement(text: string): ParsedReplacement {
  const parsed = parsePattern(text);
  if (!parsed.ok) return parsed;
  if (parsed.pattern.form !== 'expression') return refused('it is no expression between slashes');
  if (parsed.pattern.matches(''))
    return refused('it matches the empty text, so it would match everywhere');
  const compiled = compileExpression(text.slice(1, -1));
  if (!compiled.ok) return compiled;
  const { expression } = compiled;
  const replaceIn = (value: string, by: string): string =>
    expression.test(value)
      ? expression.matcher(value).replaceAll((found: string) => (found === '' ? '' : by))
      : value;
  return { ok: true, replaceIn };
}

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Compiles a glob over a whole value: `*` matches any number of characters, including line breaks,
 * `?` one code point. A lone surrogate counts as a code point.
 *
 * **Order and time**: at most the length of the value times that of the glob, because the matcher
 * backtracks to the last `*` only.
 */
function compileGlob(glob: string): (value: string) => boolean {
  const compact = glob.replaceAll(/\*+/g, '*');
  return (value) => globMatches(compact, value);
}

function globMatches(glob: string, value: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let retryAt = 0;
  while (at < value.length) {
    const wanted = place < glob.length ? glob.charCodeAt(place) : -1;
    if (wanted === STAR) {
      star = place;
      place += 1;
      retryAt = at;
    } else if (wanted === QUESTION) {
      place += 1;
      at += widthAt(value, at);
    } else if (wanted === value.charCodeAt(at)) {
      place += 1;
      at += 1;
    } else if (star >= 0) {
      retryAt += widthAt(value, retryAt);
      at = retryAt;
      place = star + 1;
    } else {
      return false;
    }
  }
  // The rest of the glob must match the empty text.
  return place === glob.length || (place === glob.length - 1 && glob.charCodeAt(place) === STAR);
}

function widthAt(value: string, at: number): number {
  return (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
