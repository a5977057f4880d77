// Writes Events at a rate, like many reporters: in several namespaces, some of them counted up
// later. It bounds its concurrent requests, and records the Events that the API server accepted.

import { systemClock } from '../../../../lib/kit/system.ts';
import type { AdminClient } from '../../../controlplane/admin-client.ts';
import type { FuzzRandom } from '../../../fuzz/random.ts';
import { anEvent } from '../../support/once.ts';

/** Options of a writer. */
export interface Pace {
  readonly namespaces: readonly string[];
  /** New Events a second. */
  readonly rate: number;
  /** One in this number of new Events has the reason `Build`, which creates Jobs and Secrets. */
  readonly buildEvery: number;
  /** For each new Event, with a chance of one in this number, a recent one is counted up. */
  readonly repeatEvery: number;
}

const UNDER_WAY_AT_MOST = 24;
const TICK_MS = 20;
/** Number of the newest Events that may be counted up. */
const RECENT = 200;

/** Writes Events until it is stopped. */
export class PacedWriter {
  /** `namespace/name` of every Event that the API server accepted. */
  readonly written: string[] = [];
  /** Those of them with the reason `Build`. */
  readonly builds: string[] = [];
  repeats = 0;
  readonly #admin: AdminClient;
  readonly #pace: Pace;
  readonly #random: FuzzRandom;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #counts = new Map<string, number>();
  #began = 0;
  #ended = 0;
  #next = 0;
  #running: Promise<void> = Promise.resolve();
  #trouble: unknown;

  constructor(admin: AdminClient, pace: Pace, random: FuzzRandom) {
    this.#admin = admin;
    this.#pace = pace;
    this.#random = random;
  }

  /** Begins. */
  start(): void {
    this.#began = performance.now();
    this.#running = this.#run();
  }

  /** Events a second that the API server accepted. */
  get rate(): number {
    const end = this.#ended === 0 ? performance.now() : this.#ended;
    return (this.written.length * 1000) / (end - this.#began);
  }

  /** Stops it and waits for running requests. **Errors**: throws if a request failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#underWay);
    this.#ended = performance.now();
    if (this.#trouble !== undefined) throw new Error('writing Events', { cause: this.#trouble });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const due = ((performance.now() - this.#began) / 1000) * this.#pace.rate;
      while (this.#next < due && this.#underWay.size < UNDER_WAY_AT_MOST) this.#begin();
      await systemClock.sleep(TICK_MS, this.#stop.signal).catch(() => undefined);
    }
  }

  #begin(): void {
    const { buildEvery, repeatEvery, namespaces } = this.#pace;
    const number = this.#next;
    this.#next += 1;
    const isBuild = number % buildEvery === 0;
    const at = { namespace: this.#random.pick(namespaces), name: `event-${number}` };
    this.#keep(this.#write(at, isBuild));
    const recent = this.written.slice(-RECENT);
    if (recent.length > 0 && this.#random.oneIn(repeatEvery)) {
      this.#keep(this.#repeat(this.#random.pick(recent)));
    }
  }

  async #write(at: { namespace: string; name: string }, isBuild: boolean): Promise<void> {
    const path = `/api/v1/namespaces/${at.namespace}/events`;
    await this.#admin.request(
      'POST',
      path,
      anEvent(at, { reason: isBuild ? 'Build' : 'Spec', count: 1 }),
    );
    const key = `${at.namespace}/${at.name}`;
    this.written.push(key);
    if (isBuild) this.builds.push(key);
  }

  async #repeat(key: string): Promise<void> {
    const count = (this.#counts.get(key) ?? 1) + 1;
    this.#counts.set(key, count);
    const [namespace = '', name = ''] = key.split('/');
    const path = `/api/v1/namespaces/${namespace}/events/${name}`;
    await this.#admin.request('PATCH', path, { count });
    this.repeats += 1;
  }

  #keep(doing: Promise<void>): void {
    const kept = doing
      .catch((error: unknown) => void (this.#trouble ??= error))
      .finally(() => this.#underWay.delete(kept));
    this.#underWay.add(kept);
  }
}
