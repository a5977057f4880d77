// Activity of the gateway that the API shows, behind one observer. It runs for every Event: a decision
// costs one reference and two counters, and all other work waits for a request.

import type { Clock } from '../core/clock.ts';
import type { Observation } from '../core/observation.ts';
import type { Chain } from '../filters/chain.ts';
import type { GatewayState } from '../telemetry/gateway-state.ts';
import { RecentActivity } from './recent-activity.ts';

// Enough for a thousand entries in each ms between two starts.
const NUMBERS_A_MS = 1_000;

/** Recent entries, hits of rules and state of one gateway since its start. */
export class Activity {
  readonly recent: RecentActivity;
  readonly hits: RuleHits;
  /** Fed by telemetry. */
  readonly standing: GatewayState;
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly #clock: Clock;

  constructor(chain: Chain, clock: Clock, standing: GatewayState) {
    this.#clock = clock;
    this.standing = standing;
    this.startedAt = clock.now();
    // Numbers keep growing across restarts, so a feed that resumes with an older one reports a loss.
    this.recent = new RecentActivity(Math.max(1, this.startedAt) * NUMBERS_A_MS);
    this.hits = new RuleHits(chain);
  }

  /** Records an observation; the function is bound to this object. */
  readonly observe = (observation: Observation): void => {
    if (observation.kind === 'decision') {
      const at = this.#clock.now();
      this.recent.decided(observation, at);
      this.hits.hit(observation.decision.rule?.index ?? null, at);
    }
    if (observation.kind === 'delivery-moved') this.recent.moved(observation, this.#clock.now());
  };
}

/** Counts decisions by rule; the last place belongs to the default rejection. */
class RuleHits {
  readonly #hits: Float64Array;
  readonly #lastAts: Float64Array;

  constructor(chain: Chain) {
    this.#hits = new Float64Array(chain.rules.length + 1);
    this.#lastAts = new Float64Array(chain.rules.length + 1);
  }

  /** Counts a decision of the rule at this place of the file; null is the default rejection. */
  hit(index: number | null, at: number): void {
    const place = index ?? this.#hits.length - 1;
    this.#hits[place] = (this.#hits[place] ?? 0) + 1;
    this.#lastAts[place] = at;
  }

  /**
   * Number of decisions of the rule at this place, and the time of the last one, ms since 1970; null if
   * there was none. Place null is the default rejection.
   */
  of(index: number | null): { readonly hits: number; readonly lastAt: number | null } {
    const place = index ?? this.#hits.length - 1;
    const hits = this.#hits[place] ?? 0;
    return { hits, lastAt: hits === 0 ? null : (this.#lastAts[place] ?? null) };
  }
}
