// The machine's clock, chance and environment: the only file that reads the time, sets a timer,
// draws a random number or looks at environment variables. It decides nothing; everybody else is
// handed a Clock, a Random and an environment, so that specs can hand in their own.

import type { Clock, Random } from '../core/clock.ts';

/** The environment variables of a process, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

// Node keeps a timer's length in 32 bits with a sign and fires a longer one at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of this machine. Its sleeps keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
  after,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Chance as this machine has it; good enough for jitter, not for secrets. */
export const systemRandom: Random = () => Math.random();

/** A copy of this process's environment variables, so that later changes reach nobody. */
export function systemEnvironment(): Environment {
  return { ...process.env };
}

/**
 * Removes the variable with which Node.js believes every certificate. This covers every connection of
 * the process, also that to a proxy or of a library. Answers whether the variable was set so.
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
  signal.throwIfAborted();
  let rest = ms;
  do {
    await timer(Math.min(rest, LONGEST_TIMER_MS), signal);
    signal.throwIfAborted();
    rest -= LONGEST_TIMER_MS;
  } while (rest > 0);
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(handle);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const handle = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
