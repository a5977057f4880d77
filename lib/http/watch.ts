// Everything that the API remembers, behind one observer. It stands on the path of every Event: a
// decision is a reference and two counters, and whatever else there is to do waits for a question.

import type { Clock } from '../core/clock.ts';
import type { Observation } from '../core/observation.ts';
import type { Chain } from '../filters/chain.ts';
import { HitCounter } from './hits.ts';
import { Recent } from './recent.ts';
import { Standing } from './standing.ts';

// Room for a thousand happenings in each ms between two starts.
const NUMBERS_A_MS = 1_000;

/** What the API remembers of the gateway it stands beside. */
export class ApiWatch {
  readonly recent: Recent;
  readonly hits: HitCounter;
  readonly standing = new Standing();
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly #clock: Clock;

  constructor(chain: Chain, clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    // Numbers that go on growing over restarts: who resumes with an older one is told what is lost.
    this.recent = new Recent(Math.max(1, this.startedAt) * NUMBERS_A_MS);
    this.hits = new HitCounter(chain);
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
