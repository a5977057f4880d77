// The application in the image, /app: compiled sources, packages that ship, documents, samples and the chart.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isInstalled, type LockedPackage, shippedPackages } from './lockfile.ts';
import { NODE } from './node-binary.ts';
import { LayoutError, output } from './programs.ts';
import type { Tree } from './tree.ts';

/** Folder of the application in the image. */
export const APP = '/app';

/** Path of the command in the image. */
export const COMMAND = '/usr/local/bin/sluice';

/**
 * Bounds the young generation of the heap, which is then collected in steps of 8 MB; Node.js alone would let it
 * grow to 64. V8 reads it only at the start of a process.
 */
export const YOUNG_GENERATION = '--max-semi-space-size=8';

// The kernel passes everything after the program as one argument.
const COMMAND_TEXT = `#!${NODE} ${YOUNG_GENERATION}
import('${APP}/bin/sluice.js');
`;

/** Folders that are copied as they are. */
const FOLDERS = ['bin', 'docs', 'samples', 'charts'] as const;

/** Puts the application and its command into the tree; returns its packages. */
export function addApplication(tree: Tree, project: string): readonly LockedPackage[] {
  for (const name of ['package.json', 'LICENSE']) {
    tree.copy(join(project, name), join(APP, name));
  }
  for (const name of FOLDERS) {
    tree.copyFolder(join(project, name), join(APP, name), (path) => !isOfEditor(path));
  }
  addCompiled(tree, project);
  tree.write(COMMAND, COMMAND_TEXT, 'program');
  const packages = shippedPackages(project);
  for (const one of packages) addPackage(tree, project, one);
  return packages;
}

/** Compiles into a folder of its own: `dist` may contain files of sources that were removed. */
function addCompiled(tree: Tree, project: string): void {
  const aside = mkdtempSync(join(tmpdir(), 'sluice-dist-'));
  try {
    const compiler = join(project, 'node_modules/ts7/bin/tsc');
    const args = [compiler, '-p', join(project, 'tsconfig.build.json'), '--outDir', aside];
    output({ file: process.execPath, args });
    tree.copyFolder(aside, join(APP, 'dist'));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function addPackage(tree: Tree, project: string, one: LockedPackage): void {
  if (!isInstalled(project, one)) {
    throw new LayoutError(`${one.path} is not installed as version ${one.version}; run npm ci`);
  }
  tree.copyFolder(join(project, one.path), join(APP, one.path), isUsed);
}

/** Whether a file of a package can be read at run time, or states its licence. */
export function isUsed(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  const name = basename(path);
  if (folders.some((folder) => UNUSED_FOLDERS.has(folder))) return false;
  if (/^(?:licen[cs]e|copying|notice|authors)\b/i.test(name)) return true;
  return !UNUSED_FILES.test(name) && !name.startsWith('.');
}

const UNUSED_FOLDERS = new Set([
  ...['node_modules', '.github', 'test', 'tests', '__tests__', 'example', 'examples', 'bench'],
  ...['benchmark', 'benchmarks'],
]);

// Source maps, TypeScript, documents, and settings of tools.
const UNUSED_FILES =
  /\.(?:map|[cm]?ts|tsx|md|markdown|flow|tsbuildinfo)$|^(?:changelog|changes|history|readme|tsconfig)\b/i;

function isOfEditor(path: string): boolean {
  return (
    path.endsWith('~') ||
    path.split('/').some((name) => name.startsWith('.') && name !== '.helmignore')
  );
}
