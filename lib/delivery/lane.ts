// One lane a trigger: claims what is due from the store, as much as its admission lets through
// (admission.ts), and makes attempts of it (attempt.ts), several deliveries in one where the trigger takes
// batches. It holds no backlog: what waits, waits in the store, and what it claimed ahead of short
// attempts it gives back. It never decides what an outcome means (next-state.ts) and never tells two
// attempts of one object apart (the claim does).

import type { Delivery } from '../core/delivery.ts';
import { hasCode } from '../core/errors.ts';
import type { Batching, Trigger } from '../core/trigger.ts';
import { aborted, abortedAfter } from '../kit/async/abort.ts';
import { Alarm } from '../kit/async/alarm.ts';
import {
  AttemptRunner,
  type AttemptSettings,
  type AttemptSignals,
  isSuspect,
  type LaneParts,
} from './attempt-runner.ts';

/** However far away the next retry seems: the wall clock by which it is due may jump. */
const LONGEST_WAIT_MS = 60_000;

/** What the store says is due now and does not hand out: it is asked again, but not at once. */
const SHORTEST_WAIT_MS = 20;

/** Attempts not written down yet, for each that may be made at once: the disk works meanwhile. */
const UNWRITTEN_FOR_ONE = 2;

/** Attempts so short spend more time waiting for the store than for the receiver. */
const AHEAD_BELOW_MS = 100;

/** After attempts were cut off: for a store that is about to take what they came to. */
const LEAVE_MS = 2_000;

