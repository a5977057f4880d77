// The port takes a list because some kinds will send batches; those that do not fire one by one.

import type { Delivery } from '../core/delivery.ts';
import type { Outcome, Trigger } from '../core/trigger.ts';

/** A trigger that makes its attempts one after another, in the order of the deliveries. */
export function oneEach(
  keyLifeMs: number,
  fireOne: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>,
): Trigger {
  return {
    keyLifeMs,
    fire: async (deliveries, signal) => {
      const outcomes: Outcome[] = [];
      for (const delivery of deliveries) outcomes.push(await fireOne(delivery, signal));
      return outcomes;
    },
  };
}
