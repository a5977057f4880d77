// Our rules, decided in the plainest way from what is written: nothing compiled, no sets, no order
// of fields. Patterns become JavaScript expressions, so it is used with such as mean the same in RE2.

import { type Json, jsonAt, stringAt } from '../../lib/core/json-object.ts';
import type { Occurrence } from '../../lib/core/occurrence.ts';
import type { BlockSection, RuleSection } from '../../lib/filters/rule.ts';

/** The index of the rule that decides, or -1. */
export function naiveRule(rules: readonly RuleSection[], occurrence: Occurrence): number {
  return rules.findIndex((rule) => {
    const blocks = rule.not === undefined ? [] : [rule.not].flat();
    return (
      matchesBlock(rule, occurrence) && !blocks.some((block) => matchesBlock(block, occurrence))
    );
  });
}

/** Whether every condition of a block holds. */
export function matchesBlock(block: BlockSection, occurrence: Occurrence): boolean {
  const { event } = occurrence;
  const involved = event['involvedObject'];
  const at = (value: Json | undefined, ...path: string[]): string => stringAt(value, ...path);
  const component = at(event, 'source', 'component');
  const host = at(event, 'source', 'host');
  return (
    matchesText(block['source'], occurrence.source) &&
    matchesText(block['namespace'], at(involved, 'namespace')) &&
    matchesText(block['kind'], at(involved, 'kind')) &&
    matchesText(block['objectName'], at(involved, 'name')) &&
    matchesText(block['apiVersion'], at(involved, 'apiVersion')) &&
    matchesText(block['fieldPath'], at(involved, 'fieldPath')) &&
    matchesText(block['eventNamespace'], at(event, 'metadata', 'namespace')) &&
    matchesText(block['reasons'], at(event, 'reason')) &&
    matchesText(block['type'], at(event, 'type')) &&
    matchesText(block['message'], at(event, 'message')) &&
    matchesText(
      block['component'],
      component === '' ? at(event, 'reportingComponent') : component,
    ) &&
    matchesText(block['host'], host === '' ? at(event, 'reportingInstance') : host) &&
    matchesMap(block['eventLabels'], jsonAt(event, 'metadata', 'labels')) &&
    matchesMap(block['eventAnnotations'], jsonAt(event, 'metadata', 'annotations')) &&
    matchesMap(block['related'], event['related']) &&
    matchesCount(block['count'], occurrence.count)
  );
}

function matchesMap(wanted: unknown, found: Json | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, patterns]) =>
    matchesText(patterns, stringAt(found, key)),
  );
}

function matchesText(wanted: unknown, found: string): boolean {
  if (wanted === undefined || wanted === '') return true;
  const patterns = [wanted].flat().map(String);
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, found));
}

function matchesPattern(pattern: string, found: string): boolean {
  if (pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/')) {
    return new RegExp(pattern.slice(1, -1), 'u').test(found);
  }
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\/]/g, '\\$&');
  const expression = escaped.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^(?:${expression})$`, 'su').test(found);
}

function matchesCount(wanted: unknown, found: number): boolean {
  if (wanted === undefined || wanted === '') return true;
  const tests = [wanted].flat().map(String);
  return tests.length === 0 || tests.some((test) => passesNaively(test, found));
}

function passesNaively(test: string, found: number): boolean {
  const number = Number(test.replaceAll(/[<>= ]/g, ''));
  if (test.includes('>') && found > number) return true;
  if (test.includes('<') && found < number) return true;
  return (test.includes('=') || !/[<>]/.test(test)) && found === number;
}
