// The table of all alerts, in the order of the runbook, and the file from which the chart renders them.

import type { Alert } from './alert.ts';
import { DELIVERY_ALERTS } from './delivery-alerts.ts';
import { GATEWAY_ALERTS } from './gateway-alerts.ts';
import { READING_ALERTS } from './reading-alerts.ts';

const TABLE = [...GATEWAY_ALERTS, ...READING_ALERTS, ...DELIVERY_ALERTS] as const;

/** The name of an alert. */
export type AlertName = (typeof TABLE)[number]['name'];

/** Every alert. */
export const ALERTS: readonly (Alert & { readonly name: AlertName })[] = TABLE;

/** Renders charts/sluice/files/alerts.json. */
export function alertsJson(): string {
  return `${JSON.stringify(ALERTS, null, 2)}\n`;
}
