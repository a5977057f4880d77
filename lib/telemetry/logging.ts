// What the log is asked to be, and one line of it before it is text. How observations become lines
// is observation-line.ts and decision-line.ts; how lines become text is text-format.ts and
// json-format.ts; where the text goes is log.ts.

import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { TrailEntry } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/event.ts';
import type { Occurrence } from '../core/occurrence.ts';

/** Every level, the weightiest first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How much a line matters. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every form the log can have. */
export const LOG_FORMATS = ['auto', 'text', 'json', 'brigade'] as const;

/** Which decisions are info lines; see docs/operations.md. */
export const DECISION_LINES = ['changes', 'all', 'accepted', 'none'] as const;

/** What the section `logging:` says, with its defaults filled in. */
export interface LoggingOptions {
  /** `auto` is text on a terminal and JSON elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number];
  readonly level: LogLevel;
  readonly decisions: (typeof DECISION_LINES)[number];
  /** `full` adds the whole Event. */
  readonly event: 'line' | 'full';
}

/** What `logging:` is where nothing is written. */
export const LOGGING_DEFAULTS: LoggingOptions = {
  format: 'auto',
  level: 'info',
  decisions: 'changes',
  event: 'line',
};

/** A stream that the log may write to; colours only where it is a terminal. */
export type LogStream = Writable & { readonly isTTY?: boolean };

/** What telemetry is given. */
export interface TelemetryParts {
  readonly clock: Clock;
  readonly stdout: LogStream;
  /** Written to by the format `brigade` alone, and when the log itself fails. */
  readonly stderr: LogStream;
  /** The rule that came nearest to matching; the filters know which. */
  readonly nearest?: (trail: readonly TrailEntry[]) => TrailEntry | null;
  /** The lines that the original gateway wrote per rule, for the format `brigade`. */
  readonly originalTrace?: (occurrence: Occurrence) => readonly string[];
  /** `project` of the original's configuration, for the format `brigade`. */
  readonly originalProject?: string;
}

/** One line of the log before it is text. Everything in it may be printed as it stands. */
export interface LogLine {
  readonly level: LogLevel;
  /** The kind of the observation it comes from. */
  readonly kind: string;
  /** What a person reads; escaped already. */
  readonly text: string;
  /** The same as fields, for the JSON form. */
  readonly fields: Readonly<Record<string, Json>>;
  /** There where every text in the fields was made printable when it was put there. */
  readonly isShown?: true;
  /** The whole Event, where it is asked for. */
  readonly event?: JsonObject;
  /** More lines that belong to this one, such as a stack; escaped already. */
  readonly more?: readonly string[];
  /** What a terminal may colour; nothing else of the text is. */
  readonly accent?: 'accept' | 'reject';
}
