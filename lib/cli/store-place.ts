// Where the store is, said without reading it: the flag, else the variable, else `store:` of the file
// where that section by itself is valid, else `sluice.db` among the gateway's own files. So the store
// is found also with a configuration that is refused. Which folder holds those files is data-folder.ts's.
// Follows docs/configuration.md (store).

import { resolve } from 'node:path';

import { kindOf, type StoreSection, storeAt } from '../assembly/store.ts';
import { isJsonObject } from '../core/event.ts';
import { SQLITE_DEFAULTS } from '../stores/sqlite.ts';
import type { Surroundings } from './command.ts';
import { type DataFolder, findDataFolder } from './data-folder.ts';
import type { FlagTable } from './flags.ts';

/** The flag that says where the store is. */
export const STORE_FLAGS = {
  store: {
    type: 'string',
    takes: 'FILE|memory',
    help: 'the store, whatever the file says; default: SLUICE_STORE, else store: of the file, else sluice.db in SLUICE_DATA or ~/.local/state/sluice',
  },
} as const satisfies FlagTable;

/** What is known about where a store may be. */
export interface AskedStore {
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
type Machine = Pick<Surroundings, 'folder' | 'environment'>;

/**
 * Where the store is, and the gateway's own files. A relative path on the command line or in
 * `SLUICE_STORE` begins in the working directory. One of the configuration begins in the folder of the
 * gateway's own files.
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

/** The place that the flag or the variable names; null: neither does. */
function namedPlace(
  { flag = '', section }: AskedStore,
  { folder, environment }: Machine,
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
