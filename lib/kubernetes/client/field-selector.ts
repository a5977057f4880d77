// Field selectors, as kubectl writes them and the API server reads them: terms joined by commas, of
// which all must hold. Which fields a resource offers is not known here.
// Source: k8s.io/apimachinery pkg/fields (selector.go);
// https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/

import { quoted } from '../../kit/text/printable.ts';

/** One term of a field selector. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

type ParsedFieldSelector =
  | { readonly ok: true; readonly terms: readonly FieldTerm[] }
  | { readonly ok: false; readonly why: string };

// A text between commas; a backslash takes the next character with it.
const TERM = /(?:\\[\s\S]|[^\\,])*\\?/y;
// The first operator splits a term, so no field name has one.
const SPLIT = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/;
const ESCAPED = /\\([\s\S]?)/g;

/** Parses a selector; an empty one has no terms. */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const terms: FieldTerm[] = [];
  for (let at = 0; at <= text.length; at += 1) {
    TERM.lastIndex = at;
    const [term = ''] = TERM.exec(text) ?? [];
    at += term.length;
    if (term === '') continue;
    const parsed = parseTerm(term);
    if (typeof parsed === 'string') return { ok: false, why: parsed };
    terms.push(parsed);
  }
  return { ok: true, terms };
}

/** Parses one term; a text says why it is invalid. */
function parseTerm(term: string): FieldTerm | string {
  const [, field, operator, written = ''] = SPLIT.exec(term) ?? [];
  if (field === undefined) return `${quoted(term, 80)} has no operator (expected =, == or !=)`;
  if (field === '') return `${quoted(term, 80)} has no field before its operator`;
  const unescaped = written.replaceAll(ESCAPED, '');
  if (unescaped.includes('=')) {
    return `the value ${quoted(written, 80)} has a plain = (expected \\=)`;
  }
  const wrong = [...written.matchAll(ESCAPED)].find(([, found]) => !isEscapable(found));
  if (wrong !== undefined) {
    return `the value ${quoted(written, 80)} has ${wrong[0]} (expected \\\\, \\, or \\= after a backslash)`;
  }
  const value = written.replaceAll(ESCAPED, '$1');
  return { field, operator: operator === '!=' ? '!=' : '=', value };
}

function isEscapable(character: string | undefined): boolean {
  return character === '\\' || character === ',' || character === '=';
}

/** Renders terms as one text: sorted, each once, so that equal selections have equal texts. */
export function renderFieldSelector(terms: readonly FieldTerm[]): string {
  const texts = terms.map(
    ({ field, operator, value }) => field + operator + value.replaceAll(/[\\,=]/g, '\\$&'),
  );
  return [...new Set(texts)].toSorted().join(',');
}

/** Whether every term holds for the values of an object; a value that it lacks is ''. */
export function matchesTerms(
  terms: readonly FieldTerm[],
  valueOf: (field: string) => string,
): boolean {
  return terms.every(
    ({ field, operator, value }) => (valueOf(field) === value) === (operator === '='),
  );
}

/** A field whose terms exclude each other; null if there is none. */
export function contradictionIn(terms: readonly FieldTerm[]): string | null {
  const wanted = new Map(
    terms.filter(({ operator }) => operator === '=').map(({ field, value }) => [field, value]),
  );
  const valueOf = (field: string): string => wanted.get(field) ?? '';
  const about = terms.filter(({ field }) => wanted.has(field));
  return about.find((term) => !matchesTerms([term], valueOf))?.field ?? null;
}
