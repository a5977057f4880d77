// Writes Events of Pods one after the other, without an end, with each of some reasons in turn.

import { systemClock } from '../../../lib/kit/system.ts';
import type { AdminClient } from '../../controlplane/admin-client.ts';
import { anEvent } from './once.ts';

/** An Event that the API server accepted. */
export interface WrittenEvent {
  readonly name: string;
  readonly reason: string;
  /** The phase in which it was written. */
  readonly phase: string;
}

/** Options of a writer. */
export interface WriterOptions {
  readonly namespace: string;
  readonly reasons: readonly string[];
  /** Between two Events. */
  readonly pauseMs: number;
}

/** Writes Events until it is stopped. */
export class SteadyWriter {
  readonly written: WrittenEvent[] = [];
  /** Name of the phase from now on. */
  phase = 'first';
  readonly #admin: AdminClient;
  readonly #options: WriterOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(admin: AdminClient, options: WriterOptions) {
    this.#admin = admin;
    this.#options = options;
  }

  /** Begins. */
  start(): void {
    this.#running = this.#run();
  }

  /** Writes one more Event, and returns its name. */
  async write(reason: string): Promise<string> {
    const { phase } = this;
    const { namespace } = this.#options;
    const name = `event-${this.#count}`;
    this.#count += 1;
    const path = `/api/v1/namespaces/${namespace}/events`;
    await this.#admin.request('POST', path, anEvent({ namespace, name }, { reason }));
    this.written.push({ name, reason, phase });
    return name;
  }

  /** Stops it. **Errors**: throws if a request failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { reasons, pauseMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      for (const reason of reasons) await this.write(reason);
      await systemClock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
    }
  }
}
