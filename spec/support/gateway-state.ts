// The state of the gateway as run-plan makes it: observations change it through their table.

import type { Clock } from '../../lib/core/clock.ts';
import type { Observation } from '../../lib/core/observation.ts';
import type { Plan } from '../../lib/plan/plan.ts';
import { GatewayState } from '../../lib/telemetry/gateway-state.ts';
import { record } from '../../lib/telemetry/observations/table.ts';

/** The state of a gateway with the sources and triggers of a plan. */
export function stateOf(
  { sources, triggers }: Pick<Plan, 'sources' | 'triggers'>,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): GatewayState {
  const names = {
    sources: sources.map(({ name }) => name),
    triggers: triggers.map(({ name }) => name),
  };
  return new GatewayState(names, clock);
}

/** Records observations in their order. */
export function recordAll(observations: readonly Observation[], state: GatewayState): void {
  for (const observation of observations) record(observation, state);
}
