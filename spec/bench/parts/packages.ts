// What each package of the gateway costs: memory and time of its import, alone in a process, and of all
// of them with the code of the gateway. The modules are those that lib imports.

import { filesUnder, readTree } from '../../house/files.ts';
import { importsOf } from '../../house/imports.ts';
import type { Figure } from '../figure.ts';
import { interleave, type Part, type PartContext } from '../part.ts';
import type { Imported } from '../programs/importer.ts';

/** The variant with everything that the gateway loads. */
const WHOLE = 'sluice';

/** What the packages cost. */
export const packagesPart: Part = {
  name: 'packages',
  summary: 'memory and time of the import of each package, alone in a process, and of the gateway',
  run: packages,
};

async function packages(context: PartContext): Promise<readonly Figure[]> {
  const { world } = context;
  const importing = (specifiers: readonly string[]) => async (): Promise<Imported> => {
    await using importer = await world.startImporter();
    return await importer.ask<Imported>('load', specifiers);
  };
  const runs = await interleave<Imported>(context, {
    ...Object.fromEntries(
      [...modulesByPackage()].map(([name, modules]) => [name, importing([...modules].sort())]),
    ),
    [WHOLE]: importing([world.entry]),
  });
  return Object.entries(runs).flatMap(([name, some]) => [
    figureOf(name, { unit: 'MB', rounds: some.map(({ mb }) => mb) }),
    figureOf(name, { unit: 'ms', rounds: some.map(({ ms }) => ms) }),
  ]);
}

function figureOf(name: string, { unit, rounds }: Pick<Figure, 'unit' | 'rounds'>): Figure {
  const what = unit === 'MB' ? 'memory' : 'time';
  const of = name === WHOLE ? 'everything that the gateway imports' : `the modules of ${name}`;
  return { name: `${what} ${name}`, unit, meaning: `${what} of the import of ${of}`, rounds };
}

/** The modules of each package that lib imports when it starts. */
function modulesByPackage(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { specifier, node } of importsOf(filesUnder(readTree(), /^lib\/.*\.ts$/))) {
    const isOurs = specifier.startsWith('.') || specifier.startsWith('node:');
    // Types are erased, and `import()` waits for those who need the module.
    if (isOurs || !/^import (?!type )/.test(node.getText())) continue;
    const [first = '', second = ''] = specifier.split('/');
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    found.set(name, (found.get(name) ?? new Set()).add(specifier));
  }
  return new Map([...found].sort());
}
