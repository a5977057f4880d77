// The only door to winston: levels, the stream, and the flush at the end. What is written here is
// text already; winston's own formats are not used, because its fields are not ours to escape.

import type { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock } from '../core/clock.ts';
import { LOG_LEVELS, type LogLevel, type LogStream } from './logging.ts';

/** Somewhere lines are written to. */
export interface Log {
  /** Whether a line of this level would be written; ask before making a costly one. */
  enabled(level: LogLevel): boolean;
  write(level: LogLevel, text: string): void;
  /** Resolves once everything was handed to the operating system; may be called twice. */
  close(): Promise<void>;
}

/** A log on a stream, which stays open when the log closes. */
export function openLog(stream: LogStream, level: LogLevel, clock: Pick<Clock, 'turn'>): Log {
  const broken = new AbortController();
  // A reader that went away (a closed pipe) must not end the gateway.
  const onError = (): void => broken.abort();
  stream.on('error', onError);
  const logger = winston.createLogger({
    level,
    levels: Object.fromEntries(LOG_LEVELS.map((name, weight) => [name, weight])),
    format: winston.format.printf(({ message }) => String(message)),
  });
  const transport = new winston.transports.Stream({ stream, eol: '\n' });
  logger.pipe(transport);
  const together = new LinesTogether(clock, (text) => {
    if (!broken.signal.aborted) logger.log(level, text);
  });
  const weight = LOG_LEVELS.indexOf(level);
  let closing: Promise<void> | undefined;
  return {
    enabled: (asked) => LOG_LEVELS.indexOf(asked) <= weight,
    write: (asked, text) => {
      if (closing !== undefined || LOG_LEVELS.indexOf(asked) > weight) return;
      together.add(text);
      // What may be the last that is heard of this process waits for nothing.
      if (asked === 'error' || asked === 'warn') together.flush();
    },
    close: async () => {
      together.flush();
      closing ??= finished(logger, transport).then(() => drained(stream, broken.signal));
      await closing;
      stream.off('error', onError);
    },
  };
}

/**
 * Lines that are written in one turn of the event loop, as one text: each write to a file is a
 * call of the operating system, and a batch of Events makes a hundred lines.
 */
class LinesTogether {
  readonly #clock: Pick<Clock, 'turn'>;
  readonly #write: (text: string) => void;
  #lines: string[] = [];

  constructor(clock: Pick<Clock, 'turn'>, write: (text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(line: string): void {
    if (this.#lines.push(line) === 1) void this.#clock.turn().then(() => this.flush());
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#write(text);
  }
}

// The transport, not the logger: what the logger took may still be on its way through the pipe.
async function finished(logger: winston.Logger, transport: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    transport.once('finish', resolve);
    logger.end();
  });
}

async function drained(stream: LogStream, broken: AbortSignal): Promise<void> {
  if (broken.aborted || stream.destroyed || stream.writableEnded) return;
  await new Promise<void>((resolve) => {
    broken.addEventListener('abort', () => resolve(), { once: true });
    stream.write('', () => resolve());
  });
}
