// The lines of a JSON log.

import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';

/** Parses the complete lines of a log that may still grow. */
export function jsonLinesOf(log: string): readonly JsonObject[] {
  const complete = log.split('\n').slice(0, -1);
  return complete.map((line): unknown => JSON.parse(line)).filter(isJsonObject);
}
