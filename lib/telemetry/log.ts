// The only door to winston: levels, the stream, and the flush at the end. What is written here is
// text already; winston's own formats are not used, because its fields are not ours to escape.
import type { Writable } from 'node:stream';
import winston from 'winston';
import type { LogLevel, LogStream } from './logging.ts';
import { LOG_LEVELS } from './logging.ts';

/** Somewhere lines are written to. */
export interface Log {
  /** Whether a line of this level would be written; ask before making a costly one. */
  enabled(level: LogLevel): boolean;
  write(level: LogLevel, text: string): void;
  /** Resolves once everything was handed to the operating system; may be called twice. */
  close(): Promise<void>;
}

/** A log on a stream, which stays open when the log closes. */
export function openLog(stream: LogStream, level: LogLevel): Log {
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
  let closing: Promise<void> | undefined;
  return {
    enabled: (asked) => LOG_LEVELS.indexOf(asked) <= LOG_LEVELS.indexOf(level),
    write: (weight, text) => {
      if (!broken.signal.aborted && closing === undefined) logger.log(weight, text);
    },
    close: async () => {
      closing ??= finished(logger, transport).then(() => drained(stream, broken.signal));
      await closing;
      stream.off('error', onError);
    },
  };
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
