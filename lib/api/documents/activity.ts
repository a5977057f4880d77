// Everything that the API remembers, behind one observer. It stands on the path of every Event: a
// decision is a reference and two counters, and whatever else there is to do waits for a question.

import type { Clock } from '../../core/clock.ts';
import type { Observation } from '../../core/observation.ts';
import type { Chain } from '../../filters/chain.ts';
import { GatewayState } from './gateway-state.ts';
import { RecentActivity } from './recent-activity.ts';

// Room for a thousand happenings in each ms between two starts.
const NUMBERS_A_MS = 1_000;

/** What the API remembers of the gateway it stands beside. */
export class Activity {
  readonly recent: RecentActivity;
  readonly hits: RuleHits;
  readonly standing = new GatewayState();
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly #clock: Clock;

  constructor(chain: Chain, clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    // Numbers that go on growing over restarts: who resumes with an older one is told what is lost.
    this.recent = new RecentActivity(Math.max(1, this.startedAt) * NUMBERS_A_MS);
    this.hits = new RuleHits(chain);
  }

  /** Takes note of an observation; may be handed on by itself. */
  readonly observe = (observation: Observation): void => {
    if (observation.kind === 'decision') {
      const at = this.#clock.now();
      this.recent.decided(observation, at);
      this.hits.hit(observation.decision.rule?.index ?? null, at);
      return;
    }
    if (observation.kind === 'delivery-moved') {
      this.recent.moved(observation, this.#clock.now());
      return;
    }
    this.standing.observe(observation, this.#clock.now());
  };
}

// How often each rule decided since the start, and when last. It stands on the path of every Event.

/** How often a rule decided. */
interface Hits {
  readonly hits: number;
  /** Wall clock, ms since 1970; null where it never did. */
  readonly lastAt: number | null;
}

/** Counts decisions by rule; the last place is the default rejection's. */
class RuleHits {
  readonly #hits: Float64Array;
  readonly #lastAts: Float64Array;

  constructor(chain: Chain) {
    this.#hits = new Float64Array(chain.rules.length + 1);
    this.#lastAts = new Float64Array(chain.rules.length + 1);
  }

  /** One more for the rule at this place of the file; null is the default rejection. */
  hit(index: number | null, at: number): void {
    const place = index ?? this.#hits.length - 1;
    this.#hits[place] = (this.#hits[place] ?? 0) + 1;
    this.#lastAts[place] = at;
  }

  /** How often the rule at this place decided; null is the default rejection. */
  of(index: number | null): Hits {
    const place = index ?? this.#hits.length - 1;
    const hits = this.#hits[place] ?? 0;
    return { hits, lastAt: hits === 0 ? null : (this.#lastAts[place] ?? null) };
  }
}
