// JSON that may be none: what was kept by an earlier program, answered by a stranger, or written by a
// person.

/** The value of a JSON text; undefined where there is no text, or it is no JSON. */
export function jsonOrNothing(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
