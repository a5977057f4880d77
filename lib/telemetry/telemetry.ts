// Observations in, log lines and metrics out, by the table of observations/. Nothing here may disturb
// the observed code: `observe` never throws and never waits.

import type { ByKind, Observation, Observe } from '../core/observation.ts';
import { printable } from '../kit/text/printable.ts';
import { FailureLog } from './failure-log.ts';
import { GatewayState } from './gateway-state.ts';
import { openLog } from './log.ts';
import type {
  LoggingOptions,
  LogLine,
  LogStream,
  OriginalLine,
  TelemetryParts,
} from './logging.ts';
import { Metrics, type Scrape } from './metrics.ts';
import { DecisionLog } from './observations/decision-line.ts';
import { bugLine } from './observations/lifecycle-observations.ts';
import { OBSERVATIONS } from './observations/table.ts';

/** Receiver of all observations, with the metrics it derives from them. */
export interface Telemetry {
  /** Never throws and never waits. */
  readonly observe: Observe;
  metrics(): Promise<Scrape>;
  /** Resolves once the log is written; later observations are counted but not logged. */
  close(): Promise<void>;
}

/** Creates telemetry on the given streams, which stay open when it closes. */
export function createTelemetry(options: LoggingOptions, parts: TelemetryParts): Telemetry {
  const { clock, names = null, nearest, stderr } = parts;
  const { format, file } = options;
  const state = parts.state ?? new GatewayState(names, clock);
  const metrics = new Metrics(clock, state, names);
  const failures = new FailureLog(clock);
  const suppressed = (): void => metrics.add('sluice_decisions_suppressed_total', {});
  const decisions = new DecisionLog({ options, nearest, suppressed });
  /** The kind is a parameter of its own, so that row and observation agree. */
  const report = <K extends Observation['kind']>(kind: K, observed: Kinds[K]): void => {
    const { line, count, state: change, original } = OBSERVATIONS[kind];
    change?.(observed, state);
    count?.(observed, metrics);
    for (const calmed of failures.calmed()) log.write(calmed);
    const made = line?.(observed, failures, decisions) ?? null;
    if (original !== undefined && format === 'brigade') {
      // A decision has its own level, or no line at all; that of a delivery may be a debug line.
      const level = kind !== 'decision' ? 'info' : made !== null && 'level' in made && made.level;
      if (level) log.write(originalLine(level, () => original(observed, parts)));
    }
    // Only the file has our own line of a decision beside those of the original.
    const isOriginal = kind === 'decision' && format === 'brigade' && file === null;
    if (made === null || isOriginal) return;
    if ('level' in made) log.write(made);
    else for (const one of made) if (one !== null) log.write(one);
  };
  const observe: Observe = (observation) => {
    try {
      report(observation.kind, observation);
    } catch (error) {
      reportFailed(stderr, observation.kind, error);
    }
  };
  const log = openLog(options, {
    ...parts,
    fileFailed: (failure) => observe({ kind: 'log-file', file: file?.path ?? '', failure }),
  });
  return { observe, metrics: () => metrics.scrape(), close: () => log.close() };
}

type Kinds = ByKind<Observation>;

/** Both streams read the lines of the record, so they are made once. */
function originalLine(level: LogLine['level'], make: () => readonly OriginalLine[]): LogLine {
  let lines: readonly OriginalLine[] | undefined;
  const original = (): readonly OriginalLine[] => (lines ??= make());
  return { level, kind: 'original', message: '', fields: {}, original };
}

// Reporting failed, so this report is written directly, without anything else that could fail.
function reportFailed(stderr: LogStream, kind: string, error: unknown): void {
  try {
    const { message } = bugLine(`the log of ${kind}`, error);
    stderr.write(`${printable(message)}\n`);
  } catch {
    // Nothing is left to report to; the gateway must keep running.
  }
}
