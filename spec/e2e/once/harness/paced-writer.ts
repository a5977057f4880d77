// Writes Events at a rate, as many reporters would: over several namespaces, some of them counted up
// again later. It keeps at most a few requests under way, and remembers what the API server took.

import { systemClock } from '../../../../lib/kit/system.ts';
import type { AdminClient } from '../../../controlplane/admin-client.ts';
import type { FuzzRandom } from '../../../fuzz/random.ts';
import { anEvent } from '../../support/once.ts';

/** What is written, and how fast. */
export interface Pace {
  readonly namespaces: readonly string[];
  /** New Events a second. */
  readonly rate: number;
  /** Of so many new Events one has the reason `Build` besides: Jobs and Secrets are made of it. */
  readonly buildEvery: number;
  /** For each new Event, one in so many of the last ones is counted up. */
  readonly repeatEvery: number;
}

const UNDER_WAY_AT_MOST = 24;
const TICK_MS = 20;
/** Those that may still be counted up. */
const RECENT = 200;

/** Writes until it is stopped. */
export class PacedWriter {
  /** `namespace/name` of every Event that the API server took. */
  readonly written: string[] = [];
  /** Those of them that are builds besides. */
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

  /** Events a second, as they were written. */
  get rate(): number {
    const end = this.#ended === 0 ? performance.now() : this.#ended;
    return (this.written.length * 1000) / (end - this.#began);
  }

  /** Ends it and waits for what is under way. **Errors**: whatever the API server did not take. */
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
