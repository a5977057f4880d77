// The disk under the stores that are measured: that of the repository, and no part of the memory,
// which is what a folder for temporary files is on some machines.

import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const BYTES_PER_MB = 1024 * 1024;

/** A folder on the disk of the repository: the one for temporary files where that lies there. */
export function folderOnDisk(): string {
  if (statSync(tmpdir()).dev === statSync(root).dev) return tmpdir();
  const own = join(root, 'node_modules', '.cache');
  mkdirSync(own, { recursive: true });
  return own;
}

/** Size of the files of a flat folder, in MB of 1024 × 1024 bytes. */
export function folderMb(folder: string): number {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0) / BYTES_PER_MB;
}

/** Gives the disk back what a store took, before the next one comes. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
