// Health, derived from observations alone, so it cannot disagree with the log. The gateway is ready
// if the cluster is known, every permitted path is read, and the store accepts commits. Otherwise
// health names what it waits for. A path that the server refuses is only a note while others are
// read. Whether a restart would help is decided in liveness.ts.

import type { Clock } from '../core/clock.ts';
import type {
  AccessObserved,
  Health,
  HealthCheck,
  LimitObserved,
  Observation,
} from '../core/observation.ts';
import type { TroubleReason } from '../core/source.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import { accessText } from '../telemetry/log-value.ts';

type SourceReading = Extract<Observation, { kind: 'reading' }>;
type Paused = Extract<Observation, { kind: 'pause' }>;

/** A person must grant or create the path: stopping all other paths until then would not help. */
const REFUSALS: readonly TroubleReason[] = ['forbidden', 'not-found'];

interface PathHealth {
  /** Why it is not read; '' if it is read. */
  readonly why: string;
  readonly isRefused: boolean;
}

const READ: PathHealth = { why: '', isRefused: false };

/** Derives readiness and its reasons from observations. */
export class HealthWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Source → watch path → how it is read. */
  readonly #sources = new Map<string, Map<string, PathHealth>>();
  /** Monotonic time since which no answer proved a path complete; by source and path. */
  readonly #stale = new Map<string, { readonly of: string; readonly since: number }>();
  #cluster = 'the cluster has not been reached yet';
  /** Triggers whose breaker is open: that stops one lane, not the gateway. */
  readonly #broken = new Set<string>();
  /** Triggers that are paused because of their receiver: that stops one lane, too. */
  readonly #paused = new Map<string, Paused>();
  /** Notes about permissions and manifests, by permission and by trigger. */
  readonly #refusals = new Map<string, string>();
  #stopping = false;
  /** Why the store is unavailable; '' if it is available. */
  #storeTrouble = '';
  /** Budgets that hold deliveries, and triggers that shed some: neither stops the gateway. */
  readonly #usedUp = new Set<string>();
  readonly #shedding = new Set<string>();
  /** Effect of a full store; '' if it is not full. */
  #full: '' | 'block' | 'shed' = '';

  constructor(sources: readonly string[], clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    for (const name of sources) this.#sources.set(name, new Map());
  }

  /** Updates the health by an observation. */
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
    if (isAccess(observation)) this.#noteAccess(observation);
    if (observation.kind === 'store-trouble') {
      this.#storeTrouble = observation.state === 'unavailable' ? observation.why : '';
    }
    if (observation.kind === 'store-usage') {
      this.#full = observation.level === 'full' ? observation.overflow : '';
    }
  }

  /** Whether every permitted path is read and the store accepts what is read. */
  get isReading(): boolean {
    return [...this.#unread()].length === 0 && [...this.#storeReasons()].length === 0;
  }

  /** The watch paths that the API server refuses. */
  get refused(): readonly string[] {
    const paths = [...this.#sources.values()].flatMap((of) => [...of]);
    return paths.filter(([, { isRefused }]) => isRefused).map(([path]) => path);
  }

  /** The current health; `stuck` lists the reasons that only a restart ends. */
  health(stuck: readonly string[]): Health {
    const why = [...stuck, ...this.#reasons()];
    // Every client of the probes can read this, so answers and addresses of receivers are omitted.
    const notes = [...this.#broken].map(
      (name) => `trigger ${name}: breaker open; the log says why`,
    );
    notes.push(...this.#pathNotes(), ...this.#refusals.values());
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

  /** The checks that `health` joins, one by one, and one for each of these triggers. */
  checks(stuck: readonly string[], triggers: readonly string[]): readonly HealthCheck[] {
    const sources = [...this.#sources].map(([name, paths]) =>
      checkOf(`source ${name}`, this.#unreadOf(paths)),
    );
    return [
      checkOf('progress', [...stuck, ...(this.#stopping ? ['stopping'] : [])]),
      checkOf('cluster', this.#cluster === '' ? [] : [this.#cluster]),
      checkOf('store', this.#storeReasons()),
      ...sources,
      ...triggers.map((name) => checkOf(`trigger ${name}`, this.#troublesOf(name))),
    ];
  }

  *#troublesOf(trigger: string): Iterable<string> {
    if (this.#broken.has(trigger)) yield 'breaker open';
    const paused = this.#paused.get(trigger);
    if (paused !== undefined) yield `paused: ${PAUSE_WORDS[paused.reason]}`;
    if (this.#shedding.has(trigger)) yield 'some held deliveries are shed';
  }

  /** A path that was read stays ready while its watch is renewed; only `waiting` ends that. */
  #note(reading: SourceReading): void {
    const { source, path, state, reason } = reading;
    const paths = this.#sources.get(source);
    const before = paths?.get(path);
    const isTry = state === 'connecting' || state === 'listing';
    // A refused path stays refused while it is tried again.
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

  #noteAccess(observed: AccessObserved): void {
    const [key, note] = accessNoteOf(observed);
    if (note === null) this.#refusals.delete(key);
    else this.#refusals.set(key, note);
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
    if (this.#storeTrouble !== '') yield `the store is unavailable: ${this.#storeTrouble}`;
    if (this.#full === 'block') yield 'the store is full: reading waits for room';
  }

  get #isAllRefused(): boolean {
    const all = [...this.#sources.values()].flatMap((paths) => [...paths.values()]);
    return all.every(({ isRefused }) => isRefused);
  }

  *#unread(): Iterable<string> {
    for (const [source, paths] of this.#sources) {
      for (const why of this.#unreadOf(paths)) yield `source ${source}: ${why}`;
    }
  }

  /** Why paths of a source are not read; refused paths count only if there are no others. */
  *#unreadOf(paths: ReadonlyMap<string, PathHealth>): Iterable<string> {
    const isAllRefused = this.#isAllRefused;
    if (paths.size === 0) yield 'reading has not started';
    for (const { why, isRefused } of paths.values()) {
      if (why !== '' && (!isRefused || isAllRefused)) yield why;
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
      yield `${of}: may be incomplete; its position is ${renderDuration(ageMs)} old`;
    }
  }
}

function checkOf(name: string, troubles: Iterable<string>): HealthCheck {
  const message = [...troubles].join('; ');
  return { name, healthy: message === '', message };
}

function keyOf({ source, path }: { readonly source: string; readonly path: string }): string {
  return `${source} ${path}`;
}

const ACCESS_KINDS: readonly Observation['kind'][] = [
  'permission',
  'access-review',
  'dry-run',
] satisfies readonly AccessObserved['kind'][];

function isAccess(observation: Observation): observation is AccessObserved {
  return ACCESS_KINDS.includes(observation.kind);
}

/** The note of an observation under its key; null ends it. */
function accessNoteOf(observed: AccessObserved): readonly [key: string, note: string | null] {
  switch (observed.kind) {
    case 'permission': {
      const access = accessText(observed.needed);
      const note = `permission missing: ${access} (${observed.needed.why}); see sluice rbac`;
      return [`permission ${access}`, observed.state === 'missing' ? note : null];
    }
    case 'access-review': {
      const note = 'the permissions could not be reviewed; the log says why';
      return ['access-review', observed.state === 'failed' ? note : null];
    }
    case 'dry-run': {
      const { trigger, state, fault } = observed;
      const note = `trigger ${trigger}: the API server refuses its manifest (${fault}); the log says why`;
      return [`dry-run ${trigger}`, state === 'refused' ? note : null];
    }
  }
}

const PAUSE_WORDS = {
  throttled: 'its receiver asked to wait',
  unauthorized: 'its receiver does not accept the credential',
} as const satisfies Record<Paused['reason'], string>;

function noteOf({ trigger, reason, state, until }: Paused): string {
  const at = new Date(until).toISOString();
  const what =
    state === 'paused' ? `paused, no attempt before ${at}` : 'paused, one attempt tests it';
  return `trigger ${trigger}: ${what}: ${PAUSE_WORDS[reason]}; the log says why`;
}

function reasonOf(reading: SourceReading): string {
  const doing = `${reading.state} ${reading.path}`;
  return reading.why === '' ? doing : `${doing}: ${reading.why}`;
}
