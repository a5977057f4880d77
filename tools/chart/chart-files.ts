// The files of the chart that are generated, by their paths from the project's root.

import { chartReadme } from './chart-readme.ts';
import { valuesSchema } from './values-table.ts';
import { valuesYaml } from './values-yaml.ts';

/** Generates every file of the chart that follows from the table of values. */
export function chartFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['charts/sluice/values.yaml', valuesYaml()],
    ['charts/sluice/values.schema.json', `${JSON.stringify(valuesSchema(), null, 2)}\n`],
    ['charts/sluice/README.md', chartReadme()],
  ]);
}
