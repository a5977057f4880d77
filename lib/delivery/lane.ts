// One lane a trigger: claims what is due from the store, as much as concurrency and breaker let
// through, and makes attempts of it (attempt.ts), several deliveries in one where the trigger takes
// batches. It holds no backlog: what waits, waits in the store. It never decides what an outcome
// means (next-state.ts) and never tells two attempts of one object apart (the claim does).
import type { Delivery } from '../core/delivery.ts';
import type { Trigger } from '../core/trigger.ts';
import { Alarm } from '../kit/alarm.ts';
import { Attempts, type AttemptSettings, type LaneParts } from './attempt.ts';

/** How a lane works. */
export interface LaneSettings extends AttemptSettings {
  readonly concurrency: number;
  readonly order: 'none' | 'object';
}

/** However far away the next retry seems: the wall clock by which it is due may jump. */
const LONGEST_WAIT_MS = 60_000;

const ONE_BY_ONE = { max: 1, waitMs: 0 };

/** The two ways to end a lane. */
export interface LaneSignals {
  /** Nothing more is claimed; running attempts go on. */
  readonly stop: AbortSignal;
  /** Running attempts are cut off. */
  readonly abandon: AbortSignal;
}

/** One trigger's deliveries on their way out. */
export class Lane {
  readonly #settings: LaneSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #attempts: Attempts;
  readonly #alarm = new Alarm();
  readonly #running = new Set<Promise<void>>();
  /** Claimed deliveries that wait for others to go with, until a monotonic moment. */
  #gathered: Delivery[] = [];
  #gatheredUntil = 0;

  constructor(settings: LaneSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    this.#attempts = new Attempts(settings, trigger, parts);
  }

  /** How many attempts are being made. */
  get running(): number {
    return this.#running.size;
  }

  /** Something may have fallen due: look. */
  wake(): void {
    this.#alarm.ring();
  }

  /** Runs until stopped or the store fails; settles when the last running attempt has ended. */
  async run({ stop, abandon }: LaneSignals): Promise<void> {
    const { clock } = this.#parts;
    try {
      while (!stop.aborted) {
        if (await this.#claim(abandon)) continue;
        await this.#alarm.wait(clock, await this.#idleMs(), stop);
        // Several attempts end in one turn: what takes their places is claimed and sent together,
        // which wakes the receiver once.
        await clock.turn();
      }
    } finally {
      // Also where the store fails: what was begun is ended and written down, what was claimed too.
      if (this.#gathered.length > 0) this.#start(this.#gathered.splice(0), abandon);
      await Promise.all(this.#running);
      await this.#trigger[Symbol.asyncDispose]?.();
    }
  }

  /** Claims what is due and starts attempts of it; says whether there was something. */
  async #claim(abandon: AbortSignal): Promise<boolean> {
    const { incarnation, clock, outbox } = this.#parts;
    const { max, waitMs } = this.#trigger.batch ?? ONE_BY_ONE;
    const { trigger, order } = this.#settings;
    const limit = this.#free() * max - this.#gathered.length;
    if (limit > 0) {
      const request = { trigger, incarnation, now: clock.now(), limit, order };
      const claimed = await outbox.claim(request);
      if (this.#gathered.length === 0) this.#gatheredUntil = clock.monotonic() + waitMs;
      this.#gathered.push(...claimed);
    }
    const before = this.#running.size;
    const isDue = (): boolean =>
      this.#gathered.length >= max ||
      (this.#gathered.length > 0 && clock.monotonic() >= this.#gatheredUntil);
    while (isDue() && this.#free() > 0) this.#start(this.#gathered.splice(0, max), abandon);
    return this.#running.size > before;
  }

  /** How many attempts more may be made now. */
  #free(): number {
    const { concurrency } = this.#settings;
    const now = this.#parts.clock.monotonic();
    return Math.max(0, this.#attempts.breaker.allowed(concurrency, now) - this.#running.size);
  }

  /** For how long there is certainly nothing to do; null until woken. */
  async #idleMs(): Promise<number | null> {
    const { clock, outbox } = this.#parts;
    const now = clock.monotonic();
    if (this.#running.size >= this.#settings.concurrency) return null;
    const pausedMs = this.#attempts.breaker.waitMs(now);
    if (pausedMs > 0) return pausedMs;
    if (this.#free() === 0) return null;
    const gatheringMs =
      this.#gathered.length === 0 ? LONGEST_WAIT_MS : Math.max(0, this.#gatheredUntil - now);
    const next = await outbox.next(this.#settings.trigger);
    if (next === null) return this.#gathered.length === 0 ? null : gatheringMs;
    return Math.min(LONGEST_WAIT_MS, gatheringMs, Math.max(0, next - clock.now()));
  }

  #start(deliveries: readonly Delivery[], abandon: AbortSignal): void {
    const running = this.#attempts
      .make(deliveries, abandon)
      .catch((error: unknown) => this.#parts.observe({ kind: 'bug', where: 'a lane', error }))
      .finally(() => {
        this.#running.delete(running);
        this.#alarm.ring();
      });
    this.#running.add(running);
  }
}
