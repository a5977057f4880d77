// Observations in, log lines and metrics out, by the table of observations/. Nothing here may disturb
// the observed code: `observe` never throws and never waits.

import type { ByKind, Observation, Observe } from '../core/observation.ts';
import { printable } from '../kit/text/printable.ts';
import { FailureLog } from './failure-log.ts';
import { GatewayState } from './gateway-state.ts';
import { type Log, openLog } from './log.ts';
import type { LoggingOptions, LogLine, OriginalLine, TelemetryParts } from './logging.ts';
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
  return new Reporter(options, parts);
}

class Reporter implements Telemetry {
  readonly #metrics: Metrics;
  readonly #options: LoggingOptions;
  readonly #parts: TelemetryParts;
  readonly #state: GatewayState;
  readonly #log: Log;
  readonly #failures: FailureLog;
  readonly #decisions: DecisionLog;

  constructor(options: LoggingOptions, parts: TelemetryParts) {
    const { clock, names = null, nearest } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#state = parts.state ?? new GatewayState(names, clock);
    this.#metrics = new Metrics(clock, this.#state, names);
    this.#failures = new FailureLog(clock);
    const suppressed = (): void => this.#metrics.suppressed();
    this.#decisions = new DecisionLog({ options, nearest, suppressed });
    const path = options.file?.path ?? '';
    this.#log = openLog(options, {
      ...parts,
      fileFailed: (failure) => this.observe({ kind: 'log-file', file: path, failure }),
    });
  }

  readonly observe: Observe = (observation) => {
    try {
      this.#report(observation.kind, observation);
    } catch (error) {
      this.#failed(observation.kind, error);
    }
  };

  metrics(): Promise<Scrape> {
    return this.#metrics.scrape();
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  /** The kind is a parameter of its own, so that row and observation agree. */
  #report<K extends Observation['kind']>(kind: K, observed: ByKind<Observation>[K]): void {
    const { format, file } = this.#options;
    const { line, count, state, original } = OBSERVATIONS[kind];
    state?.(observed, this.#state);
    count?.(observed, this.#metrics);
    for (const calmed of this.#failures.calmed()) this.#log.write(calmed);
    const made = line?.(observed, this.#failures, this.#decisions) ?? null;
    if (original !== undefined && format === 'brigade') {
      // A decision has its own level, or no line at all; that of a delivery may be a debug line.
      const level = kind !== 'decision' ? 'info' : made !== null && 'level' in made && made.level;
      if (level) this.#writeOriginal(level, () => original(observed, this.#parts));
    }
    // Only the file has our own line of a decision beside those of the original.
    const isOriginal = kind === 'decision' && format === 'brigade' && file === null;
    if (made === null || isOriginal) return;
    if ('level' in made) this.#log.write(made);
    else for (const one of made) if (one !== null) this.#log.write(one);
  }

  /** Both streams read the lines of the record, so they are made once. */
  #writeOriginal(level: LogLine['level'], make: () => readonly OriginalLine[]): void {
    let lines: readonly OriginalLine[] | undefined;
    const original = (): readonly OriginalLine[] => (lines ??= make());
    this.#log.write({ level, kind: 'original', message: '', fields: {}, original });
  }

  // Reporting failed, so this report is written directly, without anything else that could fail.
  #failed(kind: string, error: unknown): void {
    try {
      const { message } = bugLine(`the log of ${kind}`, error);
      this.#parts.stderr.write(`${printable(message)}\n`);
    } catch {
      // Nothing is left to report to; the gateway must keep running.
    }
  }
}
