// Doubles of the port Store. The recording one and the failing one stand before another store, by
// default one in memory, so that everything else works.

import { SluiceError } from '../../../lib/core/errors.ts';
import type {
  Archive,
  Commit,
  Committed,
  Journal,
  KeyValues,
  Outbox,
  Store,
  Upkeep,
} from '../../../lib/core/ports/store.ts';
import { createMemoryStore } from '../../../lib/stores/memory.ts';

/** The asynchronous calls of all ports of a store; their names differ. */
interface StoreCalls
  extends Omit<Journal, 'durable' | 'mayKnow'>,
    Outbox,
    Archive,
    KeyValues,
    Upkeep {}

/** The name of a call. */
export type StoreCallName = keyof StoreCalls;

/** The arguments of a call. */
export type ArgumentsOf<Name extends StoreCallName> = Readonly<Parameters<StoreCalls[Name]>>;

/** A call with its arguments. */
export type StoreCall = {
  [Name in StoreCallName]: { readonly name: Name; readonly args: ArgumentsOf<Name> };
}[StoreCallName];

/** A store with some of its ports replaced. Disposing it leaves the original open. */
export function storeWith(store: Store, changes: Partial<Store>): Store {
  const { journal, outbox, archive, keyValues, upkeep } = store;
  const disposal = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };
  return { journal, outbox, archive, keyValues, upkeep, ...disposal, ...changes };
}

/** Passes each call of a store through a function. */
export function storeAround(
  { journal, outbox, archive, keyValues, upkeep }: Store,
  around: <T>(call: StoreCall, proceed: () => Promise<T>) => Promise<T>,
): Omit<Store, typeof Symbol.asyncDispose> {
  return {
    journal: {
      durable: journal.durable,
      mayKnow: (key) => journal.mayKnow(key),
      positions: (...args) => around({ name: 'positions', args }, () => journal.positions(...args)),
      allPositions: () => around({ name: 'allPositions', args: [] }, () => journal.allPositions()),
      lookup: (...args) => around({ name: 'lookup', args }, () => journal.lookup(...args)),
      commit: (...args) => around({ name: 'commit', args }, () => journal.commit(...args)),
    },
    outbox: {
      claim: (...args) => around({ name: 'claim', args }, () => outbox.claim(...args)),
      attempt: (...args) => around({ name: 'attempt', args }, () => outbox.attempt(...args)),
      settle: (...args) => around({ name: 'settle', args }, () => outbox.settle(...args)),
      change: (...args) => around({ name: 'change', args }, () => outbox.change(...args)),
      next: (...args) => around({ name: 'next', args }, () => outbox.next(...args)),
    },
    archive: {
      list: (...args) => around({ name: 'list', args }, () => archive.list(...args)),
      get: (...args) => around({ name: 'get', args }, () => archive.get(...args)),
      decision: (...args) => around({ name: 'decision', args }, () => archive.decision(...args)),
      counts: () => around({ name: 'counts', args: [] }, () => archive.counts()),
      usage: () => around({ name: 'usage', args: [] }, () => archive.usage()),
      gaps: (...args) => around({ name: 'gaps', args }, () => archive.gaps(...args)),
      firedSince: (...args) =>
        around({ name: 'firedSince', args }, () => archive.firedSince(...args)),
    },
    keyValues: {
      read: (...args) => around({ name: 'read', args }, () => keyValues.read(...args)),
      write: (...args) => around({ name: 'write', args }, () => keyValues.write(...args)),
    },
    upkeep: {
      begin: (...args) => around({ name: 'begin', args }, () => upkeep.begin(...args)),
      retire: (...args) => around({ name: 'retire', args }, () => upkeep.retire(...args)),
      dropPositions: (...args) =>
        around({ name: 'dropPositions', args }, () => upkeep.dropPositions(...args)),
      shift: (...args) => around({ name: 'shift', args }, () => upkeep.shift(...args)),
      sweep: (...args) => around({ name: 'sweep', args }, () => upkeep.sweep(...args)),
    },
  };
}

const NO_ROOM: Committed = { done: false, usage: { bytes: 1, maxBytes: 1 } };

