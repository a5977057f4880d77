// The connections of a client for one protocol: which pool a request goes through, by what it can
// bear (reuse.ts), and what the pools tell of places. How connections are made is connector.ts.

import type { Agent } from 'node:http';

import type { Clock } from '../core/clock.ts';
import { ConnectorAgent, type IdleEnd, type WatchedRequest } from './agent.ts';
import type { Connector } from './connector.ts';
import { BRIEF_IDLE_MS, Reuse } from './reuse.ts';

/**
 * A request that can be repeated may meet the end of a kept connection, but that costs a round trip.
 * Usual servers (Node, Apache) keep an idle one for 5 s; what a shorter `keep-alive: timeout=` says is
 * heeded by Node, a second early.
 */
const LONGEST_IDLE_MS = 4000;

/** What a request of node:http is given to find its connection. */
export interface Routed extends WatchedRequest {
  readonly agent: Agent;
}

/** What pools are made of. */
export interface PoolsParts {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly isTls: boolean;
  readonly maxSockets: number;
}

/** The pools of one protocol. */
export class Pools implements Disposable {
  readonly #clock: Clock;
  readonly #reuse = new Reuse();
  readonly #long: ConnectorAgent;
  readonly #brief: ConnectorAgent;
  readonly #single: ConnectorAgent;
  #watched = 0;

  constructor({ connector, clock, isTls, maxSockets }: PoolsParts) {
    this.#clock = clock;
    const common = { isTls, maxSockets, now: () => clock.monotonic() };
    const ignore = (): void => undefined;
    const note = (place: string, how: IdleEnd): void => this.#note(place, how);
    this.#long = new ConnectorAgent(connector, {
      ...{ ...common, idleMs: LONGEST_IDLE_MS, onIdleEnd: ignore },
    });
    this.#brief = new ConnectorAgent(connector, {
      ...{ ...common, idleMs: BRIEF_IDLE_MS, onIdleEnd: note },
    });
    // Without a bound of its own, for which Node announces to the receiver that it will close.
    const unbounded = { ...common, maxSockets: Number.POSITIVE_INFINITY };
    this.#single = new ConnectorAgent(connector, { ...unbounded, idleMs: 0, onIdleEnd: ignore });
  }

  /**
   * Makes sure that no kept connection is given a request that cannot be repeated, unless everything
   * that has arrived on it was seen.
   */
  async settle(): Promise<void> {
    if (this.#brief.kept === 0) return;
    // What arrived while this turn runs is handled in the next one.
    await this.#clock.turn();
    do await this.#clock.turn();
    while (this.#brief.prune());
  }

  /** How a request to a place, as `host:port`, gets its connection. */
  route(place: string, request: { readonly isRepeatable: boolean }): Routed {
    switch (this.#reuse.useFor(place, request, this.#clock.monotonic())) {
      case 'any':
        return { agent: this.#long };
      case 'brief':
        return { agent: this.#brief };
      case 'watched':
        this.#watched += 1;
        return { agent: this.#brief, watched: this.#watched };
      case 'single':
        return { agent: this.#single };
    }
  }

  /** A connection of its own, for a request whose kept connection turned out to be closed. */
  routeAgain(): Routed {
    return { agent: this.#single };
  }

  /** A kept connection to a place carried a request and ended without any answer. */
  died(place: string): void {
    this.#reuse.closedUnannounced(place, this.#clock.monotonic());
  }

  [Symbol.dispose](): void {
    for (const agent of [this.#long, this.#brief, this.#single]) agent.destroy();
  }

  #note(place: string, how: IdleEnd): void {
    if (how === 'stayed open') this.#reuse.stayedOpen(place);
    else this.#reuse.closedUnannounced(place, this.#clock.monotonic());
  }
}
