// The filters of the original gateway's JSON and its log lines about them, exactly as its code had them.
// Values are compared literally, '' and absent ask for nothing, and any action but `accept` rejects. Keys
// that its decoder ignored are warnings; values that made it fail are errors.
// Source: brigadecore/brigade-k8s-gateway, cmd/k8s-gateway/main.go (Filter, acceptEvent).

import { isJsonObject } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import type { Vocabulary } from '../core/vocabulary.ts';
import type { Pattern } from '../kit/text/pattern.ts';
import type { Chain, Condition, Rule, TextCondition } from './chain.ts';
import type { CompiledChain } from './compile.ts';
import { entriesOf, holds, matchesWhole, textCondition } from './condition.ts';
import { chainOf } from './narrowing.ts';
import { DEFAULT_QUIET_MS, ruleKeys } from './rule.ts';
import { pointer, quoted, REFERENCE } from './rule-findings.ts';

const FILTER_KEYS = ['namespace', 'kind', 'reasons', 'action'] as const;

interface OriginalFilter {
  readonly namespace: string;
  readonly kind: string;
  readonly reasons: readonly string[];
  readonly action: string;
}

const EMPTY_FILTER: OriginalFilter = { namespace: '', kind: '', reasons: [], action: '' };

interface OriginalOptions {
  /** The fields of Events. */
  readonly vocabulary: Vocabulary;
  /** The one trigger that accept rules start. */
  readonly trigger: string;
  /** As in a rule's decision; the form has no key for it. */
  readonly quietMs?: number;
}

/**
 * Compiles `filters` of the original's JSON; its accept rules start the one trigger.
 */
export function compileOriginal(
  filters: unknown,
  { vocabulary, trigger, quietMs = DEFAULT_QUIET_MS }: OriginalOptions,
): CompiledChain {
  const findings: Finding[] = [];
  const report: ReportFinding = (finding) => void findings.push(finding);
  const ourKeys = new Set(ruleKeys(vocabulary));
  const rules: Rule[] = [];
  // Go leaves the list empty for a null, and the original did so without a file.
  const entries: unknown = filters ?? [];
  if (!Array.isArray(entries)) report(wrongType('/filters', entries, 'a list of filters'));
  for (const [index, entry] of Array.isArray(entries) ? entries.entries() : []) {
    const place = { path: pointer('/filters', index), ourKeys };
    const filter = decodeFilter(entry, place, report);
    rules.push(toRule(filter, index, { vocabulary, trigger, quietMs }));
  }
  const refused = findings.some(({ severity }) => severity === 'error');
  const chain = chainOf(refused ? [] : rules, vocabulary);
  return { chain, findings };
}

type ReportFinding = (finding: Finding) => void;

function toRule(
  filter: OriginalFilter,
  index: number,
  { vocabulary, trigger, quietMs }: Required<OriginalOptions>,
): Rule {
  const accepts = filter.action === 'accept';
  const rule = Object.freeze({ index, name: null, identity: '' });
  return {
    conditions: conditionsOf(filter, vocabulary),
    not: [],
    decision: Object.freeze({
      action: accepts ? 'accept' : 'reject',
      rule,
      triggers: Object.freeze(accepts ? [trigger] : []),
      quietMs: accepts ? quietMs : 0,
    }),
  };
}

function conditionsOf(filter: OriginalFilter, vocabulary: Vocabulary): readonly Condition[] {
  return (['namespace', 'kind', 'reasons'] as const).flatMap((name) => {
    const wanted = filter[name];
    const field = vocabulary.find((one) => one.name === name);
    if (wanted.length === 0 || field?.type !== 'text') return [];
    return [textCondition(field, [wanted].flat().map(literal), wanted)];
  });
}

function literal(text: string): Pattern {
  return { text, form: 'exact', matches: (value) => value === text };
}

interface FilterPlace {
  readonly path: string;
  /** The keys of a rule of our form. */
  readonly ourKeys: ReadonlySet<string>;
}

function decodeFilter(
  entry: unknown,
  { path, ourKeys }: FilterPlace,
  report: ReportFinding,
): OriginalFilter {
  // Go leaves every field of a null entry empty: a rule that matches and rejects everything.
  const written = entry === null ? {} : entry;
  if (!isJsonObject(written)) {
    report(wrongType(path, written, 'a filter: an object'));
    return EMPTY_FILTER;
  }
  let filter = EMPTY_FILTER;
  let actionPath = path;
  for (const [spelling, value] of Object.entries(written)) {
    const at = pointer(path, spelling);
    const key = originalKey(spelling, FILTER_KEYS);
    if (key === undefined) {
      report(unknownKey(spelling, { path: at, ourKeys }));
      continue;
    }
    if (key !== spelling) report(letterCase(at, spelling, key));
    if (key === 'action') actionPath = at;
    filter =
      key === 'reasons'
        ? { ...filter, reasons: decodeReasons(value, { at, before: filter.reasons }, report) }
        : { ...filter, [key]: decodeText(value, { at, before: filter[key] }, report) };
    if (key === 'action') continue;
    for (const [entry, place] of entriesOf(value, at)) noteLiteral(entry, place, report);
  }
  if (filter.action !== 'accept' && filter.action !== 'reject') {
    report(otherAction(actionPath, filter.action));
  }
  return filter;
}

interface Before<Value> {
  readonly at: string;
  /** The value of an earlier spelling of the same key. */
  readonly before: Value;
}

function decodeText(value: unknown, { at, before }: Before<string>, report: ReportFinding): string {
  // Go: null into a string changes nothing; a lone surrogate becomes U+FFFD.
  if (value === null) return before;
  if (typeof value === 'string') return value.toWellFormed();
  report(wrongType(at, value, 'a text'));
  return before;
}