/** How often a credential that was refused is looked for: triggers read theirs again as often. */
const RENEWAL_MS = 10_000;

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
  readonly #settings: AttemptSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #attempts: AttemptRunner;
  readonly #batch: Batching;
  readonly #alarm = new Alarm();
  readonly #running = new Set<Promise<void>>();
  /** How many of those the receiver has not answered yet. */
  #unanswered = 0;
  #claiming: Promise<void> | null = null;
  /** Whether the store may have more that is due than it handed out. */
  #hasMore = true;
  /** Until a monotonic moment the store has nothing, unless somebody says so. */
  #nothingUntil = 0;
  /** Claimed deliveries that wait for others to go with, until a monotonic moment. */
  #gathered: Delivery[] = [];
  #gatheredUntil = 0;
  /** Claimed deliveries that go alone. */
  readonly #suspects: Delivery[] = [];
  /** What the store threw that no retry cures. */
  #failure: { readonly error: unknown } | null = null;

  constructor(settings: AttemptSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    this.#attempts = new AttemptRunner(settings, trigger, parts);
    this.#batch = trigger.batch ?? ONE_BY_ONE;
  }

  /** How many attempts are being made, or about to be. */
  get running(): number {
    return this.#running.size;
  }

  /** Something may have fallen due: look. */
  wake(): void {
    this.#hasMore = true;
    this.#alarm.ring();
  }

  /** A person asks for an attempt: its receiver may have been mended. */
  attemptNow(): void {
    this.#attempts.admission.allowProbe(this.#parts.clock.monotonic());
    this.wake();
  }

  /** The clock that was handed in was just moved by so much. */
  clockJumped(byMs: number): void {
    this.#attempts.retryAge.clockJumped(byMs);
    this.wake();
  }

  /** Tells of a delivery whose attempt was running when its process died. */
  reportLost(delivery: Delivery): void {
    this.#attempts.reportLost(delivery);
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
      await this.#attempts.retryAge.restore();
      while (!stop.aborted) {
        await this.#attempts.lookForRenewal();
        this.#startDue(signals);
        this.#claimMore(signals);
        await this.#alarm.wait(clock, await this.#idleMs(), stop);
        // Several attempts end in one turn: what takes their places is claimed and sent together,
        // which wakes the receiver once.
        await clock.turn();
        if (this.#failure !== null) break;
      }
    } finally {
      // Also where the store fails: what was begun is ended and written down, what was not is let go.
      await Promise.race([this.#claiming, aborted(leave.signal)]);
      this.#giveBack();
      const ended = Promise.all([...this.#running, this.#attempts.retryAge.saved]);
      await Promise.race([ended, aborted(leave.signal)]);
      await this.#trigger[Symbol.asyncDispose]?.();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Starts attempts of what is claimed, as many as may be made. */
  #startDue(signals: AttemptSignals): void {
    const { clock } = this.#parts;
    const { max } = this.#batch;
    while (this.#suspects.length > 0 && this.#free() > 0) {
      this.#start(this.#suspects.splice(0, 1), signals);
    }
    const isDue = (): boolean =>
      this.#gathered.length >= max ||
      (this.#gathered.length > 0 && clock.monotonic() >= this.#gatheredUntil);
    while (isDue() && this.#free() > 0) this.#start(this.#gathered.splice(0, max), signals);
    // Its receiver is left alone for a while: what waits for that waits in the store.
    if (this.#attempts.admission.allowed(clock.monotonic()) === 0) this.#giveBack();
  }

  /** Claims what is due, unless it is claiming; attempts go on meanwhile. */
  #claimMore(signals: AttemptSignals): void {
    const limit = this.#room();
    const isAsking = this.#hasMore || this.#parts.clock.monotonic() >= this.#nothingUntil;
    if (!isAsking || limit <= 0 || this.#claiming !== null) return;
    // Whoever wakes it from now on means something that this claim may not see.
    this.#hasMore = false;
    this.#claiming = this.#claim(limit)
      .then(() => this.#startDue(signals))
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .then(() => {
        this.#claiming = null;
        this.#alarm.ring();
      });
  }

  async #claim(limit: number): Promise<void> {
    const { incarnation, clock, outbox } = this.#parts;
    const { trigger, order } = this.#settings;
    const claimed = await outbox.claim({ trigger, incarnation, now: clock.now(), limit, order });
    this.#hasMore ||= claimed.length === limit;
    this.#nothingUntil = Number.POSITIVE_INFINITY;
    if (this.#gathered.length === 0) this.#gatheredUntil = clock.monotonic() + this.#batch.waitMs;
    for (const one of claimed) (isSuspect(one) ? this.#suspects : this.#gathered).push(one);
  }

  /** How many deliveries more it takes: for what is free, and ahead where attempts take no time. */
  #room(): number {
    const { max } = this.#batch;
    const room = (this.#free() - this.#suspects.length) * max - this.#gathered.length;
    const isFast = this.#attempts.lastMs < AHEAD_BELOW_MS;
    if (!isFast || !this.#hasMore || !this.#attempts.admission.isUnlimited) return room;
    return room + this.#settings.concurrency * max;
  }

  #giveBack(): void {
    const left = [...this.#suspects.splice(0), ...this.#gathered.splice(0)];
    if (left.length === 0) return;
    const giving = this.#attempts.giveBack(left).then(() => void this.#running.delete(giving));
    this.#running.add(giving);
  }

  /** How many attempts more may be made now; a store that is slow bounds them too. */
  #free(): number {
    const { concurrency } = this.#settings;
    const allowed = this.#attempts.admission.allowed(this.#parts.clock.monotonic());
    const unwritten = concurrency * UNWRITTEN_FOR_ONE - this.#running.size;
    return Math.max(0, Math.min(allowed - this.#unanswered, unwritten));
  }

  /** For how long there is certainly nothing to do; null until woken. */
  async #idleMs(): Promise<number | null> {
    const { clock, outbox } = this.#parts;
    const now = clock.monotonic();
    if (this.#claiming !== null || this.#unanswered >= this.#settings.concurrency) return null;
    const { admission } = this.#attempts;
    const pausedMs = admission.waitMs(now);
    if (pausedMs > 0) return Math.min(pausedMs, admission.isUnauthorized ? RENEWAL_MS : pausedMs);
    if (this.#free() === 0) return null;
    const gatheringMs =
      this.#gathered.length === 0 ? LONGEST_WAIT_MS : Math.max(0, this.#gatheredUntil - now);
    const next = await outbox.next(this.#settings.trigger);
    const isDue = this.#gathered.length > 0 || (next !== null && next <= clock.now());
    if (!isDue) this.#attempts.rest();
    if (next === null) return this.#gathered.length === 0 ? null : gatheringMs;
    const dueMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, next - clock.now()));
    this.#nothingUntil = now + dueMs;
    return Math.min(dueMs, gatheringMs);
  }

  #start(deliveries: readonly Delivery[], signals: AttemptSignals): void {
    this.#unanswered += 1;
    const running = this.#make(deliveries, signals)
      .catch((error: unknown) => this.#failed(error))
      .then(() => {
        this.#running.delete(running);
        // Also where nothing more was due: another delivery of its object may be now.
        this.wake();
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
    if (hasCode(error, 'store-unusable')) this.#failure ??= { error };
    else this.#parts.observe({ kind: 'bug', where: 'a lane', error });
  }
}

// Dispatch: a lane for each trigger, started and ended together, and the deliveries whose trigger
// is no longer configured set aside where people can see them.

/** All lanes by the name of their trigger. */
export class Dispatch {
  readonly #lanes: ReadonlyMap<string, Lane>;

  constructor(lanes: ReadonlyMap<string, Lane>) {
    this.#lanes = lanes;
  }

  /** How many attempts are being made. */
  get running(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.running;
    return sum;
  }

  /** Deliveries were committed or released: their lanes look. */
  wake(deliveries: readonly Delivery[]): void {
    for (const { trigger } of deliveries) this.#lanes.get(trigger)?.wake();
  }

  /** A person asks for an attempt of this delivery; a paused lane lets one through to see. */
  attemptNow({ trigger }: Delivery): void {
    this.#lanes.get(trigger)?.attemptNow();
  }

  /** The clock that was handed in was just moved by so much. */
  clockJumped(byMs: number): void {
    for (const lane of this.#lanes.values()) lane.clockJumped(byMs);
  }

  /** Tells of deliveries whose attempt was running when its process died, as a beginning found them. */
  reportLost(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#lanes.get(delivery.trigger)?.reportLost(delivery);
  }

  /** Runs every lane until stopped; one that fails stops the others, and is thrown when all ended. */
  async run({ stop, abandon }: LaneSignals): Promise<void> {
    const failed = new AbortController();
    const signals = { stop: AbortSignal.any([stop, failed.signal]), abandon };
    const lanes = [...this.#lanes.values()].map((lane) =>
      lane.run(signals).catch((error: unknown) => failed.abort(error)),
    );
    await Promise.all(lanes);
    if (failed.signal.aborted) throw failed.signal.reason;
  }
}
