// Checks the names of triggers and sources in rules. A name that is not configured is an error, with
// the nearest configured name.

import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import { nearestName } from '../kit/text/nearest.ts';
import type { Condition } from './chain.ts';
import { isTextCondition } from './condition.ts';
import { ownValue, pointer, quoted, type Report, type WrittenRule } from './rule-findings.ts';

/** Compiles the triggers that a rule starts, in its order; none for a reject rule. */
export function compileTriggers(
  { section, path: rulePath, action }: WrittenRule,
  configured: readonly string[] | undefined,
  report: Report,
): readonly string[] {
  const written = ownValue(section, 'triggers');
  const path = pointer(rulePath, 'triggers');
  if (action === 'reject') {
    // An empty list is refused by the schema.
    const isEmpty = Array.isArray(written) && written.length === 0;
    if (isEmpty) report.skip();
    else if (written !== undefined) {
      const message =
        'found triggers in a reject rule, which starts nothing (expected them in accept rules)';
      const hint = 'remove triggers or write action: accept';
      report.add(errorAt('wrong-value', path, { message, hint }));
    }
    return Object.freeze([]);
  }
  if (configured === undefined || (written !== undefined && !Array.isArray(written))) {
    report.skip();
    return Object.freeze([]);
  }
  if (written === undefined) {
    if (configured.length !== 1) report.add(triggersMissing(rulePath, configured));
    return Object.freeze(configured.slice(0, 1));
  }
  if (written.length === 0) report.add(triggersMissing(path, configured));
  return Object.freeze(compileNames(written, { path, configured }, report));
}

function compileNames(
  written: readonly unknown[],
  place: { readonly path: string; readonly configured: readonly string[] },
  report: Report,
): string[] {
  const named = new Set<string>();
  for (const [index, entry] of written.entries()) {
    const path = pointer(place.path, index);
    if (typeof entry !== 'string') {
      report.skip();
    } else if (!place.configured.includes(entry)) {
      report.add(notConfigured('trigger', path, { name: entry, known: place.configured }));
    } else if (named.has(entry)) {
      const message = `trigger ${quoted(entry)}: found a second time in the same rule`;
      report.add(errorAt('wrong-value', path, { message, hint: 'list each trigger once' }));
    } else {
      named.add(entry);
    }
  }
  return [...named];
}

/** Reports entries of `source` that no configured source can match; `path` is that of the rule or block. */
export function checkSources(
  conditions: readonly Condition[],
  { path, sources }: { readonly path: string; readonly sources: readonly string[] | undefined },
  report: Report,
): void {
  const condition = conditions.filter(isTextCondition).find(({ field }) => field.name === 'source');
  if (condition === undefined || sources === undefined) return;
  const at = pointer(path, 'source');
  for (const entry of condition.entries) {
    if (sources.some((name) => entry.matches(name))) continue;
    const place = Array.isArray(condition.wanted)
      ? pointer(at, condition.wanted.indexOf(entry.text))
      : at;
    report.add(
      entry.form === 'exact'
        ? notConfigured('source', place, { name: entry.text, known: sources })
        : warningAt('never-matches', place, {
            message: `source ${quoted(entry.text)}: matches no configured source (${listed(sources)})`,
            hint: 'name a source or remove the entry',
          }),
    );
  }
}

function notConfigured(
  what: 'source' | 'trigger',
  path: string,
  { name, known }: { readonly name: string; readonly known: readonly string[] },
): Finding {
  const near = nearestName(name, known);
  return errorAt(`unknown-${what}`, path, {
    message: `${what} ${quoted(name)}: no such ${what} is configured (configured: ${listed(known)})`,
    hint:
      near === undefined
        ? `name a configured ${what}, or add it under ${what}s:`
        : `did you mean ${quoted(near)}?`,
  });
}

function triggersMissing(path: string, configured: readonly string[]): Finding {
  return errorAt('triggers-missing', path, {
    message:
      configured.length === 0
        ? 'the accept rule starts nothing: no trigger is configured'
        : `the accept rule names no trigger (expected some of: ${listed(configured)})`,
    hint:
      configured.length === 0
        ? 'add one under triggers:'
        : `write for instance triggers: [${configured[0] ?? ''}]`,
  });
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(quoted).join(', ');
}
