// The patterns that rules are written in: a plain word (exact), a glob over the whole value, or
// `/an expression/` searched in it. Matching is total and bounded for any value; case counts.
// What a pattern is compared with, and lists of patterns, are lib/filters.
// Source: https://github.com/google/re2/wiki/Syntax, as re2js implements it.

import { RE2JS, RE2JSException } from 're2js';

/** A compiled pattern. */
export interface Pattern {
  readonly text: string;
  readonly form: 'exact' | 'glob' | 'expression';
  /** Whether a value matches; never throws, whatever the value holds. */
  matches(value: string): boolean;
}

/** A pattern, or why a text is none. */
type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly why: string };

// Longer than any pattern found in the field by a factor of ten, short enough that a thousand
// rules compile at once.
const LONGEST_PATTERN = 1000;

// A program of 1,500 steps was measured to search 10 kB in 50 ms at worst; `(.*a){999}` is short
// and would make every Event wait longer than that.
const LARGEST_PROGRAM = 1000;

// An expression without any operator is a text to be found, ten times as fast by the language itself.
const PLAIN_WORDS = /^[A-Za-z0-9 _:;,'"=@#%&!<>/-]+$/;

/** Reads a pattern from the configuration. */
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
  if (source === '') return refused('the expression is empty (expected one between the two /)');
  try {
    const compiled = RE2JS.compile(source);
    const size = compiled.programSize();
    if (size > LARGEST_PROGRAM) {
      return refused(
        `the expression compiles to ${size} steps (expected at most ${LARGEST_PROGRAM})`,
      );
    }
    // `test` and not a matcher: asking for no captures keeps the search on the linear DFA.
    const matches = PLAIN_WORDS.test(source)
      ? (value: string): boolean => value.includes(source)
      : (value: string): boolean => compiled.test(value);
    return { ok: true, pattern: { text, form: 'expression', matches } };
  } catch (error) {
    if (error instanceof RE2JSException) return refused(`not an RE2 expression: ${error.message}`);
    throw error;
  }
}

function refused(why: string): ParsedPattern {
  return { ok: false, why };
}

// Globs over a whole value: `*` is any number of characters (line breaks too), `?` is one. The
// matcher keeps two places and goes back to the last `*` only, so it can not blow up.

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Makes a matcher of a glob.
 *
 * **Order and time**: at most the length of the value times that of the glob. `?` takes a whole
 * code point; a lone surrogate is one as well.
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
  // What is left of the glob must match nothing.
  return place === glob.length || (place === glob.length - 1 && glob.charCodeAt(place) === STAR);
}

function widthAt(value: string, at: number): number {
  return (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
