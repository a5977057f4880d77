// An abort as a promise, for racing it with work, and an abort that comes some time after another.

import type { Clock } from '../core/clock.ts';

/** Resolves when the signal aborts, at once where it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A signal that aborts `ms` after another one did, unless it is disposed of before. */
export function abortedAfter(
  signal: AbortSignal,
  ms: number,
  clock: Pick<Clock, 'after'>,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let cancel: () => void = () => undefined;
  const begin = (): void => {
    cancel = clock.after(ms, () => controller.abort(signal.reason));
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', begin);
      cancel();
    },
  };
}
