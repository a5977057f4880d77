// Observations in, log lines and metrics out. It decides which decisions get an info line and
// writes the lines; their form is in the format files. Nothing here may disturb the observed code:
// `observe` never throws and never waits.

import type {
  DecisionObserved,
  DeliveryObserved,
  Observation,
  Observe,
} from '../core/observation.ts';
import { printable } from '../kit/text/printable.ts';
import { originalDecision, originalDelivery } from './brigade-format.ts';
import { FailureLog, type LineTable } from './failure-log.ts';
import { type Log, openLog } from './log.ts';
import type {
  ByKind,
  LoggingOptions,
  LogLevel,
  LogLine,
  OriginalLine,
  TelemetryParts,
} from './logging.ts';
import { Metrics, type Scrape } from './metrics.ts';
import { DecisionLine, DecisionMemory } from './observations/decision-line.ts';
import { DELIVERY_LINES, LIMIT_LINES } from './observations/delivery-line.ts';
import {
  ACCESS_LINES,
  bugLine,
  LIFECYCLE_LINES,
  STORE_LINES,
} from './observations/lifecycle-line.ts';
import { READING_LINES } from './observations/reading-line.ts';

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
  readonly #log: Log;
  readonly #memory = new DecisionMemory();
  readonly #failures: FailureLog;

  constructor(options: LoggingOptions, parts: TelemetryParts) {
    this.#options = options;
    this.#parts = parts;
    this.#metrics = new Metrics(parts.clock, parts.names ?? null);
    this.#failures = new FailureLog(parts.clock);
    const path = options.file?.path ?? '';
    this.#log = openLog(options, {
      ...parts,
      fileFailed: (failure) => this.observe({ kind: 'log-file', file: path, failure }),
    });
  }

  readonly observe: Observe = (observation) => {
    try {
      this.#report(observation);
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

  #report(observation: Observation): void {
    this.#metrics.count(observation);
    for (const line of this.#failures.calmed()) this.#write(line);
    if (observation.kind === 'decision') this.#decision(observation);
    else this.#other(observation);
  }

  #decision(observed: DecisionObserved): void {
    const { decisions, format, file, event } = this.#options;
    if (decisions === 'none') return;
    const { level, states } = this.#weigh(observed);
    // A line that is not written is not made either: decisions come by the thousand.
    if (!this.#log.enabled(level)) return;
    if (format === 'brigade') {
      this.#writeOriginal(level, () => originalDecision(observed, this.#parts));
      if (file === null) return;
    }
    const nearest = observed.decision.rule === null ? this.#nearest(observed) : null;
    this.#log.write(new DecisionLine(observed, { level, states, nearest, event }));
  }

  #weigh(observed: DecisionObserved): { readonly level: LogLevel; readonly states: number } {
    const { decisions } = this.#options;
    if (decisions === 'all') return { level: 'info', states: 0 };
    if (decisions === 'accepted' && observed.decision.action !== 'accept') {
      return { level: 'debug', states: 0 };
    }
    const { changed, states } = this.#memory.note(observed);
    if (!changed) this.#metrics.suppressed();
    return { level: changed ? 'info' : 'debug', states };
  }

  #nearest(observed: DecisionObserved): ReturnType<NonNullable<TelemetryParts['nearest']>> {
    return this.#parts.nearest?.(observed.explain()) ?? null;
  }

  #other(observation: OtherObservation): void {
    if (this.#options.format === 'brigade' && isDelivery(observation)) {
      this.#writeOriginal('info', () => originalDelivery(observation, this.#parts));
    }
    const lines = linesOf(observation.kind, observation, this.#failures);
    for (const line of lines) if (line !== null) this.#write(line);
  }

  #write(line: LogLine): void {
    if (this.#log.enabled(line.level)) this.#log.write(line);
  }

  /** Both streams read the lines of the record, so they are made once. */
  #writeOriginal(level: LogLevel, make: () => readonly OriginalLine[]): void {
    let lines: readonly OriginalLine[] | undefined;
    const original = (): readonly OriginalLine[] => (lines ??= make());
    this.#write({ level, kind: 'original', message: '', fields: {}, original });
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

/** Every observation except decisions. */
type OtherObservation = Exclude<Observation, DecisionObserved>;

const LINES: LineTable<OtherObservation> = {
  ...LIFECYCLE_LINES,
  ...STORE_LINES,
  ...ACCESS_LINES,
  ...READING_LINES,
  ...DELIVERY_LINES,
  ...LIMIT_LINES,
};

/**
 * Makes the lines of an observation other than a decision, in the order to write them. Error: data
 * lost or a human must act. Warn: unexpected, recovered. Info: life cycle and configuration. Debug:
 * each attempt. Observations without a line (Events read, queue depths) are metrics only.
 */
function linesOf<K extends OtherObservation['kind']>(
  kind: K,
  observed: ByKind<OtherObservation>[K],
  failures: FailureLog,
): readonly (LogLine | null)[] {
  return [LINES[kind](observed, failures)].flat();
}

// The table has a row for each observation of deliveries, so it cannot miss one.
function isDelivery(observation: OtherObservation): observation is DeliveryObserved {
  return Object.hasOwn(DELIVERY_LINES, observation.kind);
}
