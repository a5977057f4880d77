// Compiles one condition of a rule, and evaluates it. A condition that asks for nothing is null. A wrong
// entry is reported and left out, so that a list of wrong entries matches nothing.

import { isJsonObject, type Json, stringAt } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import { errorAt } from '../core/problem.ts';
import type { CountField, MapField, RuleField, TextField } from '../core/vocabulary.ts';
import { type Pattern, parsePattern } from '../kit/text/pattern.ts';
import type {
  Block,
  Condition,
  CountCondition,
  CountTest,
  MapCondition,
  TextCondition,
  WantedText,
} from './chain.ts';
import { pointer, quoted, type Report } from './rule-findings.ts';

interface WrittenField {
  readonly field: RuleField;
  readonly written: unknown;
  readonly path: string;
}

/** Compiles a field; null if it asks for nothing. */
export function compileCondition(place: WrittenField, report: Report): Condition | null {
  const { field, written, path } = place;
  if (asksNothing(written)) return null;
  switch (field.type) {
    case 'count':
      return countCondition(field, place, report);
    case 'map':
      return mapCondition(field, place, report);
    case 'text': {
      const entries = compileEntries(
        { name: field.name, isProse: field.isProse, written, path },
        report,
      );
      return textCondition(field, entries, toWanted(written));
    }
  }
}

function asksNothing(written: unknown): boolean {
  return (
    written === undefined || written === '' || (Array.isArray(written) && written.length === 0)
  );
}

/** Makes a condition on a text field. */
export function textCondition(
  field: TextField,
  entries: readonly Pattern[],
  wanted: Json,
): TextCondition {
  return { field, wanted, ...wantedText(entries) };
}

function wantedText(entries: readonly Pattern[]): WantedText {
  return {
    entries,
    exact: new Set(entries.filter(({ form }) => form === 'exact').map(({ text }) => text)),
    patterns: entries.filter(({ form }) => form !== 'exact'),
  };
}

function mapCondition(
  field: MapField,
  { written, path }: WrittenField,
  report: Report,
): MapCondition | null {
  if (!isJsonObject(written)) {
    report.skip();
    return null;
  }
  const asked = Object.entries(written).filter(([, wanted]) => !asksNothing(wanted));
  if (asked.length === 0) return null;
  const texts = asked.map(([key, wanted]) => {
    const place = { name: key, isProse: false, written: wanted, path: pointer(path, key) };
    return [key, wantedText(compileEntries(place, report))] as const;
  });
  const wanted = Object.fromEntries(asked.map(([key, value]) => [key, toWanted(value)]));
  return { field, wanted, texts: new Map(texts) };
}

/** Whether a condition holds for an occurrence. */
export function holds(condition: Condition, occurrence: Occurrence): boolean {
  if (isTextCondition(condition)) return holdsFor(condition, condition.field.read(occurrence));
  if (isMapCondition(condition)) {
    const found = condition.field.read(occurrence);
    return condition.texts
      .entries()
      .every(([key, wanted]) => holdsFor(wanted, stringAt(found, key)));
  }
  const count = condition.field.read(occurrence);
  return condition.tests.some(({ operator, number }) => PASSES[operator](count, number));
}

/** The value that a condition compares; of a map the texts that it asks for. */
export function foundBy(condition: Condition, occurrence: Occurrence): Json {
  if (!isMapCondition(condition)) return condition.field.read(occurrence);
  const found = condition.field.read(occurrence);
  return Object.fromEntries([...condition.texts.keys()].map((key) => [key, stringAt(found, key)]));
}

/** Whether a condition is on a text. */
export function isTextCondition(condition: Condition): condition is TextCondition {
  return condition.field.type === 'text';
}

function isMapCondition(condition: Condition): condition is MapCondition {
  return condition.field.type === 'map';
}

/** Whether all conditions of a block hold. */
export function matchesWhole({ conditions }: Block, occurrence: Occurrence): boolean {
  return conditions.every((condition) => holds(condition, occurrence));
}

/** Whether a text is wanted. */
export function holdsFor({ exact, patterns }: WantedText, found: string): boolean {
  return exact.has(found) || patterns.some((entry) => entry.matches(found));
}

interface WrittenText {
  /** The name of the text in messages. */
  readonly name: string;
  readonly isProse: boolean;
  readonly written: unknown;
  readonly path: string;
}

function compileEntries({ name, isProse, written, path }: WrittenText, report: Report): Pattern[] {
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
    } else if (isProse && entry !== '' && parsed.pattern.form === 'exact') {
      const message = `${name} ${quoted(entry)}: found a plain word, which would be compared with the whole ${name} (expected a glob or an expression)`;
      const hint = `write *word* to find a word anywhere in the ${name}, or /word/`;
      report.add(errorAt('bad-pattern', entryPath, { message, hint }));
    } else {
      compiled.push(parsed.pattern);
    }
  }
  return compiled;
}

function countCondition(
  field: CountField,
  { written, path }: WrittenField,
  report: Report,
): CountCondition {
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
  return { field, wanted: toWanted(written), tests };
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
