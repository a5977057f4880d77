// The system's clock, random numbers and environment. No other file reads the time, sets a timer,
// draws a random number or reads environment variables. Other code receives a Clock, a Random and
// an environment, so that specs can pass their own.

import timers from 'node:timers/promises';
import type { Clock, Random } from '../core/clock.ts';

/** The environment variables of a process, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

// Node stores the length of a timer in 32 bits with a sign and fires a longer one at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The system's clock. Its sleeps keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
  after,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** The system's random numbers, good enough for jitter, not for secrets. */
export const systemRandom: Random = () => Math.random();

/** Copies this process's environment variables, so that later changes have no effect. */
export function systemEnvironment(): Environment {
  return { ...process.env };
}

/**
 * Removes the variable that makes Node.js accept every certificate. This covers every connection of
 * the process, including those to a proxy or of a library. Returns whether the variable was set to
 * that.
 */
export function insistOnCertificates(): boolean {
  const name = 'NODE_TLS_REJECT_UNAUTHORIZED';
  const wasOff = process.env[name] === '0';
  Reflect.deleteProperty(process.env, name);
  return wasOff;
}

function after(ms: number, run: () => void): () => void {
  let handle: NodeJS.Timeout;
  const wait = (rest: number): void => {
    const step = Math.min(rest, LONGEST_TIMER_MS);
    handle = setTimeout(() => (rest > step ? wait(rest - step) : run()), step);
  };
  wait(Math.max(0, ms));
  return () => clearTimeout(handle);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let rest = ms;
  do {
    const step = Math.min(rest, LONGEST_TIMER_MS);
    // It rejects with an AbortError of its own.
    await timers.setTimeout(step, undefined, { signal }).catch(() => signal.throwIfAborted());
    rest -= step;
  } while (rest > 0);
}
