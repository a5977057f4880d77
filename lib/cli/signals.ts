// The process's signals as values: the first one asks to stop, the second one does not wait. So is
// the end of its output: a reader who left is no trouble, a disk that is full is.
import { SluiceError } from '../core/errors.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';

/** What the process was asked by signals. */
export interface Signals extends Disposable {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Settles with an exit code at the second. */
  readonly atOnce: Promise<number>;
  /** Why the output does not take what is written; null where it does, or where its reader left. */
  readonly outputTrouble: SluiceError | null;
}

/**
 * Listens for SIGTERM and SIGINT until disposed, and for the end of the output: with nobody left to
 * read, as behind `head`, or no room left to write, it is asked to stop.
 */
export function listenForSignals(output: NodeJS.WritableStream): Signals {
  const stop = new AbortController();
  const atOnce = Promise.withResolvers<number>();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) atOnce.resolve(1);
    else stop.abort(new Error(name));
  };
  let outputTrouble: SluiceError | null = null;
  const onBroken = (cause: Error): void => {
    if (codeOfFailure(cause) !== 'EPIPE') {
      const message = `write to standard output: ${fileTrouble(cause)}`;
      outputTrouble ??= new SluiceError('output-unusable', message, { cause });
    }
    stop.abort(outputTrouble ?? cause);
  };
  output.on('error', onBroken);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    stop: stop.signal,
    atOnce: atOnce.promise,
    get outputTrouble() {
      return outputTrouble;
    },
    [Symbol.dispose]: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
