// The gateway: runs a Plan. Its loops, and the order in which it stops, are written here; the order
// of a start is in recovery.ts. It judges nothing (intake), attempts nothing (delivery) and prints
// nothing (telemetry).

import { UNSETTLED_STATES } from '../core/delivery.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import type { Health, HealthCheck, Observation, Observe } from '../core/observation.ts';
import type { Source } from '../core/ports/source.ts';
import type { Store } from '../core/ports/store.ts';
import { type Acted, type ActName, act } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import { aborted } from '../kit/async/abort.ts';
import { repeat } from '../kit/async/repeat.ts';
import { SteadyClock } from '../kit/async/steady-clock.ts';
import { watchClock } from './clock-watch.ts';
import { checksOf, healthOf, isReading, refusedPaths } from './health.ts';
import { keepBeating, recordBeat } from './heartbeat.ts';
import { Liveness } from './liveness.ts';
import { resumePositions, type StartedGateway, start, VolatileStartGaps } from './recovery.ts';
import { retryingStore } from './retrying-store.ts';
import { RetentionClock, sweepRecords, UsageWatch } from './store-upkeep.ts';
import type { GatewayParts } from './wiring.ts';

export type { GatewayParts } from './wiring.ts';

/** Result of a stopped gateway. */
export interface Stopped {
  /** Deliveries that wait in the store; null if it no longer answers. */
  readonly waiting: number | null;
  /** Attempts that were cut off. */
  readonly abandoned: number;
}

/** The steps of a stop. */
interface StopSignals {
  /** Nothing more is read, claimed or released. */
  readonly ending: AbortSignal;
  /** Running attempts are aborted. */
  readonly abandon: AbortController;
  /** No call of the store is retried any more. */
  readonly limit: AbortController;
}

/** Often enough to notice a deleted file within a minute; the call is cheap for every store. */
const USAGE_MS = 15_000;
/** Aborted attempts still record their outcome; a store that is only busy takes it in this time. */
const LAST_WRITES_MS = 1_000;
/** A lane gives up recording an outcome after 2 s; a loop that still runs then is abandoned. */
const LOOPS_END_MS = 3_000;
/** For counting waiting deliveries; altogether a pod has 5 s more than its attempts. */
const COUNT_WAITING_MS = 1_000;

