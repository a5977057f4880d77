// The page of recipes as a reader uses it: the configuration under each heading, and the
// table of answers below it. Other specs of this room run the configurations.

import { readFileSync } from 'node:fs';

/** The recipes of the page, by their headings and in its order. */
export const RECIPES = [
  'GitHub: repository_dispatch',
  'GitHub: workflow_dispatch',
  'GitLab: trigger token',
  'GitLab: API',
  'Jenkins',
  'Slack',
  'Alertmanager',
  'Tekton: EventListener',
  'Tekton: PipelineRun',
  'Argo Workflows',
  'Brigade v1',
] as const;

/** The heading of a recipe. */
export type RecipeName = (typeof RECIPES)[number];

/** One recipe of the page. */
export interface Recipe {
  readonly heading: string;
  /** The whole file that a reader copies. */
  readonly configuration: string;
  /**
   * `outcome` or `outcome reason` of a delivery by the answer of its receiver, in the page's order.
   */
  readonly outcomes: ReadonlyMap<string, string>;
}

const PAGE = new URL('../../docs/recipes.md', import.meta.url);

/** Every recipe of the page. */
export function readRecipes(): readonly Recipe[] {
  return recipesIn(readFileSync(PAGE, 'utf8'));
}

/** The recipe under a heading. */
export function recipeOf(name: RecipeName): Recipe {
  const found = readRecipes().find(({ heading }) => heading === name);
  if (found === undefined) throw new Error(`docs/recipes.md has no recipe "${name}"`);
  return found;
}

/** The recipes of a page: its sections with a configuration. */
export function recipesIn(page: string): readonly Recipe[] {
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [heading = ''] = section.split('\n', 1);
      const configuration = /^```yaml\n(version: 1\n[^]*?)^```$/m.exec(section)?.[1];
      return configuration === undefined
        ? []
        : [{ heading, configuration, outcomes: outcomesIn(section) }];
    });
}

/** Rows such as "| 401 | `retry` (`unauthorized`): … |"; a row may be about several answers. */
function outcomesIn(section: string): ReadonlyMap<string, string> {
  const rows = section.matchAll(/^\| (\d{3}[^|]*) \| `([a-z]+)`(?: \(`([a-z-]+)`\))?[^|]*\|$/gm);
  return new Map(
    [...rows].map(([, answer = '', outcome = '', reason = '']) => [
      answer.replaceAll('`', ''),
      `${outcome} ${reason}`.trim(),
    ]),
  );
}
