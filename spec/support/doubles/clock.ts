// Doubles of the port Clock beside FakeClock, which a spec moves. The port has no failure but an
// abort, so the failing one fails on being asked to wait.

import type { Clock } from '../../../lib/core/clock.ts';
import { aborted } from '../../../lib/kit/async/abort.ts';
import { NOW } from '../builders.ts';
import { FakeClock } from '../fake-clock.ts';

/** A clock that stands still: a sleep ends only by an abort, and no timer fires. */
export function nopClock(now = NOW): Clock {
  return {
    now: () => now,
    monotonic: () => 0,
    sleep: async (_ms, signal) => {
      await aborted(signal);
      signal.throwIfAborted();
    },
    after: () => () => undefined,
    turn: () => Promise.resolve(),
  };
}

/** A wait that a clock was asked for. */
export interface RecordedWait {
  readonly call: 'sleep' | 'after';
  readonly ms: number;
}

/** A clock with the waits that it was asked for, in order. */
export interface RecordingClock {
  readonly clock: Clock;
  readonly waits: readonly RecordedWait[];
}

/** Records the waits of another clock. */
export function recordingClock(inner: Clock = new FakeClock()): RecordingClock {
  const waits: RecordedWait[] = [];
  const clock: Clock = {
    now: () => inner.now(),
    monotonic: () => inner.monotonic(),
    sleep: (ms, signal) => {
      waits.push({ call: 'sleep', ms });
      return inner.sleep(ms, signal);
    },
    after: (ms, run) => {
      waits.push({ call: 'after', ms });
      return inner.after(ms, run);
    },
    turn: () => inner.turn(),
  };
  return { clock, waits };
}

/** A clock that can be read but fails at any wait: for code that must not wait. */
export function failingClock(now = NOW): Clock {
  const fail = (call: string): never => {
    throw new Error(`${call} of the clock was called, expected no wait`);
  };
  return {
    now: () => now,
    monotonic: () => 0,
    sleep: async () => fail('sleep'),
    after: () => fail('after'),
    turn: async () => fail('turn'),
  };
}
