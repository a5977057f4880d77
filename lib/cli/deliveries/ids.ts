// Ids as people name them on a command line. They are taken whole: an act on the wrong delivery is
// worse than one more paste. The name of what a delivery started ends in its id, and does as well.

import { isDeliveryId } from '../../core/delivery.ts';
import { nearestName } from '../../kit/nearest.ts';
import { printable } from '../../kit/printable.ts';
import { type Asker, listPage } from './client.ts';

const ID_CHARACTERS = 26;
// A prefix shorter than this is that of too many: the first ten characters are a time.
const PREFIX_CHARACTERS = 4;
const SUGGESTIONS = 3;

/** The id in `01k…` or in `build-01k…`; the text itself where there is none. */
export function idIn(text: string): string {
  const end = text.slice(-ID_CHARACTERS);
  const isName = text.length > ID_CHARACTERS && text.at(-ID_CHARACTERS - 1) === '-';
  return isName && isDeliveryId(end) ? end : text;
}

/** Why an id finds nothing, with ids of late that it may have meant. */
export async function notFoundText(asker: Asker, text: string): Promise<string> {
  const { items } = await listPage(asker, [['limit', '500']]);
  const ids = items.map(({ id }) => id);
  const begun = text.length < PREFIX_CHARACTERS ? [] : ids.filter((id) => id.startsWith(text));
  const near = begun.length > 0 ? begun.slice(0, SUGGESTIONS) : (nearestName(text, ids) ?? []);
  const hint = near.length === 0 ? '' : ` (did you mean ${[near].flat().join(' or ')}?)`;
  const form = isDeliveryId(text) ? '' : '; an id has 26 characters, as list shows it';
  return `no delivery has the id "${printable(text, 60)}"${hint}${form}`;
}
