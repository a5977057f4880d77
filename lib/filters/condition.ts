// Compiles one condition of a rule, and evaluates it. A condition that asks for nothing is null. A wrong
// entry is reported and left out, so that a list of wrong entries matches nothing.

import type { Json } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import { errorAt } from '../core/problem.ts';
import { type Pattern, parsePattern } from '../kit/text/pattern.ts';
import type { Block, Condition, CountCondition, CountTest, TextCondition } from './chain.ts';
import type { ConditionField } from './rule.ts';
import { pointer, quoted, type Report } from './rule-findings.ts';

interface WrittenField {
  readonly field: ConditionField;
  readonly written: unknown;
  readonly path: string;
}

/** Compiles a field; null if it asks for nothing. */
export function compileCondition(place: WrittenField, report: Report): Condition | null {
  const { field, written } = place;
  if (written === undefined || written === '') return null;
  if (Array.isArray(written) && written.length === 0) return null;
  return field === 'count'
    ? countCondition(place, report)
    : textCondition(field, compileEntries(place, report), toWanted(written));
}

/** Makes a condition on a text field. */
export function textCondition(
  field: TextCondition['field'],
  entries: readonly Pattern[],
  wanted: Json,
): TextCondition {
  return {
    field,
    wanted,
    entries,
    exact: new Set(entries.filter(({ form }) => form === 'exact').map(({ text }) => text)),
    patterns: entries.filter(({ form }) => form !== 'exact'),
  };
}

/** Whether a condition holds for an occurrence. */
export function holds(condition: Condition, occurrence: Occurrence): boolean {
  if (condition.field === 'count') {
    return condition.tests.some(({ operator, number }) =>
      PASSES[operator](occurrence.count, number),
    );
  }
  return holdsFor(condition, textOf(condition.field, occurrence));
}

/** Whether all conditions of a block hold. */
export function matchesWhole({ conditions }: Block, occurrence: Occurrence): boolean {
  return conditions.every((condition) => holds(condition, occurrence));
}

/** Whether a condition on a text holds for a value of its field. */
export function holdsFor({ exact, patterns }: TextCondition, found: string): boolean {
  return exact.has(found) || patterns.some((entry) => entry.matches(found));
}

/** The value of a condition's field; '' if the Event does not have it. */
export function valueOf(field: ConditionField, occurrence: Occurrence): string | number {
  return field === 'count' ? occurrence.count : textOf(field, occurrence);
}

/** The text of a condition's field. */
export function textOf(field: TextCondition['field'], occurrence: Occurrence): string {
  if (field === 'source') return occurrence.source;
  return field === 'reasons' ? occurrence.fields.reason : occurrence.fields[field];
}

function compileEntries({ field, written, path }: WrittenField, report: Report): Pattern[] {
  const compiled: Pattern[] = [];
  for (const [entry, entryPath] of entriesOf(written, path)) {
    if (typeof entry !== 'string') {
      report.skip();
      continue;
    }
    const parsed = parsePattern(entry);
    if (!parsed.ok) {
      const message = `pattern ${quoted(entry)}: ${parsed.why}`;
      const hint = 'write an exact value, a glob with * or ?, or an RE2 expression between slashes';
      report.add(errorAt('bad-pattern', entryPath, { message, hint }));
    } else if (field === 'message' && entry !== '' && parsed.pattern.form === 'exact') {
      const message = `message ${quoted(entry)}: found a plain word, which would be compared with the whole message (expected a glob or an expression)`;
      const hint = 'write *word* to find a word anywhere in the message, or /word/';
      report.add(errorAt('bad-pattern', entryPath, { message, hint }));
    } else {
      compiled.push(parsed.pattern);
    }
  }
  return compiled;
}

function countCondition({ written, path }: WrittenField, report: Report): CountCondition {
  const tests: CountTest[] = [];
  for (const [entry, entryPath] of entriesOf(written, path)) {
    const test = parseCountTest(entry);
    if (test !== undefined) {
      tests.push(test);
    } else if (typeof entry === 'string' || typeof entry === 'number') {
      const message = `count ${quoted(String(entry))}: found no count (expected a whole number, or one after =, <, <=, > or >=)`;
      const hint = 'write for instance 3 or ">= 3"';
      report.add(errorAt('bad-count', entryPath, { message, hint }));
    } else {
      report.skip();
    }
  }
  return { field: 'count', wanted: toWanted(written), tests };
}

/** Lists the entries with their pointers; a single value has the pointer of the field. */
export function entriesOf(written: unknown, path: string): readonly (readonly [unknown, string])[] {
  if (!Array.isArray(written)) return [[written, path]];
  return written.map((entry: unknown, place) => [entry, pointer(path, place)] as const);
}

/** The value of a condition in a trail: a text, a number, or a list of them. */
function toWanted(written: unknown): Json {
  return Array.isArray(written) ? written.map(toWantedEntry) : toWantedEntry(written);
}

function toWantedEntry(written: unknown): Json {
  return typeof written === 'string' || typeof written === 'number' ? written : null;
}

const COMPARISON = /^\s*(==|=|<=|>=|<|>)?\s*(\d{1,15})\s*$/;

/** Parses `3`, `">= 3"` and so on; undefined if it is neither a number nor a comparison. */
function parseCountTest(written: unknown): CountTest | undefined {
  if (typeof written === 'number') {
    const usable = Number.isSafeInteger(written) && written >= 0;
    return usable ? { operator: '=', number: written } : undefined;
  }
  if (typeof written !== 'string') return undefined;
  const [, found, digits] = COMPARISON.exec(written) ?? [];
  if (digits === undefined) return undefined;
  // `==` means the same as `=`.
  const operator = (['<', '<=', '>', '>='] as const).find((one) => one === found) ?? '=';
  return { operator, number: Number(digits) };
}

const PASSES = {
  '=': (count, number) => count === number,
  '<': (count, number) => count < number,
  '<=': (count, number) => count <= number,
  '>': (count, number) => count > number,
  '>=': (count, number) => count >= number,
} as const satisfies Record<CountTest['operator'], (count: number, number: number) => boolean>;
