// Health, made up from observations alone: nobody reports to it specially, so it can not disagree
// with the log. Ready once the cluster is known, every path of every source that may be read is read,
// and the store takes it; else it says what it waits for. A path that the server refuses is a note
// while others are read. Whether a restart would help is liveness.ts.

import type { Clock } from '../core/clock.ts';
import type { Health, LimitObserved, Observation, TroubleReason } from '../core/observation.ts';
import { renderDuration } from '../kit/text/quantity.ts';

type SourceReading = Extract<Observation, { kind: 'reading' }>;
type Paused = Extract<Observation, { kind: 'pause' }>;

/** What a person must grant or create: to wait for it with all other paths would help nobody. */
const REFUSALS: readonly TroubleReason[] = ['forbidden', 'not-found'];

interface PathHealth {
  /** Why it is not read; '' if it is. */
  readonly why: string;
  readonly isRefused: boolean;
}

const READ: PathHealth = { why: '', isRefused: false };

/** Follows observations and says whether the gateway does its work. */
export class HealthWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Source → watch path → how it is read. */
  readonly #sources = new Map<string, Map<string, PathHealth>>();
  /** Since when nothing has proved that a path is complete; monotonic, by source and path. */
  readonly #stale = new Map<string, { readonly of: string; readonly since: number }>();
  #cluster = 'the cluster has not been reached yet';
  /** Triggers whose breaker is open; that stops one lane, not the gateway's work. */
  readonly #broken = new Set<string>();
  /** Triggers that are paused because of their receiver; likewise. */
  readonly #paused = new Map<string, Paused>();
  #stopping = false;
  /** Why the store takes nothing; '' where it does. */
  #storeTrouble = '';
  /** Budgets that hold deliveries, and triggers that shed some: neither stops the gateway's work. */
  readonly #usedUp = new Set<string>();
  readonly #shedding = new Set<string>();
  /** What a full store means; '' where it is not full. */
  #full: '' | 'block' | 'shed' = '';

  constructor(sources: readonly string[], clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    for (const name of sources) this.#sources.set(name, new Map());
  }

  /** Takes note of an observation. */
  observe(observation: Observation): void {
    if (observation.kind === 'cluster-found') this.#cluster = '';
    if (observation.kind === 'stopping') this.#stopping = true;
    if (observation.kind === 'cluster-waiting') {
      this.#cluster = `waiting for ${observation.server}: ${observation.why}`;
    }
    if (observation.kind === 'reading') this.#note(observation);
    if (observation.kind === 'path-stale') this.#noteStale(observation);
    if (observation.kind === 'path-current') this.#stale.delete(keyOf(observation));
    if (observation.kind === 'breaker') this.#noteBreaker(observation);
    if (observation.kind === 'budget' || observation.kind === 'shedding') {
      this.#noteLimit(observation);
    }
    if (observation.kind === 'pause') this.#notePause(observation);
    if (observation.kind === 'store-trouble') {
      this.#storeTrouble = observation.state === 'unavailable' ? observation.why : '';
    }
    if (observation.kind === 'store-usage') {
      this.#full = observation.level === 'full' ? observation.overflow : '';
    }
  }

  /** Whether every path that may be read is read, and what is read is kept. */
  get isReading(): boolean {
    return [...this.#unread()].length === 0 && [...this.#storeReasons()].length === 0;
  }

  /** The watch paths that the API server refuses. */
  get refused(): readonly string[] {
    const paths = [...this.#sources.values()].flatMap((of) => [...of]);
    return paths.filter(([, { isRefused }]) => isRefused).map(([path]) => path);
  }

  /** What there is to say now; `stuck` is what only a restart ends. */
  health(stuck: readonly string[]): Health {
    const why = [...stuck, ...this.#reasons()];
    // Whoever reaches the probes reads this; what a receiver said and where it is, is in the log.
    const notes = [...this.#broken].map(
      (name) => `trigger ${name}: breaker open; the log says why`,
    );
    notes.push(...this.#pathNotes());
    for (const paused of this.#paused.values()) notes.push(noteOf(paused));
    if (this.#full === 'shed') notes.push('the store is full: new deliveries are shed');
    for (const budget of this.#usedUp) {
      notes.push(`limits.${budget} is used up: deliveries are held; the log says whose`);
    }
    for (const name of this.#shedding) {
      notes.push(
        `trigger ${name}: too many deliveries are held and some are shed; the log says whose`,
      );
    }
    return { live: stuck.length === 0, ready: why.length === 0, why, notes };
  }

  /** A path that has been read stays ready while its watch is renewed; only waiting ends that. */
  #note(reading: SourceReading): void {
    const { source, path, state, reason } = reading;
    const paths = this.#sources.get(source);
    const before = paths?.get(path);
    const isTry = state === 'connecting' || state === 'listing';
    // Also one that is refused stays so while it is tried again.
    if (isTry && (before?.why === '' || before?.isRefused === true)) return;
    const isRefused = reason !== undefined && REFUSALS.includes(reason);
    paths?.set(path, state === 'watching' ? READ : { why: reasonOf(reading), isRefused });
  }

  #noteStale(observation: Extract<Observation, { kind: 'path-stale' }>): void {
    const { source, path, ageMs } = observation;
    const since = this.#clock.monotonic() - ageMs;
    this.#stale.set(keyOf(observation), { of: `source ${source}: ${path}`, since });
  }

  #noteBreaker({ trigger, to }: Extract<Observation, { kind: 'breaker' }>): void {
    if (to === 'open') this.#broken.add(trigger);
    if (to === 'closed') this.#broken.delete(trigger);
  }

  #noteLimit(observation: LimitObserved): void {
    if (observation.kind === 'budget') {
      if (observation.state === 'used-up') this.#usedUp.add(observation.budget);
      else this.#usedUp.delete(observation.budget);
    } else if (observation.state === 'began') this.#shedding.add(observation.trigger);
    else this.#shedding.delete(observation.trigger);
  }

  #notePause(paused: Paused): void {
    if (paused.state === 'over') this.#paused.delete(paused.trigger);
    else this.#paused.set(paused.trigger, paused);
  }

  *#reasons(): Iterable<string> {
    if (this.#stopping) yield 'stopping';
    if (this.#cluster !== '') yield this.#cluster;
    yield* this.#storeReasons();
    yield* this.#unread();
  }

  *#storeReasons(): Iterable<string> {
    if (this.#storeTrouble !== '') yield `the store takes nothing: ${this.#storeTrouble}`;
    if (this.#full === 'block') yield 'the store is full: reading waits for room';
  }

  get #isAllRefused(): boolean {
    const all = [...this.#sources.values()].flatMap((paths) => [...paths.values()]);
    return all.every(({ isRefused }) => isRefused);
  }

  /** Why paths are not read; of those that are refused only if there is no other. */
  *#unread(): Iterable<string> {
    const isAllRefused = this.#isAllRefused;
    for (const [source, paths] of this.#sources) {
      if (paths.size === 0) yield `source ${source}: not begun`;
      for (const { why, isRefused } of paths.values()) {
        if (why !== '' && (!isRefused || isAllRefused)) yield `source ${source}: ${why}`;
      }
    }
  }

  *#pathNotes(): Iterable<string> {
    const isAllRefused = this.#isAllRefused;
    for (const [source, paths] of this.#sources) {
      for (const { why, isRefused } of paths.values()) {
        if (isRefused && !isAllRefused) yield `source ${source}: ${why}; other paths are read`;
      }
    }
    for (const { of, since } of this.#stale.values()) {
      const ageMs = Math.round((this.#clock.monotonic() - since) / 1000) * 1000;
      yield `${of}: not certain to be complete; its position is ${renderDuration(ageMs)} old`;
    }
  }
}

function keyOf({ source, path }: { readonly source: string; readonly path: string }): string {
  return `${source} ${path}`;
}

const PAUSE_WORDS = {
  throttled: 'its receiver asked to wait',
  unauthorized: 'its receiver does not accept the credential',
} as const satisfies Record<Paused['reason'], string>;

function noteOf({ trigger, reason, state, until }: Paused): string {
  const at = new Date(until).toISOString();
  const what =
    state === 'paused' ? `paused, no attempt before ${at}` : 'paused, one attempt is made to see';
  return `trigger ${trigger}: ${what}: ${PAUSE_WORDS[reason]}; the log says why`;
}

function reasonOf(reading: SourceReading): string {
  const doing = `${reading.state} ${reading.path}`;
  return reading.why === '' ? doing : `${doing}: ${reading.why}`;
}
