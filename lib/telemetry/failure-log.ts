// Identical failures in the log: a line when they start, when they change and when they end; those
// in between are debug lines. It sets no timer: what has become calm is looked for whenever
// something is observed.

import type { Clock } from '../core/clock.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import { counted } from './log-value.ts';
import type { LogLine } from './logging.ts';

// A failure that comes back within this time of its end never ended: a watch that opens and is cut
// once a second is one failure, not sixty.
const CALM_MS = 60_000;

/** A failure as it is told from others. */
interface LoggedFailure {
  /** What fails, for instance a watch on one path. */
  readonly key: string;
  /** How it fails; the same cause again is the same failure. */
  readonly cause: string;
  /** The line that says it. */
  readonly line: LogLine;
}

interface Ongoing {
  readonly cause: string;
  readonly line: LogLine;
  readonly since: number;
  again: number;
  /** Since when nothing failed; null while it fails. */
  calmSince: number | null;
  /** Its end was told, or is not worth telling unless it stays calm. */
  endTold: boolean;
}

/** Remembers what fails now, and says what of it is news. */
export class FailureLog {
  readonly #clock: Clock;
  readonly #ongoing = new Map<string, Ongoing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The line to write: as it is where it is news, at debug where the same failed before. */
  failed(failure: LoggedFailure): LogLine {
    const before = this.#ongoing.get(failure.key);
    if (before?.cause === failure.cause) {
      before.again += 1;
      before.calmSince = null;
      return { ...failure.line, level: 'debug' };
    }
    this.#ongoing.set(failure.key, {
      cause: failure.cause,
      line: failure.line,
      since: this.#clock.monotonic(),
      again: 0,
      calmSince: null,
      endTold: false,
    });
    if (before === undefined) return failure.line;
    return {
      ...failure.line,
      text: `${failure.line.text} (before: ${before.cause}, ${this.#told(before)})`,
    };
  }

  /** The line for the end of a failure; null where there is none to tell now. */
  ended(key: string): LogLine | null {
    const failure = this.#ongoing.get(key);
    if (failure === undefined || failure.calmSince !== null) return null;
    failure.calmSince = this.#clock.monotonic();
    // It came back after its end was told: flapping, so the next end waits until it is calm.
    if (failure.endTold) return null;
    failure.endTold = true;
    const line = this.#endLine(failure);
    failure.again = 0;
    return line;
  }

  /**
   * Like `failed` for what has no end of its own, such as a frame that is skipped: it ends by
   * staying away.
   */
  passed(failure: LoggedFailure): LogLine {
    const line = this.failed(failure);
    const ongoing = this.#ongoing.get(failure.key);
    if (ongoing !== undefined) {
      ongoing.calmSince = this.#clock.monotonic();
      ongoing.endTold = true;
    }
    return line;
  }

  /** The ends of those failures that have been calm long enough. */
  calmed(): readonly LogLine[] {
    if (this.#ongoing.size === 0) return [];
    const lines: LogLine[] = [];
    const now = this.#clock.monotonic();
    for (const [key, failure] of this.#ongoing) {
      if (failure.calmSince === null || now - failure.calmSince < CALM_MS) continue;
      this.#ongoing.delete(key);
      if (failure.again > 0) lines.push(this.#endLine(failure));
    }
    return lines;
  }

  #endLine(failure: Ongoing): LogLine {
    const { kind, fields } = failure.line;
    const text = `over: ${failure.line.text} (${this.#told(failure)})`;
    return { level: 'info', kind, text, fields: { ...fields, over: true, again: failure.again } };
  }

  #told({ again, since, calmSince }: Ongoing): string {
    const lasted = renderDuration((calmSince ?? this.#clock.monotonic()) - since);
    return again === 0 ? `for ${lasted}` : `again ${counted(again, 'time')} in ${lasted}`;
  }
}
