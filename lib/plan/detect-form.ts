// Detects which of the two forms a document has. A document with the keys of neither form is refused,
// because a gateway that ran with it would start nothing. Files of other programs: config/wrong-file.ts.

import { findNested, recogniseValue, recognizeForeign } from '../config/wrong-file.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json-object.ts';
import { errorAt, type Finding, type FindingWords } from '../core/problem.ts';
import { originalKey } from '../filters/brigade-rules.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import { SECTION_SCHEMAS } from './schema.ts';

/** The keys of the original's form. */
export const ORIGINAL_KEYS = ['project', 'filters'] as const;

/** The keys that only our form has. */
export const OUR_KEYS = ['version', 'sources', 'triggers'] as const;

/** A document with its form, or the finding that refuses it. */
export type RecognizedForm =
  | { readonly form: 'ours' | 'original'; readonly document: JsonObject }
  | { readonly form: 'ours' | 'original'; readonly document: null; readonly wrong: Finding };

/** Detects the form of a document. */
export function recognizeForm(value: Json): RecognizedForm {
  const form = isJsonObject(value) && isOurs(value) ? 'ours' : 'original';
  const wrong =
    isJsonObject(value) && form === 'ours' ? foreignFinding(value) : wrongFinding(value);
  if (wrong === undefined && isJsonObject(value)) return { form, document: value };
  return { form, document: null, wrong: wrong ?? errorAt('wrong-file', '', unknownFile({})) };
}

/** Every top-level key of our form. */
export const OUR_TOP_KEYS: readonly string[] = Object.keys(SECTION_SCHEMAS);

/** Whether a document has a key of our form or, beside `filters`, a misspelled one. */
function isOurs(document: JsonObject): boolean {
  const keys = Object.keys(document);
  if (OUR_KEYS.some((key) => keys.includes(key))) return true;
  const originals = keys.map((key) => originalKey(key, ORIGINAL_KEYS));
  if (!keys.includes('filters') || originals.includes('project')) return false;
  const known = [...OUR_TOP_KEYS, ...ORIGINAL_KEYS];
  return keys.some((key) => isOneOf(OUR_KEYS, nearestName(key, known)));
}

function wrongFinding(value: Json): Finding | undefined {
  const wrong = recogniseValue(value);
  if (wrong !== undefined || !isJsonObject(value) || hasOriginalKey(value)) return wrong;
  return (
    nestedFinding(value) ?? foreignFinding(value) ?? errorAt('wrong-file', '', unknownFile(value))
  );
}

function hasOriginalKey(document: JsonObject): boolean {
  return Object.keys(document).some((key) => originalKey(key, ORIGINAL_KEYS) !== undefined);
}

/** Other programs share keys of ours, such as `sources`, but none has `filters` as well. */
function foreignFinding(document: JsonObject): Finding | undefined {
  const wrong = Object.hasOwn(document, 'filters') ? undefined : recognizeForeign(document);
  return wrong === undefined ? undefined : errorAt('wrong-file', '', wrong);
}

function nestedFinding(document: JsonObject): Finding | undefined {
  const path = findNested(document, looksLikeConfiguration);
  if (path === undefined) return undefined;
  const place = printable(path.join('.'), 120);
  return errorAt('wrong-file', toPointer(path), {
    message: `found the configuration under the key ${place}, expected its keys at the top of the file`,
    hint: `move the keys under ${place} to the top; pass a file of Helm values to helm install --values`,
  });
}

// A configuration inside a text, as a ConfigMap or Helm values hold it.
const IN_A_TEXT = /^[ \t]*(?:\{[ \t]*)?"?(?:filters|triggers)"?[ \t]*:/m;

/** All keys must be known, because a single key such as `version` occurs in many other files. */
function looksLikeConfiguration(value: Json): boolean {
  if (typeof value === 'string') return IN_A_TEXT.test(value);
  if (!isJsonObject(value)) return false;
  if (Array.isArray(value['filters'])) return true;
  const keys = Object.keys(value);
  return (
    keys.some((key) => isOneOf(OUR_KEYS, key)) && keys.every((key) => isOneOf(OUR_TOP_KEYS, key))
  );
}

// So many keys are enough to recognize a file.
const SHOWN_KEYS = 4;
// A file with more keys at its top is not a misspelled configuration.
const COMPARED_KEYS = 20;

function unknownFile(document: JsonObject): FindingWords {
  const keys = Object.keys(document);
  const expected = 'expected filters, with project or with version, sources and triggers';
  if (keys.length === 0) {
    return {
      message: `the document has no keys, ${expected}`,
      hint: 'see docs/configuration.md for a complete example',
    };
  }
  const known = [...OUR_TOP_KEYS, ...ORIGINAL_KEYS];
  const ours = keys.filter((key) => isOneOf(known, key));
  const shown = keys.slice(0, SHOWN_KEYS).map((key) => printable(key, 30));
  if (keys.length > SHOWN_KEYS) shown.push('…');
  return {
    message: `the file is no configuration of Sluice: found ${shown.join(', ')}, ${expected}`,
    hint: ours.length > 0 ? 'add version: 1 and filters:' : nearHint(keys, known),
  };
}

function nearHint(keys: readonly string[], known: readonly string[]): string {
  const nearest = keys.slice(0, COMPARED_KEYS).flatMap((key) => nearestName(key, known) ?? []);
  const [first] = nearest;
  if (first !== undefined) return `did you mean ${[...new Set(nearest)].join(' and ')}?`;
  return 'pass the configuration of Sluice; docs/configuration.md begins with an example';
}

function isOneOf(known: readonly string[], key: string | undefined): boolean {
  return key !== undefined && known.includes(key);
}
