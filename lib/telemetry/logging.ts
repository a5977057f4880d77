// Options of the log, dependencies of telemetry, and one line before it is text. Observations become
// lines in telemetry.ts and the *-line.ts files. Lines become text in line-format.ts and
// brigade-format.ts, and log.ts writes the text.

import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { TrailEntry } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { MetricNames } from './known-series.ts';

/** Every level, the most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** Severity of a line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every format of the log. */
export const LOG_FORMATS = ['auto', 'text', 'json', 'brigade'] as const;

/** Which decisions are info lines; see docs/operations.md. */
export const DECISION_LINES = ['changes', 'all', 'accepted', 'none'] as const;

/** How much of an Event its line has; `full` adds the whole Event. */
export const EVENT_DETAILS = ['line', 'full'] as const;

/** The section `logging:` with its defaults filled in. */
export interface LoggingOptions {
  /** `auto` is text on a terminal and JSON elsewhere. */
  readonly format: (typeof LOG_FORMATS)[number];
  readonly level: LogLevel;
  readonly decisions: (typeof DECISION_LINES)[number];
  readonly event: (typeof EVENT_DETAILS)[number];
  /** Whether failures are also Kubernetes Events about the gateway's own pod. */
  readonly podEvents: boolean;
}

/** The defaults of `logging:`. */
export const LOGGING_DEFAULTS: LoggingOptions = {
  format: 'auto',
  level: 'info',
  decisions: 'changes',
  event: 'line',
  podEvents: true,
};

/** The schema of each key of `logging:`. */
export const LOGGING_SCHEMA: Readonly<Record<string, JsonSchema>> = {
  format: {
    enum: [...LOG_FORMATS],
    default: LOGGING_DEFAULTS.format,
    description:
      '`auto` is text on a terminal and JSON elsewhere; `brigade` prints the lines of the original gateway.',
  },
  level: {
    enum: [...LOG_LEVELS],
    default: LOGGING_DEFAULTS.level,
    description: 'The least important lines that are printed.',
  },
  decisions: {
    enum: [...DECISION_LINES],
    default: LOGGING_DEFAULTS.decisions,
    description:
      'Which decisions get a line. `changes` leaves out further states of a series that were decided as in its last line. `all` prints each; `accepted` leaves out rejections; `none` leaves out all.',
  },
  event: {
    enum: [...EVENT_DETAILS],
    default: LOGGING_DEFAULTS.event,
    description: '`full` adds the whole Event to its line.',
  },
  podEvents: {
    type: 'boolean',
    default: LOGGING_DEFAULTS.podEvents,
    description:
      'Whether the gateway creates Kubernetes Events about its own pod, such as for a refused configuration. They need the permission to create Events in its namespace.',
  },
};

/** A stream of the log; it gets colours only if it is a terminal. */
export type LogStream = Writable & { readonly isTTY?: boolean };

/** Dependencies of telemetry. */
export interface TelemetryParts {
  readonly clock: Clock;
  readonly stdout: LogStream;
  /** Used by the format `brigade` alone, and if the log itself fails. */
  readonly stderr: LogStream;
  /** Names of the configuration, if the metrics are scraped: their series exist from the start. */
  readonly names?: MetricNames;
  /** Finds the rule that came nearest to matching. */
  readonly nearest?: (trail: readonly TrailEntry[]) => TrailEntry | null;
  /** The lines that the original gateway wrote per rule, for the format `brigade`. */
  readonly originalTrace?: (occurrence: Occurrence) => readonly string[];
  /** `project` of the original's configuration, for the format `brigade`. */
  readonly originalProject?: string;
}

/** Each observation by its kind, for tables with one row a kind. */
export type ByKind<O extends { readonly kind: string }> = {
  readonly [K in O['kind']]: Extract<O, { kind: K }>;
};

/** One line of the log before it is text. Everything in it is safe to print. */
export interface LogLine {
  readonly level: LogLevel;
  /** The kind of the observation it comes from. */
  readonly kind: string;
  /** For people; escaped already. */
  readonly text: string;
  /** The same as fields, for the JSON format. */
  readonly fields: Readonly<Record<string, Json>>;
  /** Set if every text in the fields is printable already. */
  readonly isShown?: true;
  /** The whole Event, if `logging.event` is `full`. */
  readonly event?: JsonObject;
  /** Further lines that belong to this one, such as a stack; escaped already. */
  readonly more?: readonly string[];
  /** The beginning of the text, which is coloured on a terminal. */
  readonly accent?: 'accept' | 'reject';
}
