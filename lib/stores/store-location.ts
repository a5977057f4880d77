// Looks at where the store shall lie before anything is opened, so that what is wrong with the place
// is said in words about the place. The file is made here, for nobody else to read; nothing that is
// there is written to.

import { open, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type Clock } from '../core/clock.ts';
import { SluiceError } from '../core/errors.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import { unusable, unusableAs } from './sqlite/sqlite-errors.ts';
import { APPLICATION_ID } from './sqlite/worker/schema.ts';

/** What every SQLite file begins with. */
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const PAGES_AT = 28;
const APPLICATION_ID_AT = 68;

/** The second file of a store: `sluice.db` has `sluice-history.db` beside it. */
export function historyPathOf(path: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-history${extension}`);
}

/**
 * The one name of a file, however its folder is called.
 *
 * **Errors**: `store-unusable` where the folder can not be reached.
 */
export async function placeOf(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    throw folderTrouble(path, error);
  });
  return join(folder, basename(path));
}

/**
 * Makes sure that a store can lie there, and that there is a file.
 *
 * **Errors**: `store-unusable`.
 */
export async function preparePlace(path: string): Promise<void> {
  await checkFolder(path);
  const bytes = await sizeOf(path);
  if (bytes === null || bytes === 0) await checkNothingIsMissing(path, bytes);
  if (bytes === null) await make(path);
  else await checkHeader(path, bytes);
}

async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await statfs(folder).catch((error: unknown) => {
    throw folderTrouble(path, error);
  });
  const { dev: device } = await stat(folder);
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const network = networkFileSystem({ type: found.type, device, mounts });
  if (network === null) return;
  throw unusable(path, `its folder lies on a network file system (${network})`, {
    todo: 'there two gateways can not be kept apart and a crash may lose what was stored; put it on a local disk or a block volume',
  });
}

function folderTrouble(path: string, error: unknown): SluiceError {
  return unusable(path, `its folder ${dirname(path)}: ${fileTrouble(error)}`, {
    todo: 'make the folder, name another file with --store, SLUICE_STORE or store.sqlite.path, or another folder with SLUICE_DATA',
    cause: error,
  });
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOfFailure(error) === 'ENOENT') return null;
    throw unusable(path, fileTrouble(error), { todo: 'mend the path', cause: error });
  });
  if (found === null) return null;
  if (found.isDirectory()) throw unusable(path, 'a folder', { todo: 'name a file in it' });
  if (!found.isFile()) throw unusable(path, 'no regular file', { todo: 'name another file' });
  return found.size;
}

/** An empty file beside what belongs to a full one: somebody lost it, and that is not for us to hide. */
async function checkNothingIsMissing(path: string, bytes: number | null): Promise<void> {
  for (const left of [`${path}-wal`, historyPathOf(path)]) {
    const size = await stat(left).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) continue;
    const found = bytes === null ? 'it is not there' : 'it is empty';
    throw unusable(path, `${found}, but ${basename(left)}, which belongs to it, is still there`, {
      todo: `put the file back from where it went; to begin with nothing remove ${left} too`,
    });
  }
}

async function make(path: string): Promise<void> {
  try {
    const made = await open(path, 'wx', 0o600);
    await made.close();
  } catch (error) {
    // Another process made it meanwhile: it is looked at like any other.
    if (codeOfFailure(error) === 'EEXIST') return;
    throw unusable(path, `the file can not be made: ${fileTrouble(error)}`, {
      todo: 'make the folder writable for this user, make room, or name another folder with SLUICE_DATA or another file with --store',
      cause: error,
    });
  }
}

async function checkHeader(path: string, bytes: number): Promise<void> {
  try {
    await using file = await open(path, 'r+');
    if (bytes === 0) return;
    await file.chmod(0o600).catch(() => undefined);
    const header = Buffer.alloc(HEADER_BYTES);
    await file.read(header, 0, HEADER_BYTES, 0);
    if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw foreign(path);
    if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) throw foreign(path);
    // With a log beside it, pages may still stand there alone.
    const isComplete = header.readUInt16BE(PAGE_SIZE_AT) * header.readUInt32BE(PAGES_AT) <= bytes;
    if (!isComplete && (await sizeOf(`${path}-wal`)) === null) {
      throw unusableAs(path, { what: 'damaged', detail: 'the file is shorter than it says' });
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw unusable(path, `the file can not be written: ${fileTrouble(error)}`, {
      todo: 'make the file and its folder writable for this user',
      cause: error,
    });
  }
}

function foreign(path: string): Error {
  return unusable(path, 'a file that Sluice did not write, or one damaged at its beginning', {
    todo: 'name another file, or put the right one there from a copy; this one was left as it is',
  });
}

// Which file systems are no place for a store, by the number that statfs answers: across a network
// locks are advice and a written page may be lost, so two gateways could both believe they are alone.
// Numbers from statfs(2) and linux/magic.h, lines of mounts from proc_pid_mountinfo(5).

/** File systems across a network, or that hide one. */
export const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x6b414653: 'kAFS',
  0x73757245: 'Coda',
  0x564c: 'NCP',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x7461636f: 'OCFS2',
  0x01161970: 'GFS2',
  0x013111a8: 'IBRIX',
  0xa501fcf5: 'VxFS',
  0x20030528: 'OrangeFS',
  0x19830326: 'BeeGFS',
};

/** A program behind a file system: which one, only the list of mounts tells. */
const FUSE = 0x65735546;

/** What of it is a disk of this machine. */
const LOCAL_FUSE: ReadonlySet<string> = new Set([
  'fuseblk',
  'virtiofs',
  'fuse.fuse-overlayfs',
  'fuse.gocryptfs',
  'fuse.mergerfs',
  'fuse.ntfs-3g',
]);

const UNSIGNED = 0x1_0000_0000;

/** What is known of where a file lies. */
interface FilePlace {
  /** Of the file system, as statfs answers it. */
  readonly type: number;
  /** As stat answers it. */
  readonly device: number;
  /** The text of /proc/self/mountinfo; '' where there is none. */
  readonly mounts: string;
}

/** The name of a network file system, or of one that may hide one; null where it is local. */
export function networkFileSystem({ type, device, mounts }: FilePlace): string | null {
  // Some platforms answer the number with a sign.
  const unsigned = ((type % UNSIGNED) + UNSIGNED) % UNSIGNED;
  if (unsigned !== FUSE) return NETWORK_FILE_SYSTEMS[unsigned] ?? null;
  const mounted = mountedType(mounts, device);
  return mounted !== null && LOCAL_FUSE.has(mounted) ? null : (mounted ?? 'FUSE');
}

/** `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw`: device third, type behind ` - `. */
function mountedType(mounts: string, device: number): string | null {
  // As makedev(3) packs them; Numbers hold more bits than their shifts do, devices have no more.
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const line = mounts
    .split('\n')
    .find((one) => one.split(' ', 3)[2] === `${major}:${minor}` && one.includes(' - '));
  return line?.split(' - ')[1]?.split(' ')[0] ?? null;
}

/** Dependencies of the look after a store's files. */
export interface OpenFilesParts {
  /** The main file; its log lies beside it. */
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Called once, with the file that is not what it was. */
  readonly lost: (file: string, found: 'gone' | 'replaced') => void;
}

/** A running gateway calls its store every 10 s at least, so a loss is noticed within a minute. */
const LOOK_MS = 5_000;

/** A file by what cannot be used again while it is open; null if there is none. */
type Identity = string | null;

/** The files of an open store. */
export class OpenFiles {
  readonly #parts: OpenFilesParts;
  readonly #known: ReadonlyMap<string, Identity>;
  #lookedAt: number;
  #isOver = false;

  private constructor(parts: OpenFilesParts, known: ReadonlyMap<string, Identity>) {
    this.#parts = parts;
    this.#known = known;
    this.#lookedAt = parts.clock.monotonic();
  }

  /** Remembers which files they are; the store is open. */
  static async of(parts: OpenFilesParts): Promise<OpenFiles> {
    const known = new Map<string, Identity>();
    for (const file of [parts.path, `${parts.path}-wal`]) {
      known.set(file, (await identityOf(file)) ?? null);
    }
    return new OpenFiles(parts, known);
  }

  /** Looks after them, if some seconds have passed since it last did; may be called at any time. */
  async look(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (this.#isOver || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    for (const [file, known] of this.#known) {
      const found = await identityOf(file);
      if (this.#isOver || known === null || found === undefined || found === known) continue;
      this.#isOver = true;
      this.#parts.lost(file, found === null ? 'gone' : 'replaced');
    }
  }
}

/** Undefined if the file cannot be looked at, for another reason than that it is gone. */
async function identityOf(file: string): Promise<Identity | undefined> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOfFailure(error) ?? '') ? null : undefined;
  }
}
