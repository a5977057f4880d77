// The log file: the File transport of winston, which rotates it by size. It gets one text at a time,
// because it loses lines that arrive while it rotates (winston 3.19). It waits forever for a file that
// fails, so a failure is reported once, and lines that cannot be written are dropped.
// Source: https://github.com/winstonjs/winston/blob/master/docs/transports.md#file-transport,
// https://nodejs.org/api/fs.html#fscreatewritestreampath-options (fs)

import fs from 'node:fs';
import { devNull } from 'node:os';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import winston from 'winston';
import { SluiceError } from '../core/errors.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import { MESSAGE } from './line-format.ts';
import type { LogFile } from './logging.ts';

/** How a log file is written. */
interface LogFileParts {
  /** Null: the text of the logger's own format. */
  readonly format: winston.Logform.Format | null;
  /** Called with the first of several failures, and with null once writing succeeds again. */
  readonly failed: (failure: string | null) => void;
}

type Done = (error: NodeJS.ErrnoException | null, result: number) => void;

declare module 'winston/lib/winston/transports/index.js' {
  interface FileTransportInstance {
    /** Renames a full file and the older ones. */
    _incFile(done: Renamed): void;
  }
}

type Renamed = (error?: NodeJS.ErrnoException | null) => void;

// Only this user may read the log: it has the messages of Events.
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Of a disk that does not answer: about 10 MB. */
const LINES_WAITING = 20_000;

/**
 * Opens the transport, and creates the folder of the file.
 *
 * **Errors**: `output-unusable` with path and errno.
 */
export function openLogFile(file: LogFile, parts: LogFileParts): Writable {
  const { path } = file;
  try {
    const folder = dirname(path);
    fs.mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    fs.closeSync(fs.openSync(path, 'a', FILE_MODE));
    // A rotation renames files, which needs the permission to write the folder, too.
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (cause) {
    const what = `write the log file ${path}: ${troubleOf(cause)}`;
    throw new SluiceError('output-unusable', what, { cause });
  }
  return new PacedFile(file, parts);
}

/** The File transport, which gets the next text once the last one is written and no rotation runs. */
class PacedFile extends winston.transports.File {
  readonly #file: LogFile;
  readonly #failed: LogFileParts['failed'];
  #waiting: string[] = [];
  #isReady = false;
  #isFailing = false;
  /** Of the current file, as the transport counts it. */
  #bytes = 0;
  /** Called once nothing waits. */
  #emptied: (() => void) | null = null;

  constructor(file: LogFile, { format, failed }: LogFileParts) {
    const unopened = (error: unknown): void => this.#note(troubleOf(error));
    const written = (error: unknown): void => this.#written(error);
    super({
      filename: file.path,
      maxsize: file.maxBytes,
      maxFiles: file.count,
      // The newest lines are always in the file with this name.
      tailable: true,
      eol: '\n',
      options: { flags: 'a', mode: FILE_MODE, fs: forgivingFiles({ failed: unopened, written }) },
      ...(format !== null && { format }),
    });
    this.#file = file;
    this.#failed = failed;
    this.on('open', () => {
      this.#bytes = fs.statSync(file.path, { throwIfNoEntry: false })?.size ?? 0;
      // The transport has listeners of the same event that end its rotation.
      queueMicrotask(() => this.#ready());
    });
  }

  /** Answers at once: a slow disk must not stop the other transports. */
  override log(info: winston.Logform.TransformableInfo, next: () => void): void {
    if (this.#waiting.length < LINES_WAITING) this.#waiting.push(String(info[MESSAGE]));
    else this.#note('the disk is too slow');
    next();
    if (this.#isReady) this.#handOn();
  }

  /** The transport renames until the file is not full: for ever, if that fails. */
  override _incFile(done: Renamed): void {
    super._incFile((error) => {
      // A file that was removed is not full: the next one is opened.
      if (!error || error.code === 'ENOENT') done();
      else this.emit('error', error);
    });
  }

  override _final(done: () => void): void {
    this.#emptied = () => super._final(done);
    if (this.#isReady) this.#handOn();
  }

  #handOn(): void {
    let count = 0;
    for (const line of this.#waiting) {
      if (this.#bytes >= this.#file.maxBytes) break;
      this.#bytes += Buffer.byteLength(line) + 1;
      count += 1;
    }
    if (count === 0) return this.#emptied?.();
    this.#isReady = false;
    const text = this.#waiting.splice(0, count).join('\n');
    super.log?.({ [MESSAGE]: text }, () => undefined);
  }

  #ready(): void {
    this.#isReady = true;
    this.#handOn();
  }

  #written(error: unknown): void {
    this.#note(error === null ? null : troubleOf(error));
    // A full file is followed by a rotation and the event `open`.
    if (this.#bytes < this.#file.maxBytes) this.#ready();
  }

  #note(failure: string | null): void {
    const isFailing = failure !== null;
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    this.#failed(failure);
  }
}

/**
 * File operations of a write stream that report a failure, then succeed. `failed`: the file cannot be
 * opened; `written`: a text was written, or with an error was not.
 */
function forgivingFiles(calls: Record<'failed' | 'written', (error: unknown) => void>): object {
  return {
    // A file that cannot be opened is tried again at the next rotation.
    open: (...[path, flags, mode, done]: OpenArguments) => {
      fs.open(path, flags, mode, (error, fd) => {
        if (error === null) done(null, fd);
        else {
          calls.failed(error);
          fs.open(devNull, 'w', done);
        }
      });
    },
    write: (...[fd, chunk, offset, length, at, done]: WriteArguments) =>
      fs.write(fd, chunk, offset, length, at, (error, written) => {
        done(null, error === null ? written : length);
        // The stream writes the rest of a text that was cut.
        if (error !== null || written === length) calls.written(error);
      }),
    close: fs.close,
  };
}

type OpenArguments = [path: string, flags: string, mode: number, done: Done];
type Span = [offset: number, length: number, at: null];
type WriteArguments = [fd: number, chunk: Uint8Array, ...span: Span, done: Done];

function troubleOf(error: unknown): string {
  const code = codeOfFailure(error);
  const words = fileTrouble(error);
  return code === undefined || code === words ? words : `${words} (${code})`;
}
