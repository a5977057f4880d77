// Requests to stop as values: the first one asks to stop, the second one does not wait. The end of the
// output is a request too: a reader that left is no trouble, a full disk is. The executable hears the
// requests, because they may come before this file is loaded.

import { SluiceError } from '../core/errors.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';

/** A request to stop: a signal, or the end of the process that handed over to this one. */
type StopRequest = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'orphaned';

/** Hands every request to the listener, also those of before. */
export type ListenToStopRequests = (listener: (request: StopRequest) => void) => void;

/** Requests to stop so far. */
export interface Signals {
  /** Aborts at the first request; its reason says which it was. */
  readonly stop: AbortSignal;
  /** Settles with an exit code at the second. */
  readonly atOnce: Promise<number>;
  /** Why the output does not take what is written; null where it does, or where its reader left. */
  readonly outputTrouble: SluiceError | null;
}

const REASONS = {
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  SIGHUP: 'SIGHUP (this version cannot reload its configuration, so it stops)',
  orphaned: 'the process that started this one is gone',
} as const satisfies Record<StopRequest, string>;

/**
 * Listens for requests to stop, and for the end of the output. An output that its reader left, as
 * behind `head`, or that has no room left, asks the process to stop.
 */
export function listenForSignals(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  listen: ListenToStopRequests,
): Signals {
  const stop = new AbortController();
  const atOnce = Promise.withResolvers<number>();
  let outputTrouble: SluiceError | null = null;
  listen((request) => {
    if (!stop.signal.aborted) stop.abort(new Error(REASONS[request]));
    // A parent that is killed while its child drains asks for nothing new.
    else if (request !== 'orphaned') atOnce.resolve(1);
  });
  stdout.on('error', (cause) => {
    if (codeOfFailure(cause) !== 'EPIPE') {
      const message = `write to standard output: ${fileTrouble(cause)}`;
      outputTrouble ??= new SluiceError('output-unusable', message, { cause });
    }
    stop.abort(outputTrouble ?? cause);
  });
  // There is no place left to tell it, and it must not end what goes on without a reader.
  stderr.on('error', () => undefined);
  return {
    stop: stop.signal,
    atOnce: atOnce.promise,
    get outputTrouble() {
      return outputTrouble;
    },
  };
}
