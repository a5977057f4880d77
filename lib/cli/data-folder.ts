// The folder of the gateway's own files: store, history and token. SLUICE_DATA names it; without it the
// files lie in the state folder of this user. A store that an earlier version left in the working
// directory is still used there. Only `run` makes the folder.
// Source: https://specifications.freedesktop.org/basedir-spec/latest/ (XDG_STATE_HOME)

import { mkdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { TOKEN_FILE } from '../api/api-token.ts';
import { SluiceError } from '../core/errors.ts';
import { isJsonObject } from '../core/event.ts';
import { codeOfFailure, fileTrouble, isThere } from '../kit/file-trouble.ts';
import { kindOf, type StoreSection, storeAt } from '../plan/plan-store.ts';
import { SQLITE_DEFAULTS } from '../stores/sqlite.ts';
import { historyPathOf } from '../stores/store-location.ts';
import type { ProcessContext } from './command.ts';
import { shellWord } from './deliveries/delivery-text.ts';
import type { FlagTable } from './flags.ts';

/** Where the gateway's own files lie. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** `given`: by SLUICE_DATA or a caller. `nothing`: no variable names one, so it cannot be used. */
  readonly from: 'given' | 'XDG_STATE_HOME' | 'HOME' | 'working directory' | 'nothing';
  /** The folder of this user; another one than `path` only for a store in the working directory. */
  readonly own: string;
  /** Whether the store lies there, by default or by a relative path of the configuration. */
  readonly holdsStore: boolean;
}

/** A store of an earlier version, and how to move it. */
interface StoreToMove {
  readonly at: string;
  readonly to: string;
  /** A line for a shell; '' if there is another store at the place where it would go. */
  readonly command: string;
}

type Machine = Pick<ProcessContext, 'folder' | 'environment'>;

// The specification asks for this mode: what the files say about a cluster is for this user alone.
const FOLDER_MODE = 0o700;

const SET_IT = 'set SLUICE_DATA to a folder that this user can write';

/**
 * The folder of the gateway's own files. Nothing is made.
 *
 * `path` is that of the store in this folder: `sluice.db`, or as the configuration has it; null if the
 * store lies elsewhere.
 */
export async function findDataFolder(path: string | null, machine: Machine): Promise<DataFolder> {
  const holdsStore = path !== null && !isAbsolute(path);
  const found = { ...namedFolder(machine), holdsStore };
  const { folder } = machine;
  const isInPlace = found.from === 'given' || (found.from !== 'nothing' && found.path === folder);
  if (isInPlace || !holdsStore || !(await isFile(resolve(folder, path)))) return found;
  return { ...found, path: folder, from: 'working directory' };
}

/** A folder that is there already and holds no store. */
export function givenFolder(path: string): DataFolder {
  return { ...ownFolder(path, 'given'), holdsStore: false };
}

// A folder that may not be looked into holds no store of ours.
function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function namedFolder({ folder, environment }: Machine): Pick<DataFolder, 'path' | 'from' | 'own'> {
  const { SLUICE_DATA: named = '', XDG_STATE_HOME: state = '', HOME: home = '' } = environment;
  if (named !== '') return ownFolder(resolve(folder, named), 'given');
  // A relative path is invalid there, and is to be ignored.
  if (isAbsolute(state)) return ownFolder(join(state, 'sluice'), 'XDG_STATE_HOME');
  if (isAbsolute(home)) return ownFolder(join(home, '.local/state/sluice'), 'HOME');
  return ownFolder(folder, 'nothing');
}

function ownFolder(
  path: string,
  from: DataFolder['from'],
): Pick<DataFolder, 'path' | 'from' | 'own'> {
  return { path, from, own: path };
}

/**
 * Makes the folder, for its user alone.
 *
 * **Errors**: `store-unusable`, with what to do.
 */
export async function makeDataFolder({ path, from }: DataFolder): Promise<void> {
  if (from === 'working directory') return;
  if (from === 'nothing') {
    const found = 'none of SLUICE_DATA, XDG_STATE_HOME and HOME is set';
    throw new SluiceError('store-unusable', `find a folder for the store: ${found}; ${SET_IT}`);
  }
  try {
    // A home that is not there is a mistake, or a user without one; it is not for us to make.
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

/** The store that an earlier version left in the working directory; null if it is in its place. */
export async function storeToMove(
  { path: folder, from, own }: DataFolder,
  at: string,
): Promise<StoreToMove | null> {
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

// Where the store is, said without reading it: the flag, else the variable, else `store:` of the file
// where that section by itself is valid, else `sluice.db` among the gateway's own files. So the store
// is found also with a configuration that is refused. Which folder holds those files is data-folder.ts's.
// Follows docs/configuration.md (store).

/** The flag that says where the store is. */
export const STORE_FLAGS = {
  store: {
    type: 'string',
    takes: 'FILE|memory',
    help: 'the store, whatever the file says; default: SLUICE_STORE, else store: of the file, else sluice.db in SLUICE_DATA or ~/.local/state/sluice',
  },
} as const satisfies FlagTable;

/** What is known about where a store may be. */
interface AskedStore {
  /** `--store`; undefined where it was not given. */
  readonly flag: string | undefined;
  /** `store:` of the file where it is valid by itself; null: there is none. */
  readonly section: StoreSection | null;
}

/** Where a store is. */
export interface StorePlace {
  readonly kind: string;
  /** Absolute; '' for a store that is no file. */
  readonly at: string;
  readonly from: 'flag' | 'environment' | 'file' | 'default';
  /** `store:` as if it had been written for this place, with the file's other keys. */
  readonly section: StoreSection;
}

/** The machine as far as a store's place depends on it. */
type StoreMachine = Pick<ProcessContext, 'folder' | 'environment'>;

/**
 * Where the store is, and the gateway's own files. A relative path on the command line or in
 * `SLUICE_STORE` begins in the working directory. One of the configuration begins in the folder of the
 * gateway's own files.
 */
export async function findStore(
  asked: AskedStore,
  machine: StoreMachine,
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

/** The place that the flag or the variable names; null: neither does. */
function namedPlace(
  { flag = '', section }: AskedStore,
  { folder, environment }: StoreMachine,
): StorePlace | null {
  const variable = environment['SLUICE_STORE'] ?? '';
  const written = section ?? {};
  if (flag !== '') return { ...placeNamed(flag, folder, written), from: 'flag' };
  if (variable === '') return null;
  return { ...placeNamed(variable, folder, written), from: 'environment' };
}

/** The same place, with what another file says about everything but kind and path. */
export function placeWith(place: StorePlace, section: StoreSection): StorePlace {
  const { kind } = place;
  const own = place.section[kind] ?? {};
  return { ...place, section: storeAt(section, { kind, own }) };
}

function placeNamed(name: string, folder: string, section: StoreSection): Omit<StorePlace, 'from'> {
  if (name === 'memory') {
    return { kind: name, at: '', section: storeAt(section, { kind: name, own: {} }) };
  }
  const at = resolve(folder, name);
  const own = { path: at };
  return { kind: 'sqlite', at, section: storeAt(section, { kind: 'sqlite', own }) };
}

function pathIn({ sqlite }: StoreSection): string {
  const path = isJsonObject(sqlite) ? sqlite['path'] : undefined;
  return typeof path === 'string' ? path : SQLITE_DEFAULTS.path;
}
