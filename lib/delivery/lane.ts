// One lane a trigger: claims what is due from the store, as much as concurrency and breaker let
// through, and makes attempts of it (attempt.ts), several deliveries in one where the trigger takes
// batches. It holds no backlog: what waits, waits in the store. It never decides what an outcome
// means (next-state.ts) and never tells two attempts of one object apart (the claim does).
import type { Delivery } from '../core/delivery.ts';
import type { Trigger } from '../core/trigger.ts';
import { aborted, abortedAfter } from '../kit/aborted.ts';
import { Alarm } from '../kit/alarm.ts';
import {
  Attempts,
  type AttemptSettings,
  type AttemptSignals,
  isSuspect,
  isUnusable,
  type LaneParts,
} from './attempt.ts';

/** How a lane works. */
export interface LaneSettings extends AttemptSettings {
  readonly concurrency: number;
}

/** However far away the next retry seems: the wall clock by which it is due may jump. */
const LONGEST_WAIT_MS = 60_000;

/** What the store says is due now and does not hand out: it is asked again, but not at once. */
const SHORTEST_WAIT_MS = 20;

/** Attempts not written down yet, for each that may be made at once: the disk works meanwhile. */
const UNWRITTEN_FOR_ONE = 2;

/** After attempts were cut off: for a store that is about to take what they came to. */
const LEAVE_MS = 2_000;

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
  /** How many of those the receiver has not answered yet. */
  #unanswered = 0;
  /** Whether the store may have more that is due than it handed out. */
  #hasMore = false;
  /** Claimed deliveries that wait for others to go with, until a monotonic moment. */
  #gathered: Delivery[] = [];
  #gatheredUntil = 0;
  /** Claimed deliveries that go alone. */
  readonly #suspects: Delivery[] = [];
  /** What the store threw that no retry cures. */
  #failure: { readonly error: unknown } | null = null;

  constructor(settings: LaneSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    this.#attempts = new Attempts(settings, trigger, parts);
  }

  /** How many attempts are being made, or about to be. */
  get running(): number {
    return this.#running.size;
  }

  /** Something may have fallen due: look. */
  wake(): void {
    this.#alarm.ring();
  }

  /** The clock that was handed in was just moved by so much. */
  jumped(byMs: number): void {
    this.#attempts.aging.jumped(byMs);
    this.#alarm.ring();
  }

  /** Tells of a delivery whose attempt was running when its process died. */
  tellLost(delivery: Delivery): void {
    this.#attempts.tellLost(delivery);
  }

  /**
   * Runs until stopped or the store fails; settles when the last running attempt has ended and is
   * written down, or a moment after they were cut off.
   */
  async run({ stop, abandon }: LaneSignals): Promise<void> {
    const { clock } = this.#parts;
    using leave = abortedAfter(abandon, LEAVE_MS, clock);
    const signals = { stop, abandon, leave: leave.signal };
    try {
      await this.#attempts.aging.restore();
      while (!stop.aborted) {
        await this.#claim(signals);
        await this.#alarm.wait(clock, await this.#idleMs(), stop);
        // Several attempts end in one turn: what takes their places is claimed and sent together,
        // which wakes the receiver once.
        await clock.turn();
        if (this.#failure !== null) break;
      }
    } finally {
      // Also where the store fails: what was begun is ended and written down, what was claimed too.
      if (this.#gathered.length > 0) this.#start(this.#gathered.splice(0), signals);
      const ended = Promise.all([...this.#running, this.#attempts.aging.saved]);
      await Promise.race([ended, aborted(leave.signal)]);
      await this.#trigger[Symbol.asyncDispose]?.();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Claims what is due and starts attempts of it. */
  async #claim(signals: AttemptSignals): Promise<void> {
    const { incarnation, clock, outbox } = this.#parts;
    const { max, waitMs } = this.#trigger.batch ?? ONE_BY_ONE;
    const { trigger, order } = this.#settings;
    const limit = (this.#free() - this.#suspects.length) * max - this.#gathered.length;
    if (limit > 0) {
      const request = { trigger, incarnation, now: clock.now(), limit, order };
      const claimed = await outbox.claim(request);
      this.#hasMore = claimed.length === limit;
      if (this.#gathered.length === 0) this.#gatheredUntil = clock.monotonic() + waitMs;
      for (const one of claimed) (isSuspect(one) ? this.#suspects : this.#gathered).push(one);
    }
    while (this.#suspects.length > 0 && this.#free() > 0) {
      this.#start(this.#suspects.splice(0, 1), signals);
    }
    const isDue = (): boolean =>
      this.#gathered.length >= max ||
      (this.#gathered.length > 0 && clock.monotonic() >= this.#gatheredUntil);
    while (isDue() && this.#free() > 0) this.#start(this.#gathered.splice(0, max), signals);
  }

  /** How many attempts more may be made now; a store that is slow bounds them too. */
  #free(): number {
    const { concurrency } = this.#settings;
    const allowed = this.#attempts.breaker.allowed(concurrency, this.#parts.clock.monotonic());
    const unwritten = concurrency * UNWRITTEN_FOR_ONE - this.#running.size;
    return Math.max(0, Math.min(allowed - this.#unanswered, unwritten));
  }

  /** For how long there is certainly nothing to do; null until woken. */
  async #idleMs(): Promise<number | null> {
    const { clock, outbox } = this.#parts;
    const now = clock.monotonic();
    if (this.#unanswered >= this.#settings.concurrency) return null;
    const pausedMs = this.#attempts.breaker.waitMs(now);
    if (pausedMs > 0) return pausedMs;
    if (this.#free() === 0) return null;
    const gatheringMs =
      this.#gathered.length === 0 ? LONGEST_WAIT_MS : Math.max(0, this.#gatheredUntil - now);
    const next = await outbox.next(this.#settings.trigger);
    if (next === null) return this.#gathered.length === 0 ? null : gatheringMs;
    const soonest = this.#hasMore ? 0 : SHORTEST_WAIT_MS;
    return Math.min(LONGEST_WAIT_MS, gatheringMs, Math.max(soonest, next - clock.now()));
  }

  #start(deliveries: readonly Delivery[], signals: AttemptSignals): void {
    this.#unanswered += 1;
    const running = this.#make(deliveries, signals)
      .catch((error: unknown) => this.#failed(error))
      .then(() => {
        this.#running.delete(running);
        // Also where nothing more was due: another delivery of its object may be now.
        this.#alarm.ring();
      });
    this.#running.add(running);
  }

  async #make(deliveries: readonly Delivery[], signals: AttemptSignals): Promise<void> {
    const made = await this.#attempts.make(deliveries, signals).finally(() => {
      this.#unanswered -= 1;
      if (this.#hasMore) this.#alarm.ring();
    });
    await made.settled;
  }

  #failed(error: unknown): void {
    if (isUnusable(error)) this.#failure ??= { error };
    else this.#parts.observe({ kind: 'bug', where: 'a lane', error });
  }
}
