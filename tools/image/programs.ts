// Programs that the layout runs: how they are started, and how their failure reads.

import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, its arguments, and settings of its process. */
export interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A failure of the layout that a person can act on. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/** Programs among these that no folder of PATH has. */
export function missingPrograms(names: readonly string[], path: string): readonly string[] {
  const folders = path.split(delimiter);
  return names.filter((name) => !folders.some((folder) => isProgram(join(folder, name))));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// The list of the packages of a distribution is the largest; it has some 10 MB.
const LARGEST_OUTPUT = 256 * 1024 * 1024;

/** Runs a program and returns its standard output; its failure contains what it wrote. */
export function output(call: Call): string {
  return run(call, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** Runs a program whose output the person at the terminal reads. */
export function show(call: Call): void {
  run(call, { stdio: ['ignore', 'inherit', 'inherit'] });
}

function run({ file, args, cwd, env }: Call, options: ExecFileSyncOptions): string {
  const place = { ...(cwd !== undefined && { cwd }), ...(env !== undefined && { env }) };
  try {
    return String(execFileSync(file, args, { ...options, ...place, maxBuffer: LARGEST_OUTPUT }));
  } catch (error) {
    const command = [file, ...args].join(' ');
    throw new LayoutError(`run ${command}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  if (stderr !== '') return stderr;
  const hasEnded = 'status' in error && typeof error.status === 'number';
  return hasEnded ? `exit code ${String(error.status)}` : error.message;
}
