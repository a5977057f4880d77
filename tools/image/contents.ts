// What a tree is made of: a listing with a digest of each file, and a table of sizes.

import type { Entry } from './tree.ts';

interface Part {
  readonly name: string;
  readonly paths: RegExp;
}

/** Parts of the table, by path. **Order**: an entry belongs to the first part that matches. */
const PARTS: readonly Part[] = [
  { name: 'Node.js, stripped', paths: /^\/usr\/local\/bin\/node$/ },
  { name: '@kubernetes/client-node', paths: /^\/app\/node_modules\/@kubernetes\// },
  { name: 'other npm packages', paths: /^\/app\/node_modules\// },
  { name: 'C and C++ libraries', paths: /^\/lib/ },
  { name: 'Sluice, compiled', paths: /^\/app\/(?:bin|dist)\/|^\/usr\/local\/bin\/sluice$/ },
  { name: 'documents, samples, chart', paths: /^\/app\/(?:docs|samples|charts)\// },
  { name: 'certificate authorities', paths: /^\/etc\/ssl\// },
  {
    name: 'licences, bill of materials, package list',
    paths: /^\/usr\/share\/|^\/var\/lib\/dpkg\/|^\/app\/(?:LICENSE|sbom\.cdx\.json)$/,
  },
  { name: 'other files', paths: /./ },
];

/** Renders a line for each entry: type, mode, size, digest or target, path. */
export function renderListing(entries: readonly Entry[]): string {
  return entries
    .map(
      ({ type, mode, size, content, path }) =>
        `${type} ${mode} ${size} ${content || '-'} ${path}\n`,
    )
    .join('');
}

/** Renders the sizes of the parts as a Markdown table, the largest first. */
export function renderTable(entries: readonly Entry[]): string {
  const files = entries.filter(({ type }) => type === 'file');
  const byPart = Map.groupBy(files, ({ path }) => partOf(path));
  const rows = [...byPart]
    .map(([name, list]) => ({ name, files: list.length, bytes: bytesOf(list) }))
    .sort((a, b) => b.bytes - a.bytes);
  const total = { name: 'all', files: files.length, bytes: bytesOf(files) };
  const lines = [...rows, total].map(
    ({ name, files: count, bytes }) => `| ${name} | ${count} | ${(bytes / 1e6).toFixed(1)} |`,
  );
  return `${['| part | files | MB |', '|---|---:|---:|', ...lines].join('\n')}\n`;
}

/** Sum of the sizes of these entries. Units: bytes. */
export function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

function partOf(path: string): string {
  return PARTS.find(({ paths }) => paths.test(path))?.name ?? '';
}
