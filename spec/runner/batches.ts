// Which spec files run together in one mocha process, and which of them `make unit` leaves out.
// Nothing is run here; processes.ts does.

import { matchesGlob } from 'node:path';

/** Spec files for one mocha process. */
export interface Batch {
  readonly name: string;
  /** Paths from the root of the project, in the order in which they run. */
  readonly files: readonly string[];
}

/** Specs that the inner loop does without, and why. */
export interface LeftOut {
  readonly files: string;
  readonly why: string;
}

/** What `make unit` leaves to `make test`, the slowest first: that is the order in which they start. */
export const LEFT_OUT: readonly LeftOut[] = [
  { files: 'spec/stores/sqlite.spec.ts', why: 'kills processes that write to a disk' },
  { files: 'spec/bench/parts.spec.ts', why: 'runs every part of the bench' },
  { files: 'spec/cli/process-life.spec.ts', why: 'starts and kills gateways' },
  { files: 'spec/cli/signals.spec.ts', why: 'starts and stops gateways' },
  { files: 'spec/cli/deliveries.spec.ts', why: 'fills stores with thousands of deliveries' },
  { files: 'spec/cli/main.spec.ts', why: 'starts a process for each spec' },
  { files: 'spec/stores/sqlite-open.spec.ts', why: 'compiles lib, and waits for locks' },
  { files: 'spec/fuzz/fuzz.spec.ts', why: 'fuzzes each target' },
  { files: 'spec/cli/demo.spec.ts', why: 'starts demos' },
  { files: 'spec/cli/api.spec.ts', why: 'starts gateways' },
  { files: 'spec/charts/*.spec.ts', why: 'run helm, which is built by Go first' },
  { files: 'spec/house/*.spec.ts', why: 'are run by `make check`' },
  { files: 'spec/e2e/**/*.spec.ts', why: 'need a control plane' },
];

// A process loads the modules of a room once, so larger batches cost less; smaller ones spread better.
const LARGEST_BATCH = 24;

/** The files of the inner loop. */
export function unitFiles(files: readonly string[]): readonly string[] {
  return files.filter((file) => leftOut(file) === undefined);
}

/** Whether a file needs a control plane. */
export function isEndToEnd(file: string): boolean {
  return file.startsWith('spec/e2e/');
}

/**
 * Every file in exactly one batch.
 *
 * **Order**: what `make unit` leaves out first, then the rooms with most files, so that the last
 * batches are short.
 */
export function batchesOf(files: readonly string[]): readonly Batch[] {
  const first = LEFT_OUT.flatMap(({ files: glob }) => {
    const found = files.filter((file) => matchesGlob(file, glob));
    return cut(nameOf(glob), found);
  });
  const rooms = Map.groupBy(unitFiles(files), roomOf);
  const rest = [...rooms].sort(([, a], [, b]) => b.length - a.length);
  return [...first, ...rest.flatMap(([room, found]) => cut(room, found))];
}

function leftOut(file: string): LeftOut | undefined {
  return LEFT_OUT.find(({ files }) => matchesGlob(file, files));
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function nameOf(glob: string): string {
  return glob.replace(/^spec\//, '').replace(/(?:\/\*.*|\.spec\.ts)$/, '');
}

function cut(name: string, files: readonly string[]): readonly Batch[] {
  const count = Math.ceil(files.length / LARGEST_BATCH);
  const size = Math.ceil(files.length / count);
  return Array.from({ length: count }, (_, index) => ({
    name: count === 1 ? name : `${name} ${index + 1}/${count}`,
    files: files.slice(index * size, (index + 1) * size),
  }));
}
