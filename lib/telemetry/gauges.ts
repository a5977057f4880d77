// The value of each gauge, read from the state of the gateway when it is scraped. Nothing else sets one.

import { PAUSE_REASONS } from '../core/delivery.ts';
import type { GatewayState } from './gateway-state.ts';
import type { LabelsOf, MetricsOfType } from './metric-table.ts';

type GaugeTable = {
  readonly [N in MetricsOfType<'gauge'>]: (
    state: GatewayState,
  ) => readonly (readonly [labels: LabelsOf<N>, value: number])[];
};

/** All series of each gauge; one that was not measured has none, because zero would be wrong. */
export const GAUGES: GaugeTable = {
  sluice_build_info: ({ version }) => (version === null ? [] : [[{ version }, 1]]),
  sluice_configuration_kept: ({ isConfigurationKept }) => [[{}, Number(isConfigurationKept)]],
  sluice_breaker_open: ({ triggers }) =>
    [...triggers].map(([trigger, { breaker }]) => [{ trigger }, Number(breaker !== 'closed')]),
  sluice_lane_paused: ({ triggers }) =>
    [...triggers].flatMap(([trigger, { pause }]) =>
      PAUSE_REASONS.map(
        (reason) => [{ trigger, reason }, Number(pause?.reason === reason)] as const,
      ),
    ),
  sluice_queue_depth: ({ triggers }) =>
    [...triggers].flatMap(([trigger, { depths }]) =>
      [...depths].map(([state, count]) => [{ trigger, state }, count] as const),
    ),
  sluice_read_position_age_seconds: ({ sources }) =>
    [...sources].flatMap(([source, { ageMs }]) =>
      ageMs === null ? [] : [[{ source }, ageMs / 1000] as const],
    ),
  sluice_store_used_bytes: ({ usage }) => [[{}, usage?.bytes ?? 0]],
  sluice_store_limit_bytes: ({ usage }) => [[{}, usage?.maxBytes ?? 0]],
  sluice_store_available: ({ isStoreOpen, storeTrouble }) => [
    [{}, Number(isStoreOpen && storeTrouble === null)],
  ],
};
