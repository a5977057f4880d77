// Doubles of the streams that the log and the commands write to: LogStream and Terminal.

import { Writable } from 'node:stream';

/** The properties of a stream that is a terminal; without them it is a file or a pipe. */
export interface TerminalOptions {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A stream that drops its text. */
export function nopStream(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** A stream that records its text. */
export class RecordingStream extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor({ isTTY = false, columns = 80 }: TerminalOptions = {}) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A stream whose reader has closed the pipe: a write fails. */
export function failingStream(error: Error = new Error('EPIPE')): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done(error) });
}
