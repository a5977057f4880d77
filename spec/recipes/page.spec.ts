// The page of recipes as a whole: a reader can copy every configuration on it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runLine } from '../cli/process-context.ts';
import { RECIPES, readRecipes, recipesIn } from './page.ts';

// Each variable that a recipe names.
const VARIABLE = /\b(?:[a-z]+Env|env): (\w+)/g;

const A_SECRET = 'https://receiver.example.test/a-secret';

describe('a page of recipes', () => {
  it('is read by headings, with the configuration and the table of answers below each', () => {
    const page = [
      '# Recipes\n\n## Before\n\nText.\n\n## One\n\n```yaml\nversion: 1\nfilters: []\n```\n',
      '```yaml\nanother: block\n```\n\n| answer | the delivery |\n|---|---|\n',
      '| 204 | `delivered` |\n| 403 with `a: 0` | `retry` (`throttled`): waits |\n\n## Two\n\n',
      '```yaml\nversion: 1\n```\n',
    ].join('');
    expect(recipesIn(page)).to.deep.equal([
      {
        heading: 'One',
        configuration: 'version: 1\nfilters: []\n',
        outcomes: new Map([
          ['204', 'delivered'],
          ['403 with a: 0', 'retry throttled'],
        ]),
      },
      { heading: 'Two', configuration: 'version: 1\n', outcomes: new Map() },
    ]);
  });
});

describe('docs/recipes.md', () => {
  it('has the recipes that specs run, and no other', () => {
    expect(readRecipes().map(({ heading }) => heading)).to.deep.equal([...RECIPES]);
  });

  for (const { heading, configuration } of readRecipes()) {
    it(`passes check --strict under "${heading}"`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-recipes-'));
      try {
        const file = join(folder, 'sluice.yaml');
        await writeFile(file, configuration);
        const names = [...configuration.matchAll(VARIABLE)].map(([, name = '']) => name);
        // A value that all of their keys accept.
        const environment = Object.fromEntries(names.map((name) => [name, A_SECRET]));
        const args = ['check', file, '--strict', '--namespace', 'gateway'];
        const { code, out, err } = await runLine(args, { environment });
        expect(code, `${out}${err}`).to.equal(0);
        expect(out).not.to.match(/: (?:warning|error) /);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
