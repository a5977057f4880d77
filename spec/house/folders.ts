// How the files of lib lie in folders: how many a folder has, and which file names occur twice.

import { posix } from 'node:path';
import type { Files } from './files.ts';
import { type Edge, libFiles } from './graph.ts';

/** The most files that a folder may have, without the kinds that its registry lists. */
export const LARGEST_FOLDER = 14;

/** Names that each room may have once. */
const COMMON = new Set(['registry.ts', 'schema.ts', 'kind.ts']);

/** Folders of lib with how many files each has, the largest first. Registered kinds do not count. */
export function folderSizes(files: Files, edges: readonly Edge[]): readonly [string, number][] {
  const kinds = kindsOf(edges);
  const folders = Map.groupBy(
    libFiles(files).filter((file) => !kinds.has(file)),
    (file) => posix.dirname(file),
  );
  return [...folders]
    .map(([folder, list]): [string, number] => [folder, list.length])
    .sort(([, one], [, other]) => other - one);
}

/** File names that occur more than once in lib, although they name no kind. */
export function repeatedNames(files: Files, edges: readonly Edge[]): readonly string[] {
  const kindNames = new Set([...kindsOf(edges)].map((file) => posix.basename(file)));
  const byName = Map.groupBy(libFiles(files), (file) => posix.basename(file));
  return [...byName]
    .filter(([name, list]) => {
      const rooms = new Set(list.map((file) => file.split('/')[1]));
      const isKind = kindNames.has(name) && rooms.size === list.length;
      return list.length > 1 && !COMMON.has(name) && !isKind;
    })
    .map(([name]) => name);
}

/** Files that a registry beside them lists. */
function kindsOf(edges: readonly Edge[]): ReadonlySet<string> {
  const listed = edges.filter(
    ({ from, to }) =>
      posix.basename(from) === 'registry.ts' && posix.dirname(from) === posix.dirname(to),
  );
  return new Set(listed.map(({ to }) => to));
}
