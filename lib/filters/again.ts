// `again` of a rule: when what has started once starts again. So far only how long a series must
// have been silent; what a state's life and silence mean is intake's.

import type { Action } from '../core/decision.ts';
import { isJsonObject } from '../core/event.ts';
import { parseDuration } from '../kit/duration.ts';
import {
  ownValue,
  pointer,
  quoted,
  type Report,
  wrong,
  wrongType,
  wrongValue,
} from './findings.ts';

/**
 * How long silence lasts where neither rule nor configuration says it: as long as an API server
 * keeps Events by default, for the recorders re-create an Event that has expired meanwhile.
 */
export const DEFAULT_QUIET_MS = 3_600_000;

/** `again` as it is written, where, and what its rule decides. */
export interface WrittenAgain {
  readonly written: unknown;
  readonly path: string;
  readonly action: Action;
}

/** How long a series must have been silent before its re-creation starts anew, in ms; 0 for a reject rule. */
export function compileQuiet(again: WrittenAgain, defaultMs: number, report: Report): number {
  const { written, path, action } = again;
  const fallback = action === 'accept' ? defaultMs : 0;
  if (written === undefined) return fallback;
  if (!isJsonObject(written)) {
    report(wrongType(path, written, 'an object such as { per: series, quiet: 1h }'));
    return fallback;
  }
  if (action === 'reject') {
    report(
      wrong({
        code: 'wrong-value',
        path,
        message: 'found again in a reject rule, which starts nothing (expected it in accept rules)',
        hint: 'remove again or write action: accept',
      }),
    );
  }
  const per = ownValue(written, 'per') ?? 'series';
  if (per !== 'series') report(wrongValue(pointer(path, 'per'), per, 'series'));
  const quietMs = parseQuiet(ownValue(written, 'quiet'), pointer(path, 'quiet'), report);
  return action === 'accept' ? (quietMs ?? fallback) : 0;
}

function parseQuiet(quiet: unknown, path: string, report: Report): number | undefined {
  if (quiet === undefined) return undefined;
  if (typeof quiet !== 'string') {
    report(wrongType(path, quiet, 'a duration such as 30m'));
    return undefined;
  }
  const ms = parseDuration(quiet);
  if (ms === undefined) {
    report(
      wrong({
        code: 'bad-duration',
        path,
        message: `found ${quoted(quiet)} (expected a duration)`,
        hint: 'write for instance 30s, 5m, 1h30m or 2d',
      }),
    );
  }
  return ms;
}
