// The Node.js of the image: the executable of the npm package that the lockfile names, stripped.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Binutils, Platform } from './binutils.ts';
import { isInstalled, type LockedPackage, lockedPackage } from './lockfile.ts';
import { LayoutError, output } from './programs.ts';
import type { Tree } from './tree.ts';

/** Path of the executable in the image. */
export const NODE = '/usr/local/bin/node';

/** Request for the executable of one architecture. */
export interface NodeRequest {
  /** Root of the project. */
  readonly project: string;
  readonly cache: string;
  readonly platform: Platform;
  readonly binutils: Binutils;
}

/** Puts Node.js and its licences into the tree. */
export function addNode(tree: Tree, request: NodeRequest): LockedPackage {
  const { project, cache, platform, binutils } = request;
  const locked = lockedPackage(project, `node-linux-${platform.node}`);
  const folder = folderOf(locked, { project, cache });
  tree.folder('/usr/local/bin');
  binutils.strip(join(folder, 'bin/node'), tree.at(NODE));
  tree.copy(join(folder, 'LICENSE'), '/usr/share/doc/node/copyright');
  return locked;
}

/** The package in node_modules, or from npm if this machine has another architecture. */
function folderOf(
  locked: LockedPackage,
  { project, cache }: Pick<NodeRequest, 'project' | 'cache'>,
): string {
  const installed = join(project, locked.path);
  if (isInstalled(project, locked)) return installed;
  const folder = join(cache, `${locked.name}-${locked.version}`);
  if (!existsSync(folder)) download(locked, { cache, folder });
  return join(folder, 'package');
}

function download(
  { name, version, integrity }: LockedPackage,
  { cache, folder }: { readonly cache: string; readonly folder: string },
): void {
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(join(cache, 'aside-'));
  try {
    output({ file: 'npm', args: ['pack', '--silent', `${name}@${version}`], cwd: aside });
    const file = join(aside, `${name}-${version}.tgz`);
    const [algorithm = '', digest] = integrity.split(/-(.*)/s);
    const found = createHash(algorithm).update(readFileSync(file)).digest('base64');
    if (found !== digest) {
      throw new LayoutError(`${name}@${version}: the integrity is not that of package-lock.json`);
    }
    output({ file: 'tar', args: ['--extract', '--file', file], cwd: aside });
    rmSync(file);
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
