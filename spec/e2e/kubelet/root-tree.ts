// The root file system of a pod: the paths of the image, with the checkout mounted at /app, Node.js of the
// checkout, and the libraries of this machine. spec/image runs the tree of the image itself.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const project = join(import.meta.dirname, '../../..');

/** Path of Node.js in the tree. */
export const NODE = '/usr/local/bin/node';

/** The command of a container that names none, like the image's entry point. */
export const ENTRY_POINT = [NODE, '/app/bin/sluice.js'];

/** Mounted folders of this machine, by their path in the tree. */
const SHARED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['bin', 'lib', 'docs', 'samples', 'charts', 'package.json'].map((name) => [
      `/app/${name}`,
      join(project, name),
    ]),
  ),
  '/app/node_modules': realpathSync(join(project, 'node_modules')),
  [NODE]: process.execPath,
};

/** Makes the mount points of a tree in a folder; returns the mounts, source by path. */
export function makeRoot(root: string, paths: readonly string[]): Readonly<Record<string, string>> {
  const libraries = ['/lib', '/lib64', '/usr/lib', '/usr/lib64'].filter((path) => existsSync(path));
  const links = libraries.filter((path) => lstatSync(path).isSymbolicLink());
  const folders = libraries.filter((path) => !links.includes(path));
  const mounts = { ...SHARED, ...Object.fromEntries(folders.map((path) => [path, path])) };
  for (const path of ['/proc', '/dev', '/tmp', '/var/lib/sluice', ...paths]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  for (const [path, source] of Object.entries(mounts)) mountPoint(join(root, path), source);
  for (const path of links) symlinkSync(readlinkSync(path), join(root, path));
  return mounts;
}

function mountPoint(path: string, source: string): void {
  if (lstatSync(source).isDirectory()) {
    mkdirSync(path, { recursive: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
}
