// A rule of our form as it is written, and the order in which its conditions are tried.
// filters/schema.ts describes it to users. compile.ts compiles it, except for `again`, which is here.

import { isJsonObject } from '../core/json-object.ts';
import { errorAt } from '../core/problem.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import { ownValue, pointer, quoted, type Report, type WrittenRule } from './rule-findings.ts';

/** The fields that are conditions on an occurrence, in the order in which they are tried. */
export const CONDITION_FIELDS = [
  'source',
  'namespace',
  'kind',
  'objectName',
  'apiVersion',
  'fieldPath',
  'eventNamespace',
  'reasons',
  'type',
  'message',
  'component',
  'host',
  'count',
] as const;

/** A field that is a condition, of a rule or of a block under `not`. */
export type ConditionField = (typeof CONDITION_FIELDS)[number];

/** Every field that can fail, in the order in which they are tried: `not` comes last. */
export const RULE_FIELDS = [...CONDITION_FIELDS, 'not'] as const;

/** One pattern or a list of them; '' and [] ask for nothing, '' inside a list asks for ''. */
type TextWanted = string | readonly string[];

/** One number or comparison, or a list of them of which one must hold. */
export type CountWanted = number | string | readonly (number | string)[];

/** Conditions that must all hold for the block to match. */
export type BlockSection = {
  readonly [Field in ConditionField]?: Field extends 'count' ? CountWanted : TextWanted;
};

/** One entry of `filters` in our form. */
export interface RuleSection extends BlockSection {
  readonly name?: string;
  /** Earlier names, the oldest first; '' is that of a rule that had no name. */
  readonly formerly?: readonly string[];
  readonly not?: BlockSection | readonly BlockSection[];
  readonly action: 'accept' | 'reject';
  /** `quiet` is a duration: after so much silence, a re-created Event counts as a new series. */
  readonly again?: { readonly per?: 'series'; readonly quiet?: string };
  /** Names of triggers, in the order in which they are started. */
  readonly triggers?: readonly string[];
}

/** Every key of a rule, in the order in which the reference lists them. */
export const RULE_KEYS = [
  'name',
  'formerly',
  ...CONDITION_FIELDS,
  'not',
  'action',
  'again',
  'triggers',
] as const satisfies readonly (keyof RuleSection)[];

/**
 * The default of `again.quiet`: as long as an API server keeps Events by default, because recorders
 * re-create an Event that has expired.
 */
export const DEFAULT_QUIET_MS = 3_600_000;

/**
 * Compiles `again`. How its silence is measured is intake's.
 *
 * **Units**: ms of silence after which a re-created Event starts again; 0 for a reject rule.
 */
export function compileQuiet(rule: WrittenRule, defaultMs: number, report: Report): number {
  const { action } = rule;
  const written = ownValue(rule.section, 'again');
  const path = pointer(rule.path, 'again');
  const fallback = action === 'accept' ? defaultMs : 0;
  if (written === undefined) return fallback;
  if (!isJsonObject(written)) {
    report.skip();
    return fallback;
  }
  if (action === 'reject') {
    report.add(
      errorAt('wrong-value', path, {
        message: 'found again in a reject rule, which starts nothing (expected it in accept rules)',
        hint: 'remove again or write action: accept',
      }),
    );
  }
  if ((ownValue(written, 'per') ?? 'series') !== 'series') report.skip();
  const quietMs = parseQuiet(ownValue(written, 'quiet'), pointer(path, 'quiet'), report);
  return action === 'accept' ? (quietMs ?? fallback) : 0;
}

function parseQuiet(quiet: unknown, path: string, report: Report): number | undefined {
  if (quiet === undefined) return undefined;
  if (typeof quiet !== 'string') {
    report.skip();
    return undefined;
  }
  const ms = parseDuration(quiet);
  if (ms === undefined) {
    report.add(
      errorAt('bad-duration', path, {
        message: `found ${quoted(quiet)} (expected a duration)`,
        hint: 'write for instance 30s, 5m, 1h30m or 2d',
      }),
    );
  }
  return ms;
}
