// Options of the log, dependencies of telemetry, and one line before it is text.

import type { Writable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { TrailEntry } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import type { GatewayState } from './gateway-state.ts';
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
  /** A copy of the log as JSON lines; null if there is none. */
  readonly file: LogFile | null;
  /** Whether failures are also Kubernetes Events about the gateway's own pod. */
  readonly podEvents: boolean;
}

/** A log file and the older files beside it. */
export interface LogFile {
  /** As it is written, or absolute once the log opens. */
  readonly path: string;
  /** The size at which it is renamed and a new one begins. */
  readonly maxBytes: number;
  /** The most files, with the current one. */
  readonly count: number;
}

/** The defaults of `logging:`. */
export const LOGGING_DEFAULTS: LoggingOptions = {
  format: 'auto',
  level: 'info',
  decisions: 'changes',
  event: 'line',
  file: null,
  podEvents: true,
};

/** The defaults of `logging.file`. */
export const LOG_FILE_DEFAULTS = { size: '10Mi', count: 5 } as const;

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
  file: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    description: 'A copy of the log in a file, as JSON lines whatever `format` is.',
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        description:
          "The file with the newest lines; older ones are beside it, for instance `sluice1.log`. Relative to the folder of the gateway's own files.",
        examples: ['sluice.log'],
      },
      size: {
        type: 'string',
        format: 'size',
        default: LOG_FILE_DEFAULTS.size,
        description: 'The size at which the file is renamed and a new one begins; at least `64Ki`.',
      },
      count: {
        type: 'integer',
        minimum: 2,
        maximum: 1000,
        default: LOG_FILE_DEFAULTS.count,
        description: 'The most files, with the current one; the oldest is removed.',
      },
    },
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
  /** The state that observations change, if others read it. */
  readonly state?: GatewayState;
  /** Finds the rule that came nearest to matching. */
  readonly nearest?: (trail: readonly TrailEntry[]) => TrailEntry | null;
  /** The lines that the original gateway wrote per rule, for the format `brigade`. */
  readonly originalTrace?: (occurrence: Occurrence) => readonly string[];
  /** `project` of the original's configuration, for the format `brigade`. */
  readonly originalProject?: string;
}

/** One line of the original gateway and its stream. */
export interface OriginalLine {
  readonly to: 'stdout' | 'stderr';
  readonly text: string;
}

/** Parts of the lines of the original gateway. */
export type OriginalParts = Pick<TelemetryParts, 'originalTrace' | 'originalProject'>;

/**
 * One line of the log before it is text. Its fields have an object of their own, because some are called
 * `level` or `message`.
 */
export interface LogLine {
  readonly level: LogLevel;
  /** The kind of the observation it comes from. */
  readonly kind: string;
  /** For people; escaped already. */
  readonly message: string;
  /** The same as fields, for the JSON format. */
  readonly fields: Readonly<Record<string, Json>>;
  /** Set if every text in the fields is printable already. */
  readonly isShown?: true;
  /** The whole Event, if `logging.event` is `full`. */
  readonly event?: JsonObject | undefined;
  /** Further lines that belong to this one, such as a stack; escaped already. */
  readonly more?: readonly string[];
  /** The beginning of the text, which is coloured on a terminal. */
  readonly accent?: 'accept' | 'reject';
  /** Lines of the original gateway; the record has nothing else, and only `brigade` prints it. */
  readonly original?: () => readonly OriginalLine[];
}
