// A store whose calls are retried: a call that fails with `store-unavailable` is repeated with
// backoff until it succeeds. After a stop, reads and claims give up at once; recording an outcome
// gives up at the limit. Other errors are thrown: `store-unusable` ends the gateway.

import type { Clock, Random } from '../core/clock.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { ActAnswer, Store } from '../core/ports/store.ts';
import { backoffMs } from '../kit/async/backoff.ts';

/** Dependencies of the retries. */
interface RetryParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
  /** From then on only the recording of outcomes is retried. */
  readonly stop: AbortSignal;
  /** From then on nothing is retried. */
  readonly limit: AbortSignal;
}

/** Short at first, because most stores are only busy; a full disk stays full for minutes. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** Wraps a store so that its calls are retried while it is unavailable. */
export function retryingStore(store: Store, parts: RetryParts): Store {
  const { journal, outbox, archive, keyValues, upkeep } = store;
  const { stop, limit } = parts;
  const retries = new StoreRetries(parts);
  const work = <T>(call: () => Promise<T>): Promise<T> => retries.with(call, stop);
  /** After a stop, a call of a loop that ends anyway gets an empty answer. */
  const unlessStopped = async <T>(call: () => Promise<T>, nothing: T): Promise<T> => {
    try {
      return await work(call);
    } catch (error) {
      if (stop.aborted && hasCode(error, 'store-unavailable')) return nothing;
      throw error;
    }
  };
  const notNow: ActAnswer = { done: false, state: 'running' };
  return {
    journal: {
      durable: journal.durable,
      positions: (source) => work(() => journal.positions(source)),
      allPositions: () => work(() => journal.allPositions()),
      mayKnow: (key) => journal.mayKnow(key),
      lookup: (keys) => work(() => journal.lookup(keys)),
      commit: (commit) => work(() => journal.commit(commit)),
    },
    outbox: {
      claim: (request) => unlessStopped(() => outbox.claim(request), []),
      // Claimed and not attempted: the next start returns it to waiting.
      attempt: (claim) => unlessStopped(() => outbox.attempt(claim), notNow),
      settle: (settlement) => retries.with(() => outbox.settle(settlement), limit),
      change: (change) => work(() => outbox.change(change)),
      next: (trigger) => unlessStopped(() => outbox.next(trigger), null),
    },
    archive: {
      list: (query) => work(() => archive.list(query)),
      get: (id) => work(() => archive.get(id)),
      decision: (id) => work(() => archive.decision(id)),
      counts: () => work(() => archive.counts()),
      usage: () => work(() => archive.usage()),
      gaps: (count) => work(() => archive.gaps(count)),
      firedSince: (since) => work(() => archive.firedSince(since)),
    },
    keyValues: {
      read: (name) => work(() => keyValues.read(name)),
      write: (name, value) => work(() => keyValues.write(name, value)),
    },
    upkeep: {
      begin: (at) => work(() => upkeep.begin(at)),
      retire: (retirement) => work(() => upkeep.retire(retirement)),
      dropPositions: (gaps) => work(() => upkeep.dropPositions(gaps)),
      shift: (byMs) => work(() => upkeep.shift(byMs)),
      sweep: (bounds) => work(() => upkeep.sweep(bounds)),
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Repeats calls; reports each reason of trouble once, and its end once no call fails any more. */
class StoreRetries {
  readonly #parts: RetryParts;
  /** Calls that fail now: on a full disk reads succeed while writes fail. */
  readonly #failing = new Set<symbol>();
  readonly #reported = new Set<string>();

  constructor(parts: RetryParts) {
    this.#parts = parts;
  }

  async with<T>(call: () => Promise<T>, until: AbortSignal): Promise<T> {
    const one = Symbol('a call');
    for (let failures = 1; ; failures += 1) {
      try {
        const answer = await call();
        this.#succeeded(one);
        return answer;
      } catch (error) {
        const isAway = hasCode(error, 'store-unavailable');
        if (isAway) this.#failed(one, messageOf(error));
        if (!isAway || until.aborted) {
          this.#failing.delete(one);
          throw error;
        }
      }
      const ms = backoffMs(failures, BACKOFF, this.#parts.random);
      await this.#parts.clock.sleep(ms, until).catch(() => undefined);
    }
  }

  #failed(one: symbol, why: string): void {
    this.#failing.add(one);
    if (this.#reported.has(why)) return;
    this.#reported.add(why);
    this.#parts.observe({ kind: 'store-trouble', state: 'unavailable', why });
  }

  #succeeded(one: symbol): void {
    if (!this.#failing.delete(one) || this.#failing.size > 0) return;
    this.#reported.clear();
    this.#parts.observe({ kind: 'store-trouble', state: 'available', why: '' });
  }
}
