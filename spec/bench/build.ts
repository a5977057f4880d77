// What is measured is what ships: the compiled gateway, and the programs of the bench compiled in the
// same way, so that no side pays for the stripping of types at its start.

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Where the compiled things are. */
export interface Built {
  /** The executable of the gateway. */
  readonly sluice: string;
  /** The module that the executable runs. */
  readonly entry: string;
  /** The folder of the bench's own programs. */
  readonly programs: string;
}

/**
 * Compiles the gateway and the programs into a folder laid out like the package.
 *
 * **Errors**: throws with the compiler's words where nothing came out; a type error alone is said
 * on standard error and does not stop the bench.
 */
export function build(folder: string): Built {
  const dist = join(folder, 'dist');
  const tsc = join(root, 'node_modules', 'ts7', 'bin', 'tsc');
  const args = [tsc, '-p', join(import.meta.dirname, 'tsconfig.programs.json'), '--outDir', dist];
  const compiler = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const programs = join(dist, 'spec', 'bench', 'programs');
  const entry = join(dist, 'lib', 'cli', 'main.js');
  const isThere = [entry, join(programs, 'reader.js')].every((file) => existsSync(file));
  if (!isThere) throw new Error(`nothing was compiled: ${compiler.stdout}${compiler.stderr}`);
  if (compiler.status !== 0) process.stderr.write(`compiled with errors:\n${compiler.stdout}`);
  const bin = join(folder, 'bin');
  cpSync(join(root, 'bin'), bin, { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { sluice: join(bin, 'sluice.js'), entry, programs };
}
