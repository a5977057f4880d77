// The state of the gateway, derived from observations alone, so it cannot disagree with the log. Health,
// liveness, the status document and the gauges read it; the rows of observations/ change it.

import type { Clock } from '../core/clock.ts';
import type { DeliveryState, Outcome, PauseReason } from '../core/delivery.ts';
import type {
  BreakerState,
  Budget,
  ByKind,
  Observation,
  PauseState,
  ReadingState,
} from '../core/observation.ts';
import type { TroubleReason } from '../core/ports/source.ts';

type Observed = ByKind<Observation>;

/** State of the reading of one watch path. */
export interface PathStanding {
  readonly state: ReadingState;
  readonly why: string;
  /** The error that caused `waiting`; else null. */
  readonly reason: TroubleReason | null;
  /** Why its Events do not arrive; '' if they do, also while its watch is renewed. */
  readonly unread: string;
  /** Whether the server refuses it; a person must grant or create it. */
  readonly isRefused: boolean;
}

/** State of one source. */
interface SourceStanding {
  readonly paths: ReadonlyMap<string, PathStanding>;
  /** Since when no answer proved a path complete, monotonic. */
  readonly stale: ReadonlyMap<string, number>;
  /** Age of its oldest position; null until it was measured. */
  readonly ageMs: number | null;
}

/** Changed in place, because a source may have thousands of paths. */
interface ChangingSource extends SourceStanding {
  readonly paths: Map<string, PathStanding>;
  readonly stale: Map<string, number>;
  ageMs: number | null;
}

/** Why a trigger makes no attempts now. */
export interface PauseStanding {
  readonly reason: 'breaker' | PauseReason;
  /** Time of the next trial attempt, ms since 1970; in the past if it is due. */
  readonly until: number;
  /** For people. */
  readonly why: string;
}

/** State of one trigger. */
interface TriggerStanding {
  readonly breaker: BreakerState;
  readonly pause: PauseStanding | null;
  /** Of a pause that is no breaker. */
  readonly pauseState: PauseState;
  /** Attempts that run. */
  readonly running: number;
  readonly isShedding: boolean;
  /** Since the start, at ms since 1970; null if there was none. */
  readonly lastFailure: {
    readonly at: number;
    readonly id: string;
    readonly outcome: Exclude<Outcome, { readonly outcome: 'delivered' }>;
  } | null;
  readonly lastDeliveredAt: number | null;
  /** Unsettled deliveries as they were last measured. */
  readonly depths: ReadonlyMap<DeliveryState, number>;
}

/** Last reported usage of the store. */
type UsageStanding = Pick<Observed['store-usage'], 'level' | 'overflow' | 'bytes' | 'maxBytes'>;

const IDLE: TriggerStanding = {
  ...{ breaker: 'closed', pause: null, pauseState: 'over', running: 0, isShedding: false },
  ...{ lastFailure: null, lastDeliveredAt: null, depths: new Map() },
};

const REFUSALS: readonly (TroubleReason | null)[] = ['forbidden', 'not-found'];

type StateNames = Readonly<Record<'sources' | 'triggers', readonly string[]>>;
type Simple = 'version' | 'isConfigurationKept' | 'isStopping' | 'cluster' | 'clusterTrouble';
type OfStore = 'isStoreOpen' | 'storeAt' | 'usage' | 'storeTrouble';

/** Holds the latest state. */
export class GatewayState {
  /** Version of the running program; null until it has started. */
  readonly version: string | null = null;
  /** Whether the last good configuration runs instead of the file. */
  readonly isConfigurationKept: boolean = false;
  readonly isStopping: boolean = false;
  /** Null until the gateway has connected. */
  readonly cluster: Pick<Observed['cluster-found'], 'id' | 'from' | 'server'> | null = null;
  /** Why there is no cluster; '' if it was found. */
  readonly clusterTrouble: string = 'the cluster has not been reached yet';
  readonly isStoreOpen: boolean = false;
  /** Path of the store; empty if it has none. */
  readonly storeAt: string = '';
  /** Null until it was reported. */
  readonly usage: UsageStanding | null = null;
  /** Why the store is unavailable; null if it is available. */
  readonly storeTrouble: string | null = null;
  /** Budgets that hold deliveries. */
  readonly usedUp = new Set<Budget>();
  /** Notes about permissions and manifests that the cluster refuses, by their subject. */
  readonly refusals = new Map<string, string>();
  readonly #sources = new Map<string, ChangingSource>();
  readonly #triggers: Map<string, TriggerStanding>;
  readonly #isConfigured: boolean;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;

  /** Only these names have a state; with null, each name that is observed. */
  constructor(names: StateNames | null, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#isConfigured = names !== null;
    for (const name of names?.sources ?? []) this.#addSource(name);
    this.#triggers = new Map(names?.triggers.map((name) => [name, IDLE]));
  }

  /** By name, in the order of the configuration. */
  get sources(): ReadonlyMap<string, SourceStanding> {
    return this.#sources;
  }

