// Liveness: a restart helps if reading or dispatch makes no progress although it should. That is
// derived from observations, the gateway's state and due times in the store, so no loop must report its
// own health.
// Waiting for the API server, a receiver or the store is no reason: a restart would wait for the
// same. Times are monotonic, so no jump of the wall clock ends the process.

import type { Clock } from '../core/clock.ts';
import type { Observation } from '../core/observation.ts';
import type { Outbox } from '../core/ports/store.ts';
import { repeat } from '../kit/async/repeat.ts';
import type { PlannedTrigger } from '../plan/plan.ts';
import type { GatewayState } from '../telemetry/gateway-state.ts';

/** The part of a trigger that liveness depends on. */
type LiveTrigger = Pick<PlannedTrigger, 'name' | 'timeoutMs'>;

/** A batch is committed within seconds even on a slow disk. */
const COMMIT_LIMIT_MS = 5 * 60_000;
/** A quiet path is listed every 4 minutes; a path that cannot be read is tried more often. */
const READING_LIMIT_MS = 15 * 60_000;
/** A lane looks at least once a minute; one attempt may make all other deliveries wait. */
const DISPATCH_LIMIT_MS = 5 * 60_000;
const LOOK_EVERY_MS = 20_000;

/** Observations that prove that a source reads, or tries to. */
const READING: ReadonlySet<Observation['kind']> = new Set([
  'reading',
  'watch-opened',
  'watch-ended',
  'list-ended',
  'list-failed',
  'events-read',
]);

/** Detects that reading or dispatch makes no progress. */
export class Liveness {
  readonly #clock: Clock;
  readonly #progress: StallDetector;
  readonly #triggers: readonly LiveTrigger[];
  readonly #dispatchLimitMs: number;
  readonly #state: GatewayState;

  constructor(clock: Clock, state: GatewayState, triggers: readonly LiveTrigger[]) {
    this.#clock = clock;
    this.#state = state;
    this.#progress = new StallDetector(clock);
    this.#triggers = triggers;
    const longestMs = Math.max(0, ...triggers.map(({ timeoutMs }) => timeoutMs));
    this.#dispatchLimitMs = DISPATCH_LIMIT_MS + 2 * longestMs;
  }

  /** Steps that make no progress although they should, for people. */
  stuck(): readonly string[] {
    return this.#progress.stuck();
  }

  /** Updates the expectations by an observation, after the state has it. */
  observe(observation: Observation): void {
    const { kind } = observation;
    if (READING.has(kind) && 'source' in observation) this.#read(observation.source);
    if (kind === 'attempt-started' || kind === 'attempt-ended') {
      this.#progress.done(keyOf('dispatch', observation.delivery.trigger));
    }
    if (kind === 'breaker' || kind === 'pause') {
      this.#progress.done(keyOf('dispatch', observation.trigger));
    }
    const { storeTrouble, full } = this.#state;
    this.#progress.pause(storeTrouble !== null || full === 'block');
  }

  /** Call when a source is asked for its next batch. */
  pulls(source: string): void {
    this.#progress.done(keyOf('commit', source));
    this.#read(source);
    this.#progress.expect(keyOf('reading', source), readingOf(source));
  }

  /** Call when a batch of a source is judged and committed; its source is not read meanwhile. */
  commits(source: string): void {
    this.#progress.done(keyOf('reading', source));
    const what = `source ${source}: a batch has not been committed`;
    this.#progress.expect(keyOf('commit', source), { what, limitMs: COMMIT_LIMIT_MS });
  }

  /** Reads at intervals which deliveries are due, until the signal aborts. */
  run(outbox: Pick<Outbox, 'next'>, now: () => number, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<void> => {
      this.stuck();
      for (const { name } of this.#triggers) {
        const next = await outbox.next(name);
        this.#due(name, next !== null && next <= now());
      }
    };
    return repeat(look, { clock: this.#clock, everyMs: LOOK_EVERY_MS }, signal);
  }

  #read(source: string): void {
    const key = keyOf('reading', source);
    if (this.#progress.isExpected(key)) this.#progress.moved(key, readingOf(source));
  }

  /** Attempts must begin or end while some are due or running, unless the lane is paused. */
  #due(trigger: string, isDue: boolean): void {
    const key = keyOf('dispatch', trigger);
    const { running, pause } = this.#state.trigger(trigger);
    if ((!isDue && running === 0) || pause !== null) this.#progress.done(key);
    else {
      const what = `trigger ${trigger}: no attempt has begun or ended`;
      this.#progress.expect(key, { what, limitMs: this.#dispatchLimitMs });
    }
  }
}

function readingOf(source: string): ExpectedStep {
  return { what: `source ${source}: nothing was read or tried`, limitMs: READING_LIMIT_MS };
}

/** The key of a step of a source or trigger. */
function keyOf(step: 'reading' | 'commit' | 'dispatch', name: string): string {
  return `${step} ${name}`;
}

/** A step that is expected to make progress. */
interface ExpectedStep {
  /** The complaint if it makes none, for people. */
  readonly what: string;
  /** The longest time without progress. */
  readonly limitMs: number;
}

/** If `stuck` was not called for this long, the process was suspended. */
const SUSPENDED_MS = 90_000;

/** Remembers when each expected step last made progress; suspended time does not count. */
class StallDetector {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #watched = new Map<string, ExpectedStep & { since: number }>();
  #lookedAt: number;
  #isPaused = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#lookedAt = clock.monotonic();
  }

  /** Expects a step from now on, or since before if it is expected already. */
  expect(key: string, expectation: ExpectedStep): void {
    if (!this.#watched.has(key)) this.moved(key, expectation);
  }

  /** The step made progress, and is expected to make more. */
  moved(key: string, expectation: ExpectedStep): void {
    this.#watched.set(key, { ...expectation, since: this.#clock.monotonic() });
  }

  /** Whether the step is expected. */
  isExpected(key: string): boolean {
    return this.#watched.has(key);
  }

  /** The step is no longer expected. */
  done(key: string): void {
    this.#watched.delete(key);
  }

  /** Suspends all expectations, or resumes them: then all times begin again. */
  pause(isPaused: boolean): void {
    if (this.#isPaused && !isPaused) this.#forgive(Number.POSITIVE_INFINITY);
    this.#isPaused = isPaused;
  }

  /** Steps without progress for longer than they may; call it at least once a minute. */
  stuck(): readonly string[] {
    const now = this.#clock.monotonic();
    const unwatchedMs = now - this.#lookedAt;
    this.#lookedAt = now;
    if (unwatchedMs > SUSPENDED_MS) this.#forgive(unwatchedMs);
    if (this.#isPaused) return [];
    const over = [...this.#watched.values()].filter(({ since, limitMs }) => now - since > limitMs);
    return over.map(({ what, limitMs }) => `${what} for ${Math.round(limitMs / 60_000)} min`);
  }

  #forgive(ms: number): void {
    const now = this.#clock.monotonic();
    for (const watched of this.#watched.values()) watched.since = Math.min(now, watched.since + ms);
  }
}
