// The last good configuration as the store keeps it: what a restart onto a bad file runs. Its text is
// never shown; a configuration names secrets and holds none, but it is nobody else's either.

import { isJsonObject, stringAt } from '../core/event.ts';
import type { Keep } from '../core/store.ts';
import { jsonOrNothing } from '../kit/json.ts';

/** A configuration that ran. */
export interface KeptConfiguration {
  readonly text: string;
  /** As it was named. */
  readonly file: string;
  /** Where its relative paths begin. */
  readonly folder: string;
  /** Which of the two forms it has. */
  readonly form: string;
  /** When it ran first; wall clock, ms since 1970. */
  readonly since: number;
}

const KEPT_AS = 'configuration';

/** What is kept; null where nothing is, or nothing that can be read. */
export async function readKept(keep: Keep): Promise<KeptConfiguration | null> {
  const kept = jsonOrNothing(await keep.read(KEPT_AS));
  if (!isJsonObject(kept)) return null;
  const { text, since } = kept;
  if (typeof text !== 'string' || typeof since !== 'number') return null;
  const [file, folder, form] = ['file', 'folder', 'form'].map((key) => stringAt(kept, key));
  return { text, file: file ?? '', folder: folder ?? '', form: form ?? '', since };
}

/** Keeps a configuration; one that is kept already is not written again. */
export async function keepConfiguration(keep: Keep, good: KeptConfiguration): Promise<void> {
  const kept = await readKept(keep);
  const { text, file, folder, form } = good;
  const isSame =
    kept?.text === text && kept.file === file && kept.folder === folder && kept.form === form;
  if (!isSame) await keep.write(KEPT_AS, JSON.stringify(good));
}
