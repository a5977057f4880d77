// The lines that the original gateway logged while it filtered one Event, word for word, for programs
// that parse its log. Rules of our form get the most similar line.
// Source: brigadecore/brigade-k8s-gateway, cmd/k8s-gateway/main.go (acceptEvent); %q is Go's
// strconv.Quote.

import type { Occurrence } from '../core/occurrence.ts';
import type { Chain, Condition, Rule, TextCondition } from './chain.ts';
import { holds, valueOf } from './condition.ts';

/** Writes the original's lines about one Event, from its first rule to the one that decided. */
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
    const matched = entry.matches(String(valueOf('reasons', occurrence)));
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
  if (failed !== undefined) return failed.field;
  const excluded = rule.not.some(({ conditions }) =>
    conditions.every((condition) => holds(condition, occurrence)),
  );
  return excluded ? 'not' : null;
}

function isReasons(condition: Condition): condition is TextCondition {
  return condition.field === 'reasons';
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

/** Quotes a text as Go's %q does. */
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
