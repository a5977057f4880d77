// Health, made up from observations alone: nobody reports to it specially, so it can not disagree
// with the log. Ready once the cluster is known, every source reads and the store takes what is read;
// else it says what it waits for. Whether a restart would help is liveness.ts.
import type { Health } from '../core/health.ts';
import type { LimitObserved, Observation } from '../core/observation.ts';

type Reading = Extract<Observation, { kind: 'reading' }>;

/** Follows observations and says whether the gateway does its work. */
export class HealthWatch {
  /** Source → watch path → why it does not read; '' where it does. */
  readonly #sources = new Map<string, Map<string, string>>();
  #cluster = 'the cluster has not been reached yet';
  /** Triggers whose breaker is open; that stops one lane, not the gateway's work. */
  readonly #broken = new Set<string>();
  #stopping = false;
  /** Why the store takes nothing; '' where it does. */
  #storeTrouble = '';
  /** Budgets that hold deliveries, and triggers that shed some: neither stops the gateway's work. */
  readonly #usedUp = new Set<string>();
  readonly #shedding = new Set<string>();
  /** What a full store means; '' where it is not full. */
  #full: '' | 'block' | 'shed' = '';

  constructor(sources: readonly string[]) {
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
    if (observation.kind === 'breaker') this.#noteBreaker(observation);
    if (observation.kind === 'budget' || observation.kind === 'shedding') {
      this.#noteLimit(observation);
    }
    if (observation.kind === 'store-trouble') {
      this.#storeTrouble = observation.state === 'unavailable' ? observation.why : '';
    }
    if (observation.kind === 'store-usage') {
      this.#full = observation.level === 'full' ? observation.overflow : '';
    }
  }

  /** Whether every path of every source is read, and what is read is kept. */
  get isReading(): boolean {
    return [...this.#unread()].length === 0 && [...this.#storeReasons()].length === 0;
  }

  /** What there is to say now; `stuck` is what only a restart ends. */
  health(stuck: readonly string[]): Health {
    const why = [...stuck, ...this.#reasons()];
    // Whoever reaches the probes reads this; what a receiver said and where it is, is in the log.
    const notes = [...this.#broken].map(
      (name) => `trigger ${name}: breaker open; the log says why`,
    );
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
  #note({ source, path, state, why }: Reading): void {
    const paths = this.#sources.get(source);
    if (state !== 'waiting' && state !== 'watching' && paths?.get(path) === '') return;
    paths?.set(path, reasonOf({ path, state, why }));
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

  *#unread(): Iterable<string> {
    for (const [source, paths] of this.#sources) {
      if (paths.size === 0) yield `source ${source}: not begun`;
      for (const why of paths.values()) if (why !== '') yield `source ${source}: ${why}`;
    }
  }
}

function reasonOf(reading: { path: string; state: string; why: string }): string {
  if (reading.state === 'watching') return '';
  const doing = `${reading.state} ${reading.path}`;
  return reading.why === '' ? doing : `${doing}: ${reading.why}`;
}
