// A lane for each trigger, and dispatch, which runs all lanes. A lane claims as many due deliveries
// from the store as admission.ts allows. attempt-runner.ts attempts them, in batches if the trigger
// takes those. It holds no backlog: deliveries wait in the store, and unused claims are returned.
// It decides no next state (next-state.ts). The claim ensures that attempts of one object never
// overlap.

import type { Delivery } from '../core/delivery.ts';
import { hasCode } from '../core/errors.ts';
import type { Batching, Trigger } from '../core/ports/trigger.ts';
import { aborted, abortedAfter } from '../kit/async/abort.ts';
import { Alarm } from '../kit/async/alarm.ts';
import {
  AttemptRunner,
  type AttemptSettings,
  type AttemptSignals,
  isSuspect,
  type LaneParts,
} from './attempt-runner.ts';

/** The longest wait, however late the next retry: the wall clock of its due time may jump. */
const LONGEST_WAIT_MS = 60_000;

/** The shortest wait if the store has a due delivery that it does not hand out. */
const SHORTEST_WAIT_MS = 20;

/** Unrecorded outcomes for each attempt that may run at once: the disk works meanwhile. */
const UNWRITTEN_FOR_ONE = 2;

/** A shorter attempt waits longer for the store than for the receiver. */
const AHEAD_BELOW_MS = 100;

/** Time to record the outcomes of aborted attempts in a busy store. */
const LEAVE_MS = 2_000;

/** How often a refused credential is checked for renewal: triggers read theirs as often. */
const RENEWAL_MS = 10_000;

const ONE_BY_ONE = { max: 1, waitMs: 0 };

type LaneSignals = Omit<AttemptSignals, 'leave'>;

/** Attempts the due deliveries of one trigger. */
export class Lane {
  readonly #settings: AttemptSettings;
  readonly #trigger: Trigger;
  readonly #parts: LaneParts;
  readonly #attempts: AttemptRunner;
  readonly #batch: Batching;
  readonly #alarm = new Alarm();
  readonly #running = new Set<Promise<void>>();
  /** Number of them that the receiver has not answered yet. */
  #unanswered = 0;
  #claiming: Promise<void> | null = null;
  /** Whether the store may have more due deliveries than it handed out. */
  #hasMore = true;
  /** Monotonic time until which the store has no due delivery, unless `wake` is called. */
  #nothingUntil = 0;
  /** Claimed deliveries that wait until a monotonic time for others of their batch. */
  #gathered: Delivery[] = [];
  #gatheredUntil = 0;
  /** Claimed deliveries that are attempted alone. */
  readonly #suspects: Delivery[] = [];
  /** Error of the store that no retry cures. */
  #failure: { readonly error: unknown } | null = null;

  constructor(settings: AttemptSettings, trigger: Trigger, parts: LaneParts) {
    this.#settings = settings;
    this.#trigger = trigger;
    this.#parts = parts;
    this.#attempts = new AttemptRunner(settings, trigger, parts);
    this.#batch = trigger.batch ?? ONE_BY_ONE;
  }

  /** Number of attempts that run or are about to. */
  get running(): number {
    return this.#running.size;
  }

  /** Call when a delivery may have fallen due. */
  wake(): void {
    this.#hasMore = true;
    this.#alarm.ring();
  }

  /** Call when a user asks for an attempt: the receiver may work again. */
  attemptNow(): void {
    this.#attempts.admission.allowProbe(this.#parts.clock.monotonic());
    this.wake();
  }

  /** Call after the clock of this lane was shifted. */
  clockJumped(byMs: number): void {
    this.#attempts.retryAge.clockJumped(byMs);
    this.wake();
  }

  /** Observes the new state of a delivery whose attempt was running when its process died. */
  reportLost(delivery: Delivery): void {
    this.#attempts.reportLost(delivery);
  }

  /**
   * Runs until it is stopped or the store fails.
   *
   * **Order and time**: settles when the outcome of the last attempt is recorded, or 2 s after
   * `abandon`.
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
        // If several attempts end in one turn, the next deliveries are claimed and sent together,
        // which wakes the receiver once.
        await clock.turn();
        if (this.#failure !== null) break;
      }
    } finally {
      // Even if the store fails: running attempts end and are recorded, other claims are returned.
      await Promise.race([this.#claiming, aborted(leave.signal)]);
      this.#giveBack();
      const ended = Promise.all([...this.#running, this.#attempts.retryAge.saved]);
      await Promise.race([ended, aborted(leave.signal)]);
      await this.#trigger[Symbol.asyncDispose]?.();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Starts attempts of claimed deliveries, as many as are allowed. */
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
    // During a pause deliveries wait in the store.
    if (this.#attempts.admission.allowed(clock.monotonic()) === 0) this.#giveBack();
  }

  /** Claims due deliveries, unless a claim is under way; attempts continue meanwhile. */
  #claimMore(signals: AttemptSignals): void {
    const limit = this.#room();
    const isAsking = this.#hasMore || this.#parts.clock.monotonic() >= this.#nothingUntil;
    if (!isAsking || limit <= 0 || this.#claiming !== null) return;
    // A wake-up from now on is about a delivery that this claim may not see.
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

  /** Number of deliveries to claim: for free attempts, and ahead of them if attempts are short. */
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

  /** Number of attempts that may begin now; a slow store bounds them, too. */
  #free(): number {
    const { concurrency } = this.#settings;
    const allowed = this.#attempts.admission.allowed(this.#parts.clock.monotonic());
    const unwritten = concurrency * UNWRITTEN_FOR_ONE - this.#running.size;
    return Math.max(0, Math.min(allowed - this.#unanswered, unwritten));
  }

  /** How long there is certainly nothing to do; null until `wake`. */
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
    if (!isDue) this.#attempts.noteIdle();
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
        // Always, because another delivery of the same object may be due now.
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

/** Runs all lanes; knows them by the name of their trigger. */
export class Dispatch {
  readonly #lanes: ReadonlyMap<string, Lane>;

  constructor(lanes: ReadonlyMap<string, Lane>) {
    this.#lanes = lanes;
  }

  get running(): number {
    return this.#lanes.values().reduce((sum, lane) => sum + lane.running, 0);
  }

  /** Wakes the lanes of deliveries that were committed or released. */
  wake(deliveries: readonly Delivery[]): void {
    for (const { trigger } of deliveries) this.#lanes.get(trigger)?.wake();
  }

  /** Call when a user asks for an attempt of this delivery; a paused lane then allows one. */
  attemptNow({ trigger }: Delivery): void {
    this.#lanes.get(trigger)?.attemptNow();
  }

  /** Call after the clock of the lanes was shifted. */
  clockJumped(byMs: number): void {
    for (const lane of this.#lanes.values()) lane.clockJumped(byMs);
  }

  /** Observes the new states of deliveries whose attempts were running when their process died. */
  reportLost(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#lanes.get(delivery.trigger)?.reportLost(delivery);
  }

  /** Runs all lanes until stopped. A failure of one stops the others and is thrown at the end. */
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
