// The only file that imports winston: levels, the stream, and the flush at the end. Lines arrive as
// text (line-format.ts). winston's own formats are not used, because they would not escape our
// fields.

import type { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock } from '../core/clock.ts';
import { LOG_LEVELS, type LogLevel, type LogStream } from './logging.ts';

/** A destination of lines. */
export interface Log {
  /** Whether a line of this level would be written; check it before rendering an expensive one. */
  enabled(level: LogLevel): boolean;
  write(level: LogLevel, text: string): void;
  /** Resolves once everything was handed to the operating system; may be called twice. */
  close(): Promise<void>;
}

/** Opens a log on a stream. The stream stays open when the log closes. */
export function openLog(stream: LogStream, level: LogLevel, clock: Pick<Clock, 'turn'>): Log {
  const broken = new AbortController();
  // A closed pipe must not end the gateway.
  const onError = (): void => broken.abort();
  stream.on('error', onError);
  const logger = winston.createLogger({
    level,
    levels: Object.fromEntries(LOG_LEVELS.map((name, weight) => [name, weight])),
    format: winston.format.printf(({ message }) => String(message)),
  });
  const transport = new winston.transports.Stream({ stream, eol: '\n' });
  logger.pipe(transport);
  const lines = new LineBatch(clock, (text) => {
    if (!broken.signal.aborted) logger.log(level, text);
  });
  const weight = LOG_LEVELS.indexOf(level);
  let closing: Promise<void> | undefined;
  return {
    enabled: (asked) => LOG_LEVELS.indexOf(asked) <= weight,
    write: (asked, text) => {
      if (closing !== undefined || LOG_LEVELS.indexOf(asked) > weight) return;
      lines.add(text);
      // Flushed at once, because it may be the last line before the process dies.
      if (asked === 'error' || asked === 'warn') lines.flush();
    },
    close: async () => {
      lines.flush();
      closing ??= finished(logger, transport).then(() => drained(stream, broken.signal));
      await closing;
      stream.off('error', onError);
    },
  };
}

/**
 * Joins the lines of one turn of the event loop into one text. Each write to a file is a system
 * call, and a batch of Events makes a hundred lines.
 */
class LineBatch {
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

// Waits for the transport, because lines that the logger accepted may still be in the pipe to it.
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
