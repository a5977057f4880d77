// The process's signals as values: the first one asks to stop, the second one does not wait.

/** What the process was asked by signals. */
export interface Signals extends Disposable {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Settles with an exit code at the second. */
  readonly atOnce: Promise<number>;
}

/**
 * Listens for SIGTERM and SIGINT until disposed, and for the end of whoever reads the output: with
 * nobody left to read, as behind `head`, it is asked to stop.
 */
export function listenForSignals(output: NodeJS.WritableStream): Signals {
  const stop = new AbortController();
  const atOnce = Promise.withResolvers<number>();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) atOnce.resolve(1);
    else stop.abort(new Error(name));
  };
  const onBroken = (error: Error): void => stop.abort(error);
  output.on('error', onBroken);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    stop: stop.signal,
    atOnce: atOnce.promise,
    [Symbol.dispose]: () => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