/** Runs a Plan. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #observe: Observe;
  readonly #liveness: Liveness;
  readonly #steady: SteadyClock;
  readonly #retention: RetentionClock;
  readonly #usage: UsageWatch;
  /** Monotonic. */
  readonly #createdAt: number;
  /** Null until the start is complete. */
  #started: StartedGateway | null = null;

  constructor(parts: GatewayParts) {
    const { plan, clock } = parts;
    this.#parts = parts;
    this.#createdAt = clock.monotonic();
    this.#observe = (observation) => this.#note(observation);
    this.#liveness = new Liveness(clock, parts.state, plan.triggers);
    this.#steady = new SteadyClock(clock);
    this.#retention = new RetentionClock(clock, 0);
    const { overflow } = plan.store;
    this.#usage = new UsageWatch({ overflow, clock, observe: this.#observe });
  }

  /** Whether it is live and ready, and if not, why. */
  health(): Health {
    const { state, clock } = this.#parts;
    return healthOf(state, this.#liveness.stuck(), clock);
  }

  /** The checks that this health joins, and those of the triggers. */
  checks(): readonly HealthCheck[] {
    return checksOf(this.#parts.state, this.#liveness.stuck());
  }

  /** Observes the age of positions, deliveries by state, and the usage of the store, for a scrape. */
  async measure(): Promise<void> {
    this.#measurePositions();
    const { archive } = this.#parts.store;
    const asked = Promise.all([archive.counts(), archive.usage()]);
    const found = await asked.catch((error: unknown) => {
      // The scrape is answered anyway; an unavailable store has a metric of its own.
      if (hasCode(error, 'store-unavailable')) return null;
      throw error;
    });
    if (found === null) return;
    const [counts, usage] = found;
    this.#usage.measure(usage);
    for (const { name: trigger } of this.#parts.plan.triggers) {
      for (const state of UNSETTLED_STATES) {
        const count = counts.find((one) => one.trigger === trigger && one.state === state)?.count;
        this.#observe({ kind: 'queue-depth', trigger, state, count: count ?? 0 });
      }
    }
  }

  /** Before the first proof the age grows since the start, so that no proof at all is noticed too. */
  #measurePositions(): void {
    const { plan, clock } = this.#parts;
    const now = clock.monotonic();
    for (const { name: source } of plan.sources) {
      const reading = this.#started?.sources.find((one) => one.name === source);
      const ageMs = now - (reading?.provedAt ?? this.#createdAt);
      this.#observe({ kind: 'position-age', source, ageMs });
    }
  }

  /**
   * Applies a user's action to a delivery.
   *
   * **Errors**: `store-unavailable`, without a retry.
   */
  async act(name: ActName, id: string): Promise<Acted> {
    const { journal, outbox, archive } = this.#parts.store;
    const triggers = new Set(this.#parts.plan.triggers.map((one) => one.name));
    const now = this.#steady.now();
    const acted = await act(name, id, { journal, outbox, archive, triggers, now });
    if (!acted.done) return acted;
    const { delivery, from } = acted;
    const { state: to, dead } = delivery;
    const why = `${name}, requested by a user`;
    this.#observe({ kind: 'delivery-moved', delivery, from, to, dead, why });
    if (to === 'waiting') this.#started?.dispatch.attemptNow(delivery);
    this.#started?.release.forget(delivery.id);
    return acted;
  }

  /** Forecasts when held deliveries start; a snapshot for one answer. */
  forecasts(): (id: string) => HeldForecast | null {
    return this.#started?.release.forecasts() ?? (() => null);
  }

  /**
   * Runs until the signal aborts, then drains.
   *
   * **Errors**: throws an error that no retry cures (see Source), after everything was stopped.
   */
  async run(stop: AbortSignal): Promise<Stopped> {
    // An error that no retry cures stops everything, as a signal from outside does.
    const failed = new AbortController();
    const ending = AbortSignal.any([stop, failed.signal]);
    const ends = { ending, abandon: new AbortController(), limit: new AbortController() };
    const { clock, random } = this.#parts;
    const retry = { clock, random, observe: this.#observe, stop: ending };
    const store = retryingStore(this.#parts.store, { ...retry, limit: ends.limit.signal });
    const fail = (error: unknown): void => failed.abort(error);
    void this.#followUsage(store, ending).catch((error: unknown) => {
      if (!isEndOf(ending, error)) fail(error);
    });
    void this.#parts.followAccess?.(this.#observe, ending).catch((error: unknown) => {
      if (ending.aborted) return;
      if (hasCode(error, 'cluster-refused')) fail(error);
      else this.#observe({ kind: 'bug', where: 'comparing the plan with the cluster', error });
    });
    const started = await this.#start(store, { ending, fail });
    const stopped = await this.#stopped(store, {
      ...{ why: ending, limitMs: 0, drain: null },
      ...(started === null ? {} : await this.#work(started, { store, ends, fail })),
    });
    if (failed.signal.aborted) throw failed.signal.reason;
    return stopped;
  }

  /** Runs until the end; returns how to stop it. */
  async #work(
    started: StartedGateway,
    parts: { store: Store; ends: StopSignals; fail: (error: unknown) => void },
  ): Promise<{ limitMs: number; drain: () => Promise<number> }> {
    this.#started = started;
    const running = this.#runAll(started, parts);
    await Promise.race([running.reading, aborted(parts.ends.ending)]);
    const { drainMs } = this.#parts;
    return { limitMs: drainMs, drain: () => this.#drain(running, started, parts.ends) };
  }

  /**
   * Reads the usage of the store at intervals, beginning before the start. So the store that an
   * earlier process left counts before the first commit, and an unusable store is noticed although
   * nothing is read.
   */
  #followUsage({ archive }: Store, ending: AbortSignal): Promise<void> {
    const look = async (): Promise<void> => this.#usage.look(await archive.usage());
    return repeat(look, { clock: this.#parts.clock, everyMs: USAGE_MS }, ending);
  }

  /** Returns null if it was stopped before the start was complete. */
  async #start(
    store: Store,
    { ending, fail }: { ending: AbortSignal; fail: (error: unknown) => void },
  ): Promise<StartedGateway | null> {
    const answered = this.#usage.note.bind(this.#usage);
    const own = { store, observe: this.#observe, steady: this.#steady, answered };
    try {
      return await start({ ...this.#parts, ...own, retention: this.#retention }, ending);
    } catch (error) {
      if (ending.aborted) return null;
      fail(error);
      throw error;
    }
  }

  #runAll(
    { sources, dispatch, release, intake }: StartedGateway,
    { store, ends, fail }: { store: Store; ends: StopSignals; fail: (error: unknown) => void },
  ): { readonly reading: Promise<unknown>; readonly working: Promise<unknown> } {
    const { clock, plan } = this.#parts;
    const { ending, abandon } = ends;
    const steady = this.#steady;
    const readMs = (): number => this.#retention.readMs;
    const beating = { keyValues: store.keyValues, clock, readMs };
    const clockJumped = (byMs: number): Promise<void> => {
      dispatch.clockJumped(byMs);
      return recordBeat(beating);
    };
    const watch = { clock, steady, upkeep: store.upkeep, observe: this.#observe, clockJumped };
    const unread = (): readonly string[] => refusedPaths(this.#parts.state);
    const swept = { store, clock, readMs, unread, retention: plan.retention };
    const ended = (error: unknown): void => {
      if (!isEndOf(ending, error)) fail(error);
    };
    // Each loop has its own catch: the failure of one must not hide that the others still run.
    const watched = (all: readonly Promise<unknown>[]): Promise<unknown> =>
      Promise.all(all.map((one) => one.catch(ended)));
    const readers = { sources, store, intake, ending };
    const reading = watched(sources.map((one) => this.#read(one, readers)));
    const read = reading.then(() => watched([intake.save()]));
    const working = watched([
      dispatch.run({ stop: ending, abandon: abandon.signal }),
      release.run(ending),
      intake.run(ending),
      sweepRecords(swept, ending),
      keepBeating(beating, ending),
      watchClock(watch, ending),
      this.#liveness.run(store.outbox, () => steady.now(), ending),
    ]);
    // The last beat records until when this process worked.
    return { reading: read, working: working.then(() => watched([recordBeat(beating)])) };
  }

  async #read(
    source: Source,
    parts: Pick<StartedGateway, 'sources' | 'intake'> & { store: Store; ending: AbortSignal },
  ): Promise<void> {
    const { sources, intake, ending } = parts;
    const { journal } = parts.store;
    const { name } = source;
    const positions = resumePositions(name, { positions: await journal.allPositions(), sources });
    // Without a durable store every start is one without a position.
    const isComplete = journal.durable || this.#parts.before === 'none';
    const startGaps = isComplete ? null : new VolatileStartGaps(positions);
    this.#liveness.pulls(name);
    for await (const batch of source.batches(positions, ending)) {
      this.#liveness.commits(name);
      await intake.take(startGaps?.mark(batch) ?? batch, ending);
      this.#liveness.pulls(name);
    }
  }

  async #stopped(
    store: Store,
    at: { limitMs: number; why: AbortSignal; drain: (() => Promise<number>) | null },
  ): Promise<Stopped> {
    this.#observe({ kind: 'stopping', why: messageOf(at.why.reason), limitMs: at.limitMs });
    const abandoned = (await at.drain?.()) ?? 0;
    const waiting = await this.#within(COUNT_WAITING_MS, countWaiting(store), null);
    const { durable } = store.journal;
    this.#observe({ kind: 'stopped', durable, waiting, abandoned });
    return { waiting, abandoned };
  }

  /** Waits within the limit until reading and attempts end; returns how many were aborted. */
  async #drain(
    { reading, working }: { reading: Promise<unknown>; working: Promise<unknown> },
    { dispatch }: StartedGateway,
    { abandon, limit }: StopSignals,
  ): Promise<number> {
    const done = new AbortController();
    const { clock, drainMs } = this.#parts;
    const cutOff = clock.sleep(drainMs, done.signal).then(
      () => dispatch.running,
      () => 0,
    );
    const abandoned = await Promise.race([Promise.all([reading, working]).then(() => 0), cutOff]);
    done.abort();
    abandon.abort(new Error('the gateway stops'));
    // Aborted attempts still record their outcome; a source that hangs is abandoned.
    const unlimited = clock.after(LAST_WRITES_MS, () => limit.abort());
    await this.#within(LOOPS_END_MS, working, null);
    unlimited();
    limit.abort();
    return abandoned;
  }

  /** The answer if it comes within the time, otherwise the substitute. */
  async #within<T, Else>(ms: number, answer: Promise<T>, otherwise: Else): Promise<T | Else> {
    const done = new AbortController();
    const late = this.#parts.clock.sleep(ms, done.signal).then(
      () => otherwise,
      () => otherwise,
    );
    const first = await Promise.race([answer.catch(() => otherwise), late]);
    done.abort();
    return first;
  }

  /** The state has an observation before anything here reads it. */
  #note(observation: Observation): void {
    const { observe, state } = this.#parts;
    observe(observation);
    this.#liveness.observe(observation);
    const { kind } = observation;
    if (kind === 'reading' || kind === 'store-trouble' || kind === 'store-usage') {
      this.#retention.note(isReading(state));
    }
  }
}

async function countWaiting(store: Store): Promise<number> {
  const counts = await store.archive.counts();
  const unsettled = counts.filter(({ state }) => state === 'waiting' || state === 'held');
  return unsettled.reduce((sum, { count }) => sum + count, 0);
}

/** Whether an error only follows from the stop: a wait was aborted, or a last call failed. */
function isEndOf(ending: AbortSignal, error: unknown): boolean {
  return ending.aborted && (error === ending.reason || hasCode(error, 'store-unavailable'));
}
