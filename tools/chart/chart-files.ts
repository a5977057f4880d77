// The files of the chart that are generated, by their paths from the project's root.

import { chartKinds } from './chart-kinds.ts';
import { chartReadme } from './chart-readme.ts';
import { configurationTextSchema } from './configuration-value.ts';
import { alertsJson } from './monitoring/alerts.ts';
import { dashboardJson } from './monitoring/dashboard.ts';
import { valuesSchema } from './values-table.ts';
import { valuesYaml } from './values-yaml.ts';

/** Generates the files of the chart that follow from the table of values and from the registries. */
export function chartFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['charts/sluice/values.yaml', valuesYaml()],
    ['charts/sluice/values.schema.json', `${JSON.stringify(valuesSchema(), null, 2)}\n`],
    ['charts/sluice/README.md', chartReadme()],
    [
      'charts/sluice/files/configuration.schema.json',
      `${JSON.stringify(configurationTextSchema())}\n`,
    ],
    ['charts/sluice/files/kinds.json', `${JSON.stringify(chartKinds(), null, 2)}\n`],
    ['charts/sluice/files/alerts.json', alertsJson()],
    ['charts/sluice/files/dashboard.json', dashboardJson()],
  ]);
}