/** A store that has nothing and stores nothing: every commit is answered, every change refused. */
export function nopStore(): Store {
  const usage = { bytes: 0, maxBytes: 0 };
  const refused = async () => ({ done: false, state: null }) as const;
  return {
    journal: {
      durable: false,
      positions: async () => new Map(),
      allPositions: async () => new Map(),
      mayKnow: () => false,
      lookup: async () => new Map(),
      commit: async () => ({ done: true, existing: new Set(), usage }),
    },
    outbox: {
      claim: async () => [],
      attempt: refused,
      settle: refused,
      change: refused,
      next: async () => null,
    },
    archive: {
      list: async () => [],
      get: async () => null,
      decision: async () => null,
      counts: async () => [],
      usage: async () => usage,
      gaps: async () => [],
      firedSince: async () => [],
    },
    keyValues: { read: async () => null, write: async () => undefined },
    upkeep: {
      begin: async () => ({ lost: [], unattempted: 0, paths: [] }),
      retire: async () => undefined,
      dropPositions: async () => undefined,
      shift: async () => undefined,
      sweep: async () => 0,
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** A store with its calls so far. */
export interface RecordingStore {
  readonly store: Store;
  /** Every call so far, in order. Its answer is that of the inner store. */
  readonly calls: StoreCall[];
  /** The arguments of the calls of one name, in order. */
  readonly of: <Name extends StoreCallName>(name: Name) => readonly ArgumentsOf<Name>[];
  /** The arguments of each commit, in order. */
  readonly commits: () => readonly Commit[];
}

/** Records the calls of a store. */
export function recordingStore(inner: Store = createMemoryStore()): RecordingStore {
  const calls: StoreCall[] = [];
  const of = <Name extends StoreCallName>(name: Name): readonly ArgumentsOf<Name>[] =>
    calls.filter((call) => isOf(call, name)).map(({ args }) => args);
  const around = storeAround(inner, (call, proceed) => {
    calls.push(call);
    return proceed();
  });
  const store = { ...around, [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose]() };
  return { store, calls, of, commits: () => of('commit').map(([commit]) => commit) };
}

function isOf<Name extends StoreCallName>(
  call: StoreCall,
  name: Name,
): call is StoreCall & { readonly name: Name; readonly args: ArgumentsOf<Name> } {
  return call.name === name;
}

type Fault =
  | { readonly how: 'before' | 'after'; readonly error: Error }
  | { readonly how: 'never answers' };

/** The error of a store that a retry may find available. */
export const UNAVAILABLE = new SluiceError('store-unavailable', 'disk full');

/** A store that works until the spec makes some of its calls fail. */
export class FailingStore {
  readonly store: Store;
  readonly #faults = new Map<StoreCallName | 'every call', Fault>();
  #isFull = false;

  constructor(inner: Store = createMemoryStore()) {
    const around = storeAround(inner, (call, proceed) => this.#call(call, proceed));
    const commit: Journal['commit'] = (one) =>
      this.#isFull && one.deliveries.length > 0
        ? Promise.resolve(NO_ROOM)
        : around.journal.commit(one);
    const journal = { ...around.journal, commit };
    const dispose = (): PromiseLike<void> => inner[Symbol.asyncDispose]();
    this.store = { ...around, journal, [Symbol.asyncDispose]: dispose };
  }

  /** Makes these calls store nothing and throw; every call if none is named. */
  fail(error: Error = UNAVAILABLE, ...names: readonly StoreCallName[]): void {
    this.#set({ how: 'before', error }, names);
  }

  /** Makes these calls do their work and then throw: the caller gets no answer. */
  loseAnswers(error: Error, ...names: readonly StoreCallName[]): void {
    this.#set({ how: 'after', error }, names);
  }

  /** Makes these calls store nothing and never answer. */
  hang(...names: readonly StoreCallName[]): void {
    this.#set({ how: 'never answers' }, names);
  }

  /** Refuses commits with new deliveries, because there is no room. */
  fill(): void {
    this.#isFull = true;
  }

  /** Ends the failures of these calls; every failure, including the lack of room, if none is named. */
  heal(...names: readonly StoreCallName[]): void {
    for (const name of names) this.#faults.delete(name);
    if (names.length > 0) return;
    this.#faults.clear();
    this.#isFull = false;
  }

  #set(fault: Fault, names: readonly StoreCallName[]): void {
    for (const name of names) this.#faults.set(name, fault);
    if (names.length === 0) this.#faults.set('every call', fault);
  }

  async #call<T>({ name }: StoreCall, proceed: () => Promise<T>): Promise<T> {
    const fault = this.#faults.get(name) ?? this.#faults.get('every call');
    if (fault === undefined) return proceed();
    if (fault.how === 'never answers') return new Promise(() => undefined);
    if (fault.how === 'after') await proceed();
    throw fault.error;
  }
}

/** A store of which these calls, or every call, fail from the beginning. */
export function failingStore(
  error: Error = UNAVAILABLE,
  ...names: readonly StoreCallName[]
): FailingStore {
  const failing = new FailingStore();
  failing.fail(error, ...names);
  return failing;
}
