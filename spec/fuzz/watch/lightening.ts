// What is left out of a frame's text before it is parsed: the list `managedFields`, nothing else of what
// is JSON, and what stands around it stays what it was.

import { isJsonObject, type Json } from '../../../lib/core/json-object.ts';
import { cutManagedFields } from '../../../lib/kubernetes/watch/managed-fields.ts';
import { must, mustBeSame } from '../target.ts';
import type { SplitLine } from './splitting.ts';

/** Holds the lighter text of each line to saying the same, but for the lists that are left out. */
export function mustLighten(lines: readonly SplitLine[]): void {
  for (const { bytes, frame } of lines) {
    const text = bytes.toString('utf8');
    const lighter = cutManagedFields(text);
    must(lighter.length <= text.length, 'a lighter text is no longer');
    if (frame?.kind !== 'json') continue;
    const value = JSON.parse(lighter) as Json;
    mustBeSame(bare(value), bare(frame.value as Json), 'a frame without managed fields');
  }
}

/** The value without any list that has that name. */
function bare(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => bare(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => name !== 'managedFields' || !Array.isArray(item))
      .map(([name, item]) => [name, bare(item)]),
  );
}