function decodeReasons(
  value: unknown,
  { at, before }: Before<readonly string[]>,
  report: ReportFinding,
): readonly string[] {
  if (value === null) return [];
  if (!Array.isArray(value)) {
    report(wrongType(at, value, 'a list of reasons'));
    return before;
  }
  return value.map((entry: unknown, place) =>
    decodeText(entry, { at: pointer(at, place), before: before[place] ?? '' }, report),
  );
}

function noteLiteral(value: unknown, path: string, report: ReportFinding): void {
  if (typeof value !== 'string') return;
  if (!/[*?]/.test(value) && !/^\/.+\/$/s.test(value)) return;
  report(
    warningAt('never-matches', path, {
      message: `${quoted(value)}: the original compares it letter by letter, so it can never match`,
      hint: `leave it out to match any value; patterns are part of the other form (${REFERENCE})`,
    }),
  );
}

/** Reports a value of the wrong type. No schema does, because the form has none. */
function wrongType(path: string, found: unknown, expected: string): Finding {
  return errorAt('wrong-type', path, {
    message: `found ${typeName(found)} (expected ${expected})`,
    hint: `write ${expected}`,
  });
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : typeof value;
}

function unknownKey(key: string, { path, ourKeys }: FilterPlace): Finding {
  const expected = `(expected ${FILTER_KEYS.join(', ')})`;
  if (ourKeys.has(key)) {
    return errorAt('wrong-form', path, {
      message: `found ${quoted(key)}, which the original's form does not have ${expected}`,
      hint: `convert the file to the form that has it, with version: 1 (see ${REFERENCE})`,
    });
  }
  return warningAt('ignored-key', path, {
    message: `found ${quoted(key)}, which the original ignored ${expected}`,
    hint: 'remove it, or correct its spelling',
  });
}

function letterCase(path: string, spelling: string, key: string): Finding {
  return warningAt('letter-case', path, {
    message: `found ${quoted(spelling)}, read as ${quoted(key)} as the original did; of several spellings the last counts`,
    hint: `write ${key}`,
  });
}

function otherAction(path: string, action: string): Finding {
  const found = action === '' ? 'no action' : `action ${quoted(action)}`;
  return warningAt('action-not-accept', path, {
    message: `found ${found}: the rule rejects, as anything but accept did (expected accept or reject)`,
    hint: 'write reject if that is meant, else accept',
  });
}

/**
 * Finds the known key that a written one means; undefined if the original ignored it.
 *
 * **Shape**: known keys are in lower case. As in Go's encoding/json, the letter case of ASCII does not
 * matter, U+017F counts as `s`, and U+212A as `k`. Of several spellings the last one wins.
 * **Source**: https://pkg.go.dev/encoding/json#Unmarshal, and fold.go for the two odd letters.
 */
export function originalKey<Key extends string>(
  written: string,
  known: readonly Key[],
): Key | undefined {
  const folded = written
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return known.find((key) => key === folded);
}

/**
 * Writes the lines that the original logged about one Event, word for word, for programs that parse its
 * log. They go from the first rule to the one that decided; rules of our form get the most similar line.
 */
export function originalTrace(chain: Chain, occurrence: Occurrence): readonly string[] {
  const lines: string[] = [];
  for (const rule of chain.rules) {
    if (traceRule(rule, occurrence, lines)) return lines;
  }
  lines.push('default rejection');
  return lines;
}

/** Appends the lines about one rule, and returns whether it matched. */
function traceRule(rule: Rule, occurrence: Occurrence, lines: string[]): boolean {
  const { index } = rule.decision.rule;
  const failed = failedField(rule, occurrence);
  if (failed !== null) {
    lines.push(`rule ${index}: ${failed} mismatch`);
    return false;
  }
  const reasons = rule.conditions.find(isReasons);
  if (reasons === undefined) {
    lines.push(`rule ${index}: matched all conditions of rule`);
    return true;
  }
  for (const [place, entry] of reasons.entries.entries()) {
    const matched = entry.matches(reasons.field.read(occurrence));
    const said = matched ? 'pass' : 'failed';
    lines.push(`rule ${index}: ${said} filter ${place} ${goQuoted(entry.text)}`);
    if (matched) return true;
  }
  return false;
}

/** Finds the first field other than the reasons by which the rule fails. */
function failedField(rule: Rule, occurrence: Occurrence): string | null {
  const failed = rule.conditions.find(
    (condition) => !isReasons(condition) && !holds(condition, occurrence),
  );
  if (failed !== undefined) return failed.field.name;
  return rule.not.some((block) => matchesWhole(block, occurrence)) ? 'not' : null;
}

function isReasons(condition: Condition): condition is TextCondition {
  return condition.field.name === 'reasons';
}

const SHORT: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

// Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and of spaces only U+0020.
const PRINTED = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Quotes a text as Go's %q does, which is strconv.Quote. */
export function goQuoted(text: string): string {
  const escaped = Array.from(text.toWellFormed(), (character) => {
    const short = SHORT[character];
    if (short !== undefined) return short;
    return PRINTED.test(character) ? character : goEscape(character.codePointAt(0) ?? 0);
  });
  return `"${escaped.join('')}"`;
}

function goEscape(code: number): string {
  const hexadecimal = code.toString(16);
  // Go wrote U+007F as \u007f until 1.19, which is newer than the original.
  if (code < 0x20) return `\\x${hexadecimal.padStart(2, '0')}`;
  return code > 0xffff
    ? `\\U${hexadecimal.padStart(8, '0')}`
    : `\\u${hexadecimal.padStart(4, '0')}`;
}
