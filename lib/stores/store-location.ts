// The location of a store's file: checked before SQLite opens it, so that errors name the location's
// problem, and checked again while it is open. A new file is created here, readable only by its
// owner; existing content is never changed here.

import { open, readFile, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { SluiceError } from '../core/errors.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import { unusable, unusableAs } from './sqlite/sqlite-errors.ts';
import { APPLICATION_ID } from './sqlite/worker/schema.ts';

/** The first bytes of every SQLite file. */
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const PAGES_AT = 28;
const APPLICATION_ID_AT = 68;

/** The path of the history beside a store: `sluice-history.db` for `sluice.db`. */
export function historyPathOf(path: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-history${extension}`);
}

/**
 * Resolves links in the folder of a file, so that each file has one path.
 *
 * **Errors**: `store-unusable` if the folder cannot be reached.
 */
export async function placeOf(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    throw folderTrouble(path, error);
  });
  return join(folder, basename(path));
}

/**
 * Checks that a store can be at this path, and creates the file if it does not exist.
 *
 * **Errors**: `store-unusable`.
 */
export async function prepareFile(path: string): Promise<void> {
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
  throw unusable(path, `its folder is on a network file system (${network})`, {
    todo: 'locks are unreliable there and a crash may lose data; use a local disk or a block volume',
  });
}

function folderTrouble(path: string, error: unknown): SluiceError {
  return unusable(path, `its folder ${dirname(path)}: ${fileTrouble(error)}`, {
    todo: 'create the folder, name another file with --store, SLUICE_STORE or store.sqlite.path, or name another folder with SLUICE_DATA',
    cause: error,
  });
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOfFailure(error) === 'ENOENT') return null;
    throw unusable(path, fileTrouble(error), { todo: 'correct the path', cause: error });
  });
  if (found === null) return null;
  if (found.isDirectory()) throw unusable(path, 'a folder', { todo: 'name a file in it' });
  if (!found.isFile()) throw unusable(path, 'not a regular file', { todo: 'name another file' });
  return found.size;
}

/** A missing or empty file beside a log or history was lost. Creating a new one would hide that. */
async function checkNothingIsMissing(path: string, bytes: number | null): Promise<void> {
  for (const left of [`${path}-wal`, historyPathOf(path)]) {
    const size = await stat(left).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) continue;
    const found = bytes === null ? 'it does not exist' : 'it is empty';
    throw unusable(path, `${found}, but ${basename(left)}, which belongs to it, exists`, {
      todo: `restore the file; to start empty, remove ${left} too`,
    });
  }
}

async function make(path: string): Promise<void> {
  try {
    const made = await open(path, 'wx', 0o600);
    await made.close();
  } catch (error) {
    // Another process created it meanwhile, so it is checked like any other.
    if (codeOfFailure(error) === 'EEXIST') return;
    throw unusable(path, `the file cannot be created: ${fileTrouble(error)}`, {
      todo: 'make the folder writable for this user, free space, or name another folder with SLUICE_DATA or another file with --store',
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
    // If there is a log beside it, pages may be only in the log.
    const isComplete = header.readUInt16BE(PAGE_SIZE_AT) * header.readUInt32BE(PAGES_AT) <= bytes;
    if (!isComplete && (await sizeOf(`${path}-wal`)) === null) {
      throw unusableAs(path, {
        what: 'damaged',
        detail: 'the file is shorter than its header says',
      });
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw unusable(path, `the file cannot be written: ${fileTrouble(error)}`, {
      todo: 'make the file and its folder writable for this user',
      cause: error,
    });
  }
}

function foreign(path: string): Error {
  return unusable(path, 'a file that Sluice did not write, or one damaged at its beginning', {
    todo: 'name another file, or restore the right one from a backup; this one was not changed',
  });
}

/**
 * Network file systems by their number in statfs. Their locks are not reliable and a written page may
 * be lost, so two gateways could open the same store.
 *
 * **Source**: statfs(2) and linux/magic.h.
 */
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

/** A file system in a user program; only the list of mounts names the program. */
const FUSE = 0x65735546;

/** FUSE file systems on a local disk. */
const LOCAL_FUSE: ReadonlySet<string> = new Set([
  'fuseblk',
  'virtiofs',
  'fuse.fuse-overlayfs',
  'fuse.gocryptfs',
  'fuse.mergerfs',
  'fuse.ntfs-3g',
]);

const UNSIGNED = 0x1_0000_0000;

/** The file system and device of a path. */
interface FileLocation {
  /** The type of the file system, from statfs. */
  readonly type: number;
  /** The device number, from stat. */
  readonly device: number;
  /** The text of /proc/self/mountinfo; '' if there is none. */
  readonly mounts: string;
}

/** The name of a network file system, or of a FUSE file system that may be one; null if local. */
export function networkFileSystem({ type, device, mounts }: FileLocation): string | null {
  // Some platforms return a signed number.
  const unsigned = ((type % UNSIGNED) + UNSIGNED) % UNSIGNED;
  if (unsigned !== FUSE) return NETWORK_FILE_SYSTEMS[unsigned] ?? null;
  const mounted = mountedType(mounts, device);
  return mounted !== null && LOCAL_FUSE.has(mounted) ? null : (mounted ?? 'FUSE');
}

/**
 * Reads a line such as `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw`: the device is the
 * third field, the type follows ` - `.
 *
 * **Source**: proc_pid_mountinfo(5).
 */
function mountedType(mounts: string, device: number): string | null {
  // The bits of makedev(3). Shifts of a Number keep 32 bits, which is enough for devices.
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const line = mounts
    .split('\n')
    .find((one) => one.split(' ', 3)[2] === `${major}:${minor}` && one.includes(' - '));
  return line?.split(' - ')[1]?.split(' ')[0] ?? null;
}

/** Dependencies of `OpenFiles`. */
export interface OpenFilesParts {
  /** The main file; its log is beside it. */
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Called once, with the first file found missing or replaced. */
  readonly lost: (file: string, found: 'gone' | 'replaced') => void;
}

/** A running gateway calls its store at least every 10 s, so a loss is detected within a minute. */
const LOOK_MS = 5_000;

/** Device and inode, which are not reused while the file is open; null if there is no file. */
type Identity = string | null;

/**
 * Detects that a file of an open store was moved, deleted or replaced. SQLite would continue to write
 * to the file that it opened, and no later start would find these changes. A checkpoint and a VACUUM
 * change the content of the files, not their identity.
 */
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

  /** Stores the identity of the files. The store must be open. */
  static async of(parts: OpenFilesParts): Promise<OpenFiles> {
    const known = new Map<string, Identity>();
    for (const file of [parts.path, `${parts.path}-wal`]) {
      known.set(file, (await identityOf(file)) ?? null);
    }
    return new OpenFiles(parts, known);
  }

  /** Checks the files if the last check is some seconds ago. May be called at any time. */
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

/** The identity of a file; undefined if it cannot be read although the file may exist. */
async function identityOf(file: string): Promise<Identity | undefined> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOfFailure(error) ?? '') ? null : undefined;
  }
}
