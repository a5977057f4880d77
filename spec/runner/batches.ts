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

/**
 * What `make unit` leaves to `make test`: what starts processes, repeats something some thousand times, or
 * takes more than about three seconds of a processor.
 *
 * **Order**: a file belongs to the first line that names it. The slowest come first, because that is the
 * order in which they start.
 */
export const LEFT_OUT: readonly LeftOut[] = [
  { files: 'spec/e2e/once/*.spec.ts', why: 'restart and compact a control plane of their own' },
  { files: 'spec/e2e/chart*.spec.ts', why: 'install the chart on a control plane' },
  { files: 'spec/e2e/**/*.spec.ts', why: 'need a control plane' },
  { files: 'spec/house/*.spec.ts', why: 'are run by `make check`' },
  { files: 'spec/image/{build,layout,run}.spec.ts', why: 'lay out the image and build it' },
  { files: 'spec/stores/sqlite.spec.ts', why: 'kills processes that write to a disk' },
  { files: 'spec/bench/parts.spec.ts', why: 'runs every part of the bench' },
  { files: 'spec/cli/process-life.spec.ts', why: 'starts and kills gateways' },
  { files: 'spec/cli/signals.spec.ts', why: 'starts and stops gateways' },
  { files: 'spec/cli/deliveries.spec.ts', why: 'fills stores with thousands of deliveries' },
  { files: 'spec/cli/main.spec.ts', why: 'starts a process for each spec' },
  { files: 'spec/stores/sqlite-open.spec.ts', why: 'compiles lib, and waits for locks' },
  { files: 'spec/charts/**/*.spec.ts', why: 'run helm, which Go builds first' },
  { files: 'spec/cli/{demo,api,last-good}.spec.ts', why: 'start gateways' },
  { files: 'spec/fuzz/fuzz.spec.ts', why: 'fuzzes each target' },
  { files: 'spec/runner/processes.spec.ts', why: 'starts processes of mocha' },
  { files: 'spec/net/idle-closes.spec.ts', why: 'opens ten thousand connections' },
  { files: 'spec/gateway/restart.spec.ts', why: 'runs a gateway many times on one store' },
  { files: 'spec/api/request-limit.spec.ts', why: 'holds every connection there can be' },
  {
    files: 'spec/kubernetes/watch/protocols.spec.ts',
    why: 'runs the watch suite over two more protocols',
  },
  { files: 'spec/kubernetes/watch/paged-list.spec.ts', why: 'reads pages above 32 MiB' },
  {
    files: 'spec/{api,views}/{decision-documents,delivery-documents,explain-request}.spec.ts',
    why: 'read pages of the largest Events',
  },
  { files: 'spec/filters/{properties,narrowing,corpus}.spec.ts', why: 'try thousands of rules' },
  { files: 'spec/triggers/manifest/too-large.spec.ts', why: 'renders the largest objects' },
  { files: 'spec/*/hostile.spec.ts', why: 'try thousands of hostile values' },
  { files: 'spec/intake/held-deliveries.spec.ts', why: 'holds ten thousand deliveries' },
  { files: 'spec/sources/configurations.spec.ts', why: 'tries random sequences' },
];

// Loading mocha and the modules of a room costs about as much as the specs of ten files. Files of slow
// rooms wait, so that large batches of them would end last.
const BATCH_FILES = 32;
const SLOW_BATCH_FILES = 16;

/** Rooms whose specs wait for sockets, disks and processes. They start first, so that no core idles last. */
export const SLOW_ROOMS: readonly string[] = [
  ...['kubernetes', 'triggers', 'stores', 'recipes', 'playback', 'api', 'cli', 'net'],
];

/** The files of the inner loop. */
export function unitFiles(files: readonly string[]): readonly string[] {
  return files.filter((file) => leftOut(file) === undefined);
}

/** Whether a file, or the files of a pattern, need a control plane. The path may be absolute. */
export function isEndToEnd(file: string): boolean {
  return /(?:^|\/)spec\/e2e\//.test(file);
}

/**
 * Every file in exactly one batch.
 *
 * **Order**: what `make unit` leaves out, then the slow rooms, then all others. Small rooms that follow each
 * other run together.
 */
export function batchesOf(files: readonly string[]): readonly Batch[] {
  const first = LEFT_OUT.map((line) => ({
    name: nameOf(line.files),
    files: files.filter((file) => leftOut(file) === line),
  }));
  const rooms = [...Map.groupBy(unitFiles(files), roomOf)].map(([name, found]) => ({
    name,
    files: found,
  }));
  return [...first.filter((batch) => batch.files.length > 0), ...joined(rooms.sort(bySlowness))];
}

function bySlowness(a: Batch, b: Batch): number {
  return slowness(a) - slowness(b);
}

function slowness({ name }: Batch): number {
  const at = SLOW_ROOMS.indexOf(name);
  return at < 0 ? SLOW_ROOMS.length : at;
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

/** Rooms cut and put together so that each batch has about as many files as the next. */
function joined(rooms: readonly Batch[]): readonly Batch[] {
  const batches: Batch[] = [];
  for (const part of rooms.flatMap(inParts)) {
    const last = batches.at(-1);
    const most = batchFiles(last ?? part);
    const fits = last !== undefined && last.files.length + part.files.length <= most;
    if (fits) batches.splice(-1, 1, together(last, part));
    else batches.push(part);
  }
  return batches;
}

/** Largest number of files in a batch: small if it has files of a slow room. */
function batchFiles({ files }: Batch): number {
  const isSlow = files.some((file) => SLOW_ROOMS.includes(roomOf(file)));
  return isSlow ? SLOW_BATCH_FILES : BATCH_FILES;
}

function inParts({ name, files }: Batch): readonly Batch[] {
  const count = Math.ceil(files.length / batchFiles({ name, files }));
  const size = Math.ceil(files.length / count);
  return Array.from({ length: count }, (_, index) => ({
    name: count === 1 ? name : `${name} ${index + 1}/${count}`,
    files: files.slice(index * size, (index + 1) * size),
  }));
}

function together(a: Batch, b: Batch): Batch {
  return { name: `${a.name}, ${b.name}`, files: [...a.files, ...b.files] };
}
