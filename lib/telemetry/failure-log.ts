// Identical failures in the log: a line when a failure starts, when its cause changes and when it
// ends; repetitions in between are debug lines. It sets no timer: each observation looks for
// failures that have ended for good.

import type { Clock } from '../core/clock.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import { counted } from './log-value.ts';
import type { LogLine } from './logging.ts';

// A failure that returns within this time of its end counts as the same failure. A watch that opens
// and is cut once a second is one failure, not sixty.
const CALM_MS = 60_000;

interface Ongoing {
  readonly cause: string;
  readonly line: LogLine;
  readonly since: number;
  repeats: number;
  /** Time of the last success; null while it fails. */
  calmSince: number | null;
  /** Whether its end was logged, or has to wait until it stays calm. */
  isEndLogged: boolean;
}

/** Remembers current failures and lowers the level of repetitions. */
export class FailureLog {
  readonly #clock: Clock;
  readonly #ongoing = new Map<string, Ongoing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The line to write: unchanged for a new failure, at debug for a repetition. `key` identifies the failing
   * operation, for instance a watch on one path; the same `cause` again is the same failure.
   */
  failed(key: string, cause: string, line: LogLine): LogLine {
    const before = this.#ongoing.get(key);
    if (before?.cause === cause) {
      before.repeats += 1;
      before.calmSince = null;
      return { ...line, level: 'debug' };
    }
    const since = this.#clock.monotonic();
    this.#ongoing.set(key, { cause, line, since, repeats: 0, calmSince: null, isEndLogged: false });
    if (before === undefined) return line;
    const message = `${line.message} (before: ${before.cause}, ${this.#history(before)})`;
    return { ...line, message };
  }

  /** The line for the end of a failure; null if there is none to log now. */
  ended(key: string): LogLine | null {
    const failure = this.#ongoing.get(key);
    if (failure === undefined || failure.calmSince !== null) return null;
    failure.calmSince = this.#clock.monotonic();
    // It returned after its end was logged: flapping, so the next end waits until it stays calm.
    if (failure.isEndLogged) return null;
    failure.isEndLogged = true;
    const line = this.#endLine(failure);
    failure.repeats = 0;
    return line;
  }

  /**
   * Like `failed`, but for a failure that nothing ends, such as a skipped frame: it ends if it does
   * not return.
   */
  passed(key: string, cause: string, line: LogLine): LogLine {
    const written = this.failed(key, cause, line);
    const ongoing = this.#ongoing.get(key);
    if (ongoing !== undefined) {
      ongoing.calmSince = this.#clock.monotonic();
      ongoing.isEndLogged = true;
    }
    return written;
  }

  /** The lines for the end of failures that have been calm long enough. */
  calmed(): readonly LogLine[] {
    if (this.#ongoing.size === 0) return [];
    const lines: LogLine[] = [];
    const now = this.#clock.monotonic();
    for (const [key, failure] of this.#ongoing) {
      if (failure.calmSince === null || now - failure.calmSince < CALM_MS) continue;
      this.#ongoing.delete(key);
      if (failure.repeats > 0) lines.push(this.#endLine(failure));
    }
    return lines;
  }

  #endLine(failure: Ongoing): LogLine {
    const { kind, fields } = failure.line;
    const text = `resolved: ${failure.line.message} (${this.#history(failure)})`;
    return {
      level: 'info',
      kind,
      message: text,
      fields: { ...fields, over: true, again: failure.repeats },
    };
  }

  #history({ repeats, since, calmSince }: Ongoing): string {
    const lasted = renderDuration((calmSince ?? this.#clock.monotonic()) - since);
    return repeats === 0 ? `for ${lasted}` : `repeated ${counted(repeats, 'time')} in ${lasted}`;
  }
}
