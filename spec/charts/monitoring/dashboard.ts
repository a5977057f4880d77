// The dashboard of the chart as Grafana reads it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartDirectory } from '../helm.ts';

/** A query of a panel. */
export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

/** A panel or the heading of a row. */
export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly Target[];
}

/** A variable. */
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: unknown;
  readonly allValue?: string;
}

/** The dashboard. */
export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly GrafanaPanel[];
}

/** Reads the chart's file. */
export function readDashboard(): Dashboard {
  const file = join(chartDirectory, 'files/dashboard.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
}

/** Every query with the title of its panel. */
export function queriesOf({ panels }: Dashboard): readonly (Target & { readonly title: string })[] {
  return panels.flatMap(({ title, targets = [] }) => targets.map((one) => ({ ...one, title })));
}

/** Puts values into a query as Grafana does: every variable is `All`. */
export function filledIn({ templating }: Dashboard, expr: string, interval: string): string {
  const filled = templating.list.reduce(
    (text, { name, allValue = '' }) => text.replaceAll(`$${name}`, allValue),
    expr.replaceAll(/\$__(?:rate_interval|range)\b/g, interval),
  );
  if (filled.includes('$')) throw new Error(`a variable of ${expr} is not known`);
  return filled;
}
