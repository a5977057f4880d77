// Whether a restart would help: reading or dispatch does not move although it should. It is made up
// from what the gateway observes and from what the store says is due, so that no loop has to be
// believed when it says that it is well. Waiting for the API server, for a receiver or for the store
// is not a reason: a restart would wait for the same.

import type { Clock } from '../core/clock.ts';
import type { Observation } from '../core/observation.ts';
import type { Outbox } from '../core/store.ts';

/** A trigger as liveness needs to know it. */
interface LiveTrigger {
  readonly name: string;
  /** For one attempt. */
  readonly timeoutMs: number;
}

/** A batch is committed within seconds, also on a slow disk. */
const COMMIT_LIMIT_MS = 5 * 60_000;
/** A quiet path is listed every 4 minutes, and one that can not be read is tried more often. */
const READING_LIMIT_MS = 15 * 60_000;
/** A lane looks at least once a minute; one delivery may be attempted with all others waiting. */
const DISPATCH_LIMIT_MS = 5 * 60_000;
const LOOK_EVERY_MS = 20_000;

/** What only somebody who reads, or tries to, observes. */
const READING: ReadonlySet<Observation['kind']> = new Set([
  'reading',
  'watch-opened',
  'watch-ended',
  'list-ended',
  'list-failed',
  'events-read',
]);

/** Follows whether reading and dispatch move. */
export class Liveness {
  readonly #clock: Clock;
  readonly #progress: StallDetector;
  readonly #triggers: readonly LiveTrigger[];
  readonly #dispatchLimitMs: number;
  /** By trigger: attempts that were begun and have not ended. */
  readonly #running = new Map<string, number>();
  /** Triggers that make no attempts because of their receiver. */
  readonly #paused = new Set<string>();
  /** The store takes nothing. */
  #isAway = false;
  /** The store takes nothing new, and reading waits for it. */
  #isFull = false;

  constructor(clock: Clock, triggers: readonly LiveTrigger[]) {
    this.#clock = clock;
    this.#progress = new StallDetector(clock);
    this.#triggers = triggers;
    const longestMs = Math.max(0, ...triggers.map(({ timeoutMs }) => timeoutMs));
    this.#dispatchLimitMs = DISPATCH_LIMIT_MS + 2 * longestMs;
  }

  /** What does not move although it should. */
  stuck(): readonly string[] {
    return this.#progress.stuck();
  }

  /** Takes note of an observation. */
  observe(observation: Observation): void {
    if (READING.has(observation.kind) && 'source' in observation) this.#read(observation.source);
    if (observation.kind === 'attempt-started') this.#attempted(observation.delivery.trigger, 1);
    if (observation.kind === 'attempt-ended') this.#attempted(observation.delivery.trigger, -1);
    if (observation.kind === 'breaker') {
      this.#notePause(observation.trigger, observation.to !== 'closed');
    }
    if (observation.kind === 'pause') {
      this.#notePause(observation.trigger, observation.state !== 'over');
    }
    if (observation.kind === 'store-trouble') this.#isAway = observation.state === 'unavailable';
    if (observation.kind === 'store-usage') {
      this.#isFull = observation.overflow === 'block' && observation.level === 'full';
    }
    this.#progress.pause(this.#isAway || this.#isFull);
  }

  /** A source is asked for its next batch. */
  pulls(source: string): void {
    this.#progress.done(commitKey(source));
    this.#read(source);
    this.#progress.expect(readingKey(source), readingOf(source));
  }

  /** A batch of a source is judged and committed; until then nobody reads on. */
  commits(source: string): void {
    this.#progress.done(readingKey(source));
    const what = `source ${source}: a batch has not been committed`;
    this.#progress.expect(commitKey(source), { what, limitMs: COMMIT_LIMIT_MS });
  }

  /** Looks again and again at what is due, until the signal aborts. */
  async run(outbox: Pick<Outbox, 'next'>, now: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.stuck();
      for (const { name } of this.#triggers) {
        const next = await outbox.next(name);
        this.#due(name, next !== null && next <= now());
      }
      await this.#clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #read(source: string): void {
    const key = readingKey(source);
    if (this.#progress.isExpected(key)) this.#progress.moved(key, readingOf(source));
  }

  #attempted(trigger: string, change: 1 | -1): void {
    this.#running.set(trigger, Math.max(0, (this.#running.get(trigger) ?? 0) + change));
    this.#progress.done(dispatchKey(trigger));
  }

  #notePause(trigger: string, isPaused: boolean): void {
    if (isPaused) this.#paused.add(trigger);
    else this.#paused.delete(trigger);
    this.#progress.done(dispatchKey(trigger));
  }

  /** Due deliveries and running attempts must move, unless the lane is paused for its receiver. */
  #due(trigger: string, isDue: boolean): void {
    const key = dispatchKey(trigger);
    const isExpected = isDue || (this.#running.get(trigger) ?? 0) > 0;
    if (!isExpected || this.#paused.has(trigger)) this.#progress.done(key);
    else {
      const what = `trigger ${trigger}: no attempt has begun or ended`;
      this.#progress.expect(key, { what, limitMs: this.#dispatchLimitMs });
    }
  }
}

function readingOf(source: string): { readonly what: string; readonly limitMs: number } {
  return { what: `source ${source}: nothing was read or tried`, limitMs: READING_LIMIT_MS };
}

function readingKey(source: string): string {
  return `reading ${source}`;
}

function commitKey(source: string): string {
  return `commit ${source}`;
}

function dispatchKey(trigger: string): string {
  return `dispatch ${trigger}`;
}

// Whether what should move does move. Whoever expects something to happen says so and by when; what
// has not moved for longer is stuck, and a restart is the cure. Times are monotonic, so that no jump
// of the wall clock ends the process, and time in which the process was suspended does not count.

/** Something that is expected to move. */
interface ExpectedStep {
  /** What is stuck if it does not, for people. */
  readonly what: string;
  /** For how long it may stand still. */
  readonly limitMs: number;
}

interface WatchedLoop extends ExpectedStep {
  since: number;
}

/** Nobody looked for so long: the process was suspended, and nothing could move. */
const SUSPENDED_MS = 90_000;

/** Follows what is expected to move. */
class StallDetector {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #watched = new Map<string, WatchedLoop>();
  #lookedAt: number;
  #isPaused = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#lookedAt = clock.monotonic();
  }

  /** From now on this should move; what was expected already is still expected since then. */
  expect(key: string, expectation: ExpectedStep): void {
    if (!this.#watched.has(key)) this.moved(key, expectation);
  }

  /** It moved, and should again. */
  moved(key: string, expectation: ExpectedStep): void {
    this.#watched.set(key, { ...expectation, since: this.#clock.monotonic() });
  }

  /** Whether this is expected to move. */
  isExpected(key: string): boolean {
    return this.#watched.has(key);
  }

  /** Nothing is expected of it any more. */
  done(key: string): void {
    this.#watched.delete(key);
  }

  /** Nothing can move for a reason of its own, or everything can again: then the time begins anew. */
  pause(isPaused: boolean): void {
    if (this.#isPaused && !isPaused) this.#forgive(Number.POSITIVE_INFINITY);
    this.#isPaused = isPaused;
  }

  /** What has not moved for longer than it may; to be asked at least once a minute. */
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
