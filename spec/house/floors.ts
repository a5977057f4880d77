// The floors of the house: an import points to the same room or to a lower floor, never up, never
// sideways; a third-party package is imported in its room alone.

import { posix } from 'node:path';
import { type Fault, type Files, faultAt } from './files.ts';
import { importsOf } from './imports.ts';

/** The floor of each room of lib. */
export const FLOORS: Readonly<Record<string, number>> = {
  core: 0,
  kit: 0,
  net: 1,
  filters: 2,
  delivery: 2,
  kubernetes: 2,
  telemetry: 2,
  config: 2,
  intake: 3,
  sources: 3,
  triggers: 3,
  stores: 3,
  plan: 4,
  views: 4,
  gateway: 5,
  api: 5,
  playback: 5,
  cli: 6,
};

/** Folders with the other places of their room from which they may import. */
const INNERMOST: readonly (readonly [folder: string, below: readonly string[]])[] = [
  ['lib/kubernetes/client/', []],
  ['lib/kubernetes/discovery/', ['lib/kubernetes/client/']],
];

/** The one room of each third-party package. */
export const PACKAGES: Readonly<Record<string, string>> = {
  '@kubernetes/client-node': 'kubernetes',
  winston: 'telemetry',
  'prom-client': 'telemetry',
  ajv: 'config',
  'js-yaml': 'config',
  express: 'api',
  re2js: 'kit',
  axios: 'net',
  undici: 'net',
};

/** Imports within lib, and from bin, that cross a floor. */
export function crossedFloors(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const { source, node, specifier } of importsOf(files)) {
    if (!specifier.startsWith('.')) continue;
    // A package has the compiled lib below dist.
    const path = posix.join(posix.dirname(source.fileName), specifier);
    const target = path.replace(/^dist\/lib\//, 'lib/');
    const why = whyCrossed(source.fileName, target);
    if (why !== undefined) faults.push(faultAt(source, node, why));
  }
  return faults;
}

/** Packages imported outside their room, or unknown here. */
export function strayPackages(files: Files): readonly Fault[] {
  const faults: Fault[] = [];
  for (const { source, node, specifier } of importsOf(files)) {
    const room = roomOf(source.fileName);
    if (room === undefined || specifier.startsWith('.') || specifier.startsWith('node:')) continue;
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const home = PACKAGES[name];
    if (home === room) continue;
    const where = home === undefined ? 'has no room' : `belongs to lib/${home}`;
    faults.push(faultAt(source, node, `package ${name} ${where}`));
  }
  return faults;
}

function whyCrossed(from: string, to: string): string | undefined {
  const room = roomOf(from);
  const target = roomOf(to);
  if (room === undefined) return undefined;
  if (room === target) {
    const [inner = '', below = []] = INNERMOST.find(([folder]) => from.startsWith(folder)) ?? [];
    const isBelow = [inner, ...below].some((folder) => to.startsWith(folder));
    return isBelow ? undefined : `${inner} imports ${to}`;
  }
  if (target === undefined) return `imports ${to}, which is no room of lib`;
  const floor = FLOORS[room];
  const below = FLOORS[target];
  if (floor === undefined || below === undefined) return `${room} or ${target} has no floor`;
  // Beside each other on the ground, but only one of them leans on the other.
  const onGround = room === 'kit' && target === 'core';
  if (below < floor || onGround) return undefined;
  return `${room} (floor ${floor}) imports ${target} (floor ${below})`;
}

/** The room of a file of lib; bin counts as part of the top floor. */
function roomOf(file: string): string | undefined {
  if (file.startsWith('bin/')) return 'cli';
  return /^lib\/([^/]+)\//.exec(file)?.[1];
}
