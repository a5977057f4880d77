// Simulates arrivals, time and restarts over intake and release, minute by minute, and records what
// was started when, and how long each queue waited for others.

import { type Delivery, eventNamespaceOf } from '../../lib/core/delivery.ts';
import type { Observation } from '../../lib/core/observation.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import type { Limits } from '../../lib/intake/limit-watch.ts';
import { aSeries } from '../support/builders.ts';
import { Waits } from '../support/waits.ts';
import { type HarnessOptions, type IntakeHarness, intakeHarness } from './harness.ts';

/** The next event of the simulation. */
export type Step =
  /** An Event for each object, in one batch. */
  | {
      readonly act: 'arrive';
      readonly namespace: string;
      readonly objects: readonly number[];
    }
  | { readonly act: 'wait'; readonly minutes: number }
  | { readonly act: 'restart' };

/** Settings of the simulation. */
export interface PlaySetting {
  readonly rules: readonly RuleSection[];
  readonly limits: Limits;
  readonly heldAtMost?: number;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** One simulation. */
export class FairPlay {
  /** Ids of everything that was accepted and not shed. */
  readonly accepted = new Set<string>();
  /** Id → wall clock time of its token; in the order of the starts. */
  readonly started: { readonly id: string; readonly at: number }[] = [];
  /** The most turns that one queue had while another waited. */
  longestWait = 0;
  readonly #options: HarnessOptions;
  readonly #waits = new Waits();
  #harness: IntakeHarness;
  #seen = 0;
  #names = 0;

  constructor({ rules, limits, heldAtMost = 10_000 }: PlaySetting) {
    this.#options = { rules, limits, heldAtMost };
    this.#harness = intakeHarness(this.#options);
  }

  /** All deliveries in their current states. */
  kept(): Promise<readonly Delivery[]> {
    return this.#harness.store.archive.list({ limit: 10_000 });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.act === 'arrive') await this.#arrive(step.namespace, step.objects);
      else if (step.act === 'restart') await this.#restart();
      else {
        for (let minute = 0; minute < step.minutes; minute += 1) {
          await this.#harness.clock.advance(MINUTE);
          await this.#pass();
        }
      }
    }
  }

  async #arrive(namespace: string, objects: readonly number[]): Promise<void> {
    const occurrences = objects.map((object) => {
      this.#names += 1;
      return aSeries(`e.${this.#names}`, { namespace, object: `o${object}` });
    });
    await this.#harness.take(...occurrences);
    this.#follow();
    await this.#pass();
  }

  async #restart(): Promise<void> {
    const { store, clock } = this.#harness;
    this.#harness = intakeHarness({ ...this.#options, store, clock });
    this.#seen = 0;
    const { limiter, release } = this.#harness;
    limiter.recover(await store.archive.firedSince(clock.now() - HOUR), clock.now());
    await release.recover();
    await this.#pass();
  }

  async #pass(): Promise<void> {
    await this.#harness.release.pass();
    this.#follow();
  }

  #follow(): void {
    const { seen } = this.#harness;
    for (const observation of seen.slice(this.#seen)) this.#note(observation);
    this.#seen = seen.length;
  }

  #note(observation: Observation): void {
    const at = this.#harness.clock.now();
    if (observation.kind === 'decision') {
      const { namespace } = observation.occurrence;
      for (const { disposition, id, trigger } of observation.disposed) {
        if (id === null) continue;
        this.accepted.add(id);
        if (disposition === 'held') this.#waits.came(`${trigger} ${namespace}`, 1);
        if (disposition === 'queued') this.started.push({ id, at });
      }
    }
    if (observation.kind !== 'delivery-moved') return;
    const { delivery, to } = observation;
    const queue = `${delivery.trigger} ${eventNamespaceOf(delivery)}`;
    if (to === 'waiting') {
      this.started.push({ id: delivery.id, at });
      this.longestWait = Math.max(this.longestWait, this.#waits.turn(queue));
    } else this.#waits.left(queue);
  }
}
