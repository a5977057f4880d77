// A rule of our form as it is written. filters/schema.ts describes it to users. compile.ts compiles it, except for `again`, which is here.

import { isJsonObject } from '../core/json-object.ts';
import { errorAt } from '../core/problem.ts';
import type { Vocabulary } from '../core/vocabulary.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import { ownValue, pointer, quoted, type Report, type WrittenRule } from './rule-findings.ts';

/** Conditions that must all hold for the block to match, by the names of fields of a vocabulary. */
export interface BlockSection {
  readonly [field: string]: unknown;
}

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

/** Every key of a rule over a vocabulary, in the order in which the reference lists them. */
export function ruleKeys(vocabulary: Vocabulary): readonly string[] {
  const fields = vocabulary.map(({ name }) => name);
  return ['name', 'formerly', ...fields, 'not', 'action', 'again', 'triggers'];
}

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