  /** By name, in the order of the configuration. */
  get triggers(): ReadonlyMap<string, TriggerStanding> {
    return this.#triggers;
  }

  /** State of a trigger; that of an idle one until it is first reported. */
  trigger(name: string): TriggerStanding {
    return this.#triggers.get(name) ?? IDLE;
  }

  /** States of the watch paths of a source. */
  paths(source: string): ReadonlyMap<string, PathStanding> {
    return this.#sources.get(source)?.paths ?? new Map();
  }

  /** Effect of a full store; null if it is not full. */
  get full(): UsageStanding['overflow'] | null {
    return this.usage?.level === 'full' ? this.usage.overflow : null;
  }

  /** Changes what is neither of a source nor of a trigger. */
  set(change: Partial<Pick<GatewayState, Simple | OfStore>>): void {
    Object.assign(this, change);
  }

  /** Changes the state of a trigger; stored deliveries may have one of an earlier configuration. */
  setTrigger(trigger: string, change: Partial<TriggerStanding>): void {
    if (this.#isConfigured && !this.#triggers.has(trigger)) return;
    this.#triggers.set(trigger, { ...this.trigger(trigger), ...change });
  }

  /** Records a reading: a path that was read stays so while its watch is renewed. */
  reads(observed: Observed['reading']): void {
    const { source, path, state, why, reason = null } = observed;
    const { paths } = this.#source(source);
    const before = paths.get(path);
    const isTry = state === 'connecting' || state === 'listing';
    // A refused path stays refused while it is tried again.
    const isKept = isTry && before !== undefined && (before.unread === '' || before.isRefused);
    const doing = why === '' ? `${state} ${path}` : `${state} ${path}: ${why}`;
    const { unread, isRefused } = isKept
      ? before
      : { unread: state === 'watching' ? '' : doing, isRefused: REFUSALS.includes(reason) };
    paths.set(path, { state, why, reason, unread, isRefused });
  }

  /** Records since when a path may be incomplete; null: it is complete. */
  ages({ source, path }: Observed['path-stale' | 'path-current'], ageMs: number | null): void {
    const { stale } = this.#source(source);
    if (ageMs === null) stale.delete(path);
    else stale.set(path, this.#clock.monotonic() - ageMs);
  }

  /** Records the age of a source. */
  measures({ source, ageMs }: Observed['position-age']): void {
    this.#source(source).ageMs = ageMs;
  }

  /** Records an attempt that begins. */
  attempts({ delivery: { trigger } }: Observed['attempt-started']): void {
    this.setTrigger(trigger, { running: this.trigger(trigger).running + 1 });
  }

  /** Records an attempt that ended. */
  attempted({ delivery: { id, trigger }, outcome }: Observed['attempt-ended']): void {
    const at = this.#clock.now();
    const running = Math.max(0, this.trigger(trigger).running - 1);
    const isDelivered = outcome.outcome === 'delivered';
    const last = isDelivered ? { lastDeliveredAt: at } : { lastFailure: { at, id, outcome } };
    this.setTrigger(trigger, { running, ...last });
  }

  /** Records a change of a breaker. */
  breaks({ trigger, to: breaker, why, retryMs }: Observed['breaker']): void {
    const now: PauseStanding = { reason: 'breaker', until: this.#clock.now() + retryMs, why };
    const tried = breaker === 'half-open' ? this.#tried(trigger, now) : null;
    this.setTrigger(trigger, { breaker, pause: breaker === 'open' ? now : tried });
  }

  /** Records a change of a pause. */
  pauses({ trigger, state: pauseState, reason, until, why }: Observed['pause']): void {
    const now = { reason, until, why };
    const tried = pauseState === 'trying' ? this.#tried(trigger, now) : null;
    this.setTrigger(trigger, { pauseState, pause: pauseState === 'paused' ? now : tried });
  }

  /** Records a number of unsettled deliveries. */
  counts({ trigger, state, count }: Observed['queue-depth']): void {
    this.setTrigger(trigger, { depths: new Map(this.trigger(trigger).depths).set(state, count) });
  }

  /** Records whether a budget holds deliveries. */
  holds({ budget, state }: Observed['budget']): void {
    if (state === 'used-up') this.usedUp.add(budget);
    else this.usedUp.delete(budget);
  }

  /** Records a refusal by the cluster under its subject; null ends it. */
  refuses(subject: string, note: string | null): void {
    if (note === null) this.refusals.delete(subject);
    else this.refusals.set(subject, note);
  }

  /** A source that is not configured has no state, so changes of it are lost. */
  #source(name: string): ChangingSource {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    return this.#isConfigured ? newSource() : this.#addSource(name);
  }

  #addSource(name: string): ChangingSource {
    const source = newSource();
    this.#sources.set(name, source);
    return source;
  }

  /** The pause goes on; a trial attempt may come before its time because a person asked for it. */
  #tried(trigger: string, now: PauseStanding): PauseStanding {
    return { ...(this.trigger(trigger).pause ?? now), until: now.until };
  }
}

function newSource(): ChangingSource {
  return { paths: new Map(), stale: new Map(), ageMs: null };
}
