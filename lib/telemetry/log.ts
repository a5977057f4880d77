// The log as a winston logger: records enter with their fields, a format renders them, and transports
// write. The renderers are pure functions in line-format.ts and brigade-format.ts.
// Source: https://github.com/winstonjs/winston#formats, https://github.com/winstonjs/logform#info-objects

import winston from 'winston';
import type { Clock } from '../core/clock.ts';
import { linesTo } from './brigade-format.ts';
import { jsonFormat, MESSAGE, type Rendering, textFormat } from './line-format.ts';
import { openLogFile } from './log-file.ts';
import {
  LOG_LEVELS,
  type LoggingOptions,
  type LogLevel,
  type LogLine,
  type LogStream,
} from './logging.ts';

/** A destination of records. */
interface Log {
  /** Writes a line, unless its level is below that of the log. */
  write(line: LogLine): void;
  /** Resolves once everything was handed to the operating system; may be called twice. */
  close(): Promise<void>;
}

/** Dependencies of the log. */
interface LogParts {
  readonly clock: Pick<Clock, 'now' | 'turn'>;
  readonly stdout: LogStream;
  readonly stderr: LogStream;
  /** Called when the log file cannot be written, and with null once it can. */
  readonly fileFailed: (failure: string | null) => void;
}

type Format = winston.Logform.Format;
type Info = winston.Logform.TransformableInfo;

/**
 * Opens the log. The streams stay open when it closes.
 *
 * **Errors**: `output-unusable` if the log file cannot be opened.
 */
export function openLog(options: LoggingOptions, parts: LogParts): Log {
  const { clock, stdout, fileFailed } = parts;
  const { level, file } = options;
  const weight = LOG_LEVELS.indexOf(level);
  const isTerminal = stdout.isTTY === true;
  const form = options.format !== 'auto' ? options.format : isTerminal ? 'text' : 'json';
  const shown = form === 'json' ? jsonFormat() : textFormat(isTerminal ? 'colours' : 'plain');
  const format = form === 'brigade' ? null : formatOf(shown);
  const logger = winston.createLogger({
    level,
    levels: Object.fromEntries(LOG_LEVELS.map((name, place) => [name, place])),
    // A transport without a format of its own writes the text of the logger's: it is made once.
    format: format ?? winston.format((info) => info)(),
  });
  const streams = format === null ? originalStreams(parts) : [new TurnStream(stdout, clock)];
  for (const transport of streams) logger.pipe(transport);
  if (file !== null) {
    // Without the lines of the original gateway.
    const json = jsonFormat();
    const fileLine: Rendering = (line, time) =>
      line.original === undefined ? json(line, time) : null;
    const own = form === 'json' ? null : formatOf(fileLine);
    const transport = openLogFile(file, { format: own, failed: fileFailed });
    logger.pipe(transport);
    transport.on('error', (error) => {
      logger.unpipe(transport);
      fileFailed(`${error.message} (until a restart)`);
    });
  }
  let closing: Promise<void> | undefined;
  return {
    write: (line) => {
      if (closing !== undefined || LOG_LEVELS.indexOf(line.level) > weight) return;
      logger.log(new LogRecord(line, clock.now()));
    },
    // A logger finishes after every transport has handed its lines on.
    close: () => (closing ??= new Promise((resolve) => logger.once('finish', resolve).end())),
  };
}

/** The original gateway wrote to two streams; each format drops the lines of the other one. */
function originalStreams({ clock, stdout, stderr }: LogParts): TurnStream[] {
  const plain = textFormat('plain');
  return [
    new TurnStream(stdout, clock, formatOf(linesTo('stdout', plain))),
    new TurnStream(stderr, clock, formatOf(linesTo('stderr', plain))),
  ];
}

/** A line as an `info` of winston. The format of a transport gets a copy of the properties alone. */
class LogRecord {
  readonly level: LogLevel;
  readonly line: LogLine;
  readonly time: number;

  constructor(line: LogLine, time: number) {
    this.level = line.level;
    this.line = line;
    this.time = time;
  }

  get message(): string {
    return this.line.message;
  }
}

/** A winston format that renders records; a record without a text is dropped. */
function formatOf(render: Rendering): Format {
  const format = winston.format((info) => {
    const text = isRecord(info) ? render(info.line, info.time) : null;
    if (text === null) return false;
    info[MESSAGE] = text;
    return info;
  });
  return format();
}

function isRecord(info: Info): info is Info & LogRecord {
  return 'line' in info && 'time' in info;
}

/**
 * The Stream transport of winston, with the lines of one turn of the event loop in one write. Each
 * write to a file is a system call, and a batch of Events makes a hundred lines.
 */
class TurnStream extends winston.transports.Stream {
  readonly #stream: LogStream;
  readonly #clock: Pick<Clock, 'turn'>;
  #lines: string[] = [];
  #isBroken = false;

  constructor(stream: LogStream, clock: Pick<Clock, 'turn'>, format?: Format) {
    super({ stream, ...(format !== undefined && { format }) });
    this.#stream = stream;
    this.#clock = clock;
    stream.on('error', this.#broke);
  }

  /** A closed pipe must not end the gateway. */
  readonly #broke = (): void => {
    this.#isBroken = true;
  };

  override log(info: Info, next: () => void): void {
    if (this.#lines.push(String(info[MESSAGE])) === 1) {
      void this.#clock.turn().then(() => this.#flush());
    }
    // Flushed at once, because it may be the last line before the process dies.
    if (info.level === 'error' || info.level === 'warn') this.#flush();
    next();
  }

  override _final(done: () => void): void {
    this.#flush();
    void this.#drained().then(done);
  }

  async #drained(): Promise<void> {
    const stream = this.#stream;
    if (!this.#isBroken && !stream.destroyed && !stream.writableEnded) {
      await new Promise<void>((resolve) => stream.write('', () => resolve()));
      // A stream emits its error after it has answered all writes.
      await this.#clock.turn();
    }
    stream.off('error', this.#broke);
  }

  #flush(): void {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    if (!this.#isBroken) this.#stream.write(`${lines.join('\n')}\n`);
  }
}
