// Locations of the gateway's own files: the data folder with store, history and token, and the store.
// SLUICE_DATA names the folder; the default is the state folder of this user. A store that an earlier
// version left in the working directory is still used there. Only `run` creates the folder.
// Source: https://specifications.freedesktop.org/basedir-spec/latest/ (XDG_STATE_HOME)

import { mkdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { TOKEN_FILE } from '../api/api-token.ts';
import { SluiceError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { codeOfFailure, fileTrouble, isThere } from '../kit/file-trouble.ts';
import { kindOf, type StoreSection, storeAt } from '../plan/plan-store.ts';
import { SQLITE_DEFAULTS } from '../stores/sqlite.ts';
import { historyPathOf } from '../stores/store-location.ts';
import type { ProcessContext } from './command.ts';
import { shellWord } from './deliveries/delivery-text.ts';
import { type FlagTable, textFlag } from './flags.ts';

/** The folder of the gateway's own files. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** `given`: by SLUICE_DATA or a caller. `nothing`: no variable is set, so there is no usable folder. */
  readonly from: 'given' | 'XDG_STATE_HOME' | 'HOME' | 'working directory' | 'nothing';
  /** The folder of this user; it differs from `path` only for a store in the working directory. */
  readonly own: string;
  /** Whether the store is in it, by default or by a relative path of the configuration. */
  readonly holdsStore: boolean;
}

type Machine = Pick<ProcessContext, 'folder' | 'environment'>;

// The specification requires this mode; only this user may read the files about a cluster.
const FOLDER_MODE = 0o700;

const SET_IT = 'set SLUICE_DATA to a folder that this user can write';

/**
 * Finds the folder of the gateway's own files; it creates nothing.
 *
 * `path` is the relative path of the store: `sluice.db`, or the one of the configuration; null if the
 * store is elsewhere.
 */
export async function findDataFolder(path: string | null, machine: Machine): Promise<DataFolder> {
  const holdsStore = path !== null && !isAbsolute(path);
  const found = { ...namedFolder(machine), holdsStore };
  const { folder } = machine;
  const isInPlace = found.from === 'given' || (found.from !== 'nothing' && found.path === folder);
  if (isInPlace || !holdsStore || !(await isFile(resolve(folder, path)))) return found;
  return { ...found, path: folder, from: 'working directory' };
}

/** Describes an existing folder without a store. */
export function givenFolder(path: string): DataFolder {
  return { ...ownFolder(path, 'given'), holdsStore: false };
}

// A folder that this user may not read has no store of the gateway.
function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function namedFolder({ folder, environment }: Machine): NamedFolder {
  const { SLUICE_DATA: named = '', XDG_STATE_HOME: state = '', HOME: home = '' } = environment;
  if (named !== '') return ownFolder(resolve(folder, named), 'given');
  // The specification requires to ignore a relative path.
  if (isAbsolute(state)) return ownFolder(join(state, 'sluice'), 'XDG_STATE_HOME');
  if (isAbsolute(home)) return ownFolder(join(home, '.local/state/sluice'), 'HOME');
  return ownFolder(folder, 'nothing');
}

type NamedFolder = Pick<DataFolder, 'path' | 'from' | 'own'>;

function ownFolder(path: string, from: DataFolder['from']): NamedFolder {
  return { path, from, own: path };
}

/**
 * Creates the folder for this user only.
 *
 * **Errors**: `store-unusable`, with the next step.
 */
export async function makeDataFolder({ path, from }: DataFolder): Promise<void> {
  if (from === 'working directory') return;
  if (from === 'nothing') {
    const found = 'none of SLUICE_DATA, XDG_STATE_HOME and HOME is set';
    throw new SluiceError('store-unusable', `find a folder for the store: ${found}; ${SET_IT}`);
  }
  try {
    // A missing home folder is a mistake, or the user has none; it must not be created here.
    if (from === 'HOME') await stat(resolve(path, '../../..'));
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  } catch (cause) {
    const what = from === 'given' ? path : `${path} (by ${from})`;
    const message = `make the folder ${what}: ${folderTrouble(cause)}; ${SET_IT}`;
    throw new SluiceError('store-unusable', message, { cause });
  }
}

function folderTrouble(error: unknown): string {
  const code = codeOfFailure(error);
  if (code === 'EEXIST') return 'a file where a folder is expected';
  return code === 'ENOENT' ? 'there is no such home folder' : fileTrouble(error);
}

/**
 * Finds a store that an earlier version left in the working directory; null if it is in its place.
 * `command` is a command line that moves it; '' if another store already exists at `to`.
 */
export async function storeToMove(
  { path: folder, from, own }: DataFolder,
  at: string,
): Promise<Readonly<Record<'at' | 'to' | 'command', string>> | null> {
  if (from !== 'working directory' || own === folder) return null;
  const to = join(own, at.slice(folder.length));
  if (await isThere(to)) return { at, to, command: '' };
  const target = dirname(to);
  const files = [at, historyPathOf(at)].map((file) => `${shellWord(file)}*`);
  const token = join(folder, TOKEN_FILE);
  const steps = [
    `mkdir -p -m 700 ${shellWord(target)}`,
    `mv ${files.join(' ')} ${shellWord(target)}`,
    ...((await isThere(token)) ? [`mv ${shellWord(token)} ${shellWord(own)}`] : []),
  ];
  return { at, to, command: steps.join(' && ') };
}

/** The flag that names the store. */
export const STORE_FLAGS = {
  store: textFlag(
    'FILE|memory',
    'the store; default: SLUICE_STORE, else store: of the configuration, else sluice.db in SLUICE_DATA or ~/.local/state/sluice',
  ),
} as const satisfies FlagTable;

/** Sources of the location of a store. */
interface AskedStore {
  /** `--store`; undefined if it is absent. */
  readonly flag: string | undefined;
  /** `store:` of the file if that section is valid; else null. */
  readonly section: StoreSection | null;
}

/** Location of a store. */
export interface StorePlace {
  readonly kind: string;
  /** Absolute; '' for a store without a file. */
  readonly at: string;
  readonly from: 'flag' | 'environment' | 'file' | 'default';
  /** The section `store:` for this location, with the other keys of the file. */
  readonly section: StoreSection;
}

/**
 * Locates the store and the data folder without opening them. The order is: the flag, the variable,
 * `store:` of the file, `sluice.db` in the data folder. So a refused configuration with a valid
 * section `store:` is enough. A relative path of the flag or of `SLUICE_STORE` is relative to the working
 * directory, one of the configuration to the data folder. Follows docs/configuration.md (store).
 */
export async function findStore(
  asked: AskedStore,
  machine: Machine,
): Promise<{ readonly place: StorePlace; readonly dataFolder: DataFolder }> {
  const named = namedPlace(asked, machine);
  const written = asked.section ?? {};
  const kind = kindOf(written);
  const path = kind === 'sqlite' ? pathIn(written) : '';
  const dataFolder = await findDataFolder(named === null && path !== '' ? path : null, machine);
  const at = path === '' ? '' : resolve(dataFolder.path, path);
  const from = Object.hasOwn(written, kind) ? 'file' : 'default';
  return { place: named ?? { kind, at, from, section: written }, dataFolder };
}

/** The location that the flag or the variable names; null if neither does. */
function namedPlace(
  { flag = '', section }: AskedStore,
  { folder, environment }: Machine,
): StorePlace | null {
  const name = flag || (environment['SLUICE_STORE'] ?? '');
  if (name === '') return null;
  const isMemory = name === 'memory';
  const kind = isMemory ? 'memory' : 'sqlite';
  const at = isMemory ? '' : resolve(folder, name);
  const own = isMemory ? {} : { path: at };
  const from = flag === '' ? 'environment' : 'flag';
  return { kind, at, from, section: storeAt(section ?? {}, { kind, own }) };
}

/** Keeps kind and path of a location, and takes the other keys from another section. */
export function placeWith(place: StorePlace, section: StoreSection): StorePlace {
  const { kind } = place;
  const own = place.section[kind] ?? {};
  return { ...place, section: storeAt(section, { kind, own }) };
}

function pathIn({ sqlite }: StoreSection): string {
  const path = isJsonObject(sqlite) ? sqlite['path'] : undefined;
  return typeof path === 'string' ? path : SQLITE_DEFAULTS.path;
}
