// The Events that a source asks the API server for: its field selector, and the fields by which an API
// server selects core/v1 Events. Labels are not offered, because reporters set none on Events.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/

import { stringAt } from '../core/json-object.ts';
import type { EventObject } from '../core/occurrence.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import type { RequiredValue } from '../filters/required-values.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { quoted } from '../kit/text/printable.ts';
import {
  contradictionIn,
  type FieldTerm,
  matchesTerms,
  parseFieldSelector,
  renderFieldSelector,
} from '../kubernetes/client/field-selector.ts';

/** The keys of a section that select Events. */
export interface SelectionOptions {
  /** As kubectl writes it; '' or absent: every Event. */
  readonly fieldSelector?: string;
  /** `derived`: also what follows from the rules. */
  readonly select?: 'all' | 'derived';
}

/**
 * The fields by which an API server selects core/v1 Events.
 *
 * **Source**: k8s.io/kubernetes pkg/registry/core/event/strategy.go (ToSelectableFields).
 */
const EVENT_SELECTABLE: ReadonlyMap<string, (event: EventObject) => string> = new Map([
  ...[
    'metadata.name',
    'metadata.namespace',
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'type',
  ].map((field): [string, (event: EventObject) => string] => {
    const keys = field.split('.');
    return [field, (event) => stringAt(event, ...keys)];
  }),
  [
    'source',
    (event) => stringAt(event, 'source', 'component') || stringAt(event, 'reportingComponent'),
  ],
]);

/** Whether the API server selects Events by a field. */
export function isSelectable(field: string): boolean {
  return EVENT_SELECTABLE.has(field);
}

/** Whether an Event meets all terms, judged as the API server does. */
export function meetsTerms(terms: readonly FieldTerm[], event: EventObject): boolean {
  return matchesTerms(terms, (field) => EVENT_SELECTABLE.get(field)?.(event) ?? '');
}

/** The schema of `fieldSelector`. */
export const FIELD_SELECTOR_SCHEMA: JsonSchema = {
  type: 'string',
  description: `Which Events the API server sends at all, as kubectl writes it: terms with \`=\`, \`==\` or \`!=\`, joined by commas, of which all must hold. Events that it leaves out are neither logged nor counted, and cost the gateway nothing. Fields: ${[...EVENT_SELECTABLE.keys()].map((field) => `\`${field}\``).join(', ')}.`,
  default: '',
  examples: ['type=Warning', 'involvedObject.kind=Pod,reason!=Pulled'],
};

/** The schema of `select`. */
export const SELECT_SCHEMA: JsonSchema = {
  enum: ['all', 'derived'],
  default: 'all',
  description:
    '`derived` adds to the selector what follows from the rules, so that the API server leaves out Events that no rule can accept. The accepted Events are the same; rejected ones are no longer counted. It has an effect only if `logging.decisions` is `accepted` or `none`. `check` shows the selector.',
};

/** More terms make a URL too long for some proxies. Equal ones leave out most, so they come first. */
const MOST_TERMS = 40;
// Any other text may be written in more than one way between the reporter and here.
const PLAIN_TEXT = /^[ -~]{1,253}$/;

/**
 * The selector of a section with what follows from the rules. A field is used only if it is read from
 * one place, by which the API server selects, and a value if redaction neither changes nor makes it.
 */
export function derivedSelectorOf(
  section: SelectionOptions,
  required: readonly RequiredValue[],
  isKept: (path: string, text: string) => boolean,
): string {
  const derived = required.flatMap(({ field, operator, value }): FieldTerm[] => {
    const [path, ...others] = field.paths.map((keys) => keys.join('.'));
    const isUsable = path !== undefined && others.length === 0 && isSelectable(path);
    return isUsable && isKept(path, value) && PLAIN_TEXT.test(value)
      ? [{ field: path, operator, value }]
      : [];
  });
  const equal = derived.filter(({ operator }) => operator === '=');
  const unequal = derived.filter(({ operator }) => operator === '!=');
  const added = [...equal, ...unequal].slice(0, MOST_TERMS);
  return renderFieldSelector([...termsOf(section), ...added]);
}

/** The selector of a section in its one form; '' if it selects every Event. */
export function selectorOf(section: SelectionOptions): string {
  return renderFieldSelector(termsOf(section));
}

/** Whether a section selects an Event. */
export function selects(section: SelectionOptions, event: EventObject): boolean {
  return meetsTerms(termsOf(section), event);
}

function termsOf({ fieldSelector = '' }: SelectionOptions): readonly FieldTerm[] {
  const parsed = parseFieldSelector(fieldSelector);
  return parsed.ok ? parsed.terms : [];
}

/** Checks a selector; the path of a finding is that of the section. */
export function checkSelector({ fieldSelector = '' }: SelectionOptions): readonly Finding[] {
  const parsed = parseFieldSelector(fieldSelector);
  const path = '/fieldSelector';
  if (!parsed.ok) {
    const hint = 'write terms such as type=Warning,reason!=Pulled';
    return [errorAt('bad-selector', path, { message: `found ${parsed.why}`, hint })];
  }
  const offered = [...EVENT_SELECTABLE.keys()];
  const unknown = parsed.terms
    .map(({ field }) => field)
    .filter((field) => !offered.includes(field));
  if (unknown.length > 0) {
    return unknown.map((field) => {
      const near = nearestName(field.trim(), offered);
      const message = `field ${quoted(field, 80)}: the API server does not select Events by it (expected one of ${offered.join(', ')})`;
      const hint =
        near === undefined ? 'test the field in a rule instead' : `did you mean ${near}?`;
      return errorAt('bad-selector', path, { message, hint });
    });
  }
  const field = contradictionIn(parsed.terms);
  if (field === null) return [];
  const message = `the terms about ${field} exclude each other, so no Event is read`;
  return [warningAt('never-matches', path, { message, hint: 'remove one of the terms' })];
}
