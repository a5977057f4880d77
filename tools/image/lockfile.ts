// What npm knows: the project's manifest and lockfile, and which packages are installed. The lockfile says
// which packages ship, and with which version, licence and digest.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { LayoutError } from './programs.ts';

/** The project, as its manifest describes it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** Names of packages that it imports. */
  readonly dependencies: readonly string[];
}

/** One package of the lockfile. */
export interface LockedPackage {
  /** As npm writes it: `node_modules/…`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression; empty if the package states none. */
  readonly license: string;
  /** Subresource integrity: algorithm, `-`, digest in base 64. */
  readonly integrity: string;
  /** Names of packages that it asks for, also those that may be missing. */
  readonly dependencies: readonly string[];
}

/**
 * Packages that ship to no image, although they are no development dependencies: declarations of types,
 * and replacements of Node.js' modules under the runtime Bare, which Node.js never loads.
 */
const WITHOUT_USE = [/^@types\//, /^undici-types$/, /^bare-/];

/** The packages that the image contains. */
export function shippedPackages(project: string): readonly LockedPackage[] {
  return lockedPackages(project)
    .filter(({ isShipped }) => isShipped)
    .map(({ locked }) => locked)
    .filter(({ name }) => !WITHOUT_USE.some((pattern) => pattern.test(name)));
}

/** One package of the lockfile that npm installs at its top level. */
export function lockedPackage(project: string, name: string): LockedPackage {
  const path = `node_modules/${name}`;
  const found = lockedPackages(project).find(({ locked }) => locked.path === path);
  if (found === undefined) throw new LayoutError(`package-lock.json has no ${path}`);
  return found.locked;
}

/** Reads the manifest of the project. */
export function readManifest(project: string): Manifest {
  const object = readObject(join(project, 'package.json'));
  const text = (key: string): string => stringAt(object, key);
  return {
    name: text('name'),
    version: text('version'),
    description: text('description'),
    license: text('license'),
    dependencies: Object.keys(objectAt(object, 'dependencies')),
  };
}

/** Whether a package is installed in exactly the version of the lockfile. */
export function isInstalled(project: string, { path, version }: LockedPackage): boolean {
  const file = join(project, path, 'package.json');
  return existsSync(file) && stringAt(readObject(file), 'version') === version;
}

interface Line {
  readonly locked: LockedPackage;
  readonly isShipped: boolean;
}

function lockedPackages(project: string): readonly Line[] {
  const packages = objectAt(readObject(join(project, 'package-lock.json')), 'packages');
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => lineOf(path, isJsonObject(entry) ? entry : {}));
}

function lineOf(path: string, entry: JsonObject): Line {
  const isLeftOut = ['dev', 'optional', 'devOptional', 'peer'].some((key) => entry[key] === true);
  return {
    isShipped: !isLeftOut,
    locked: {
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: stringAt(entry, 'version'),
      license: stringAt(entry, 'license'),
      integrity: stringAt(entry, 'integrity'),
      dependencies: ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) =>
        Object.keys(objectAt(entry, key)),
      ),
    },
  };
}

function readObject(file: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return isJsonObject(value) ? value : {};
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}
