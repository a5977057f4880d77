// Cuts `metadata.managedFields` out of an object's JSON before it is parsed. It is a third of what
// an API server sends of an Event, nobody here looks at it, and parsing it costs as much as all the
// rest. It works on text by JSON's own grammar, so no value of an object can mislead it. Only
// brackets and strings are looked at: what is wrong inside the list goes with it, unnoticed.
// Source: RFC 8259; https://kubernetes.io/docs/reference/using-api/server-side-apply/#managedfields

// Inside a string every quote has a backslash before it, so this only ever stands between members.
const BEGIN = ',"managedFields":[';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

/**
 * The text without its first member `managedFields` that is a list and not the first of its object;
 * the text itself where there is none, or where the list does not end.
 */
export function cutManagedFields(text: string): string {
  const from = text.indexOf(BEGIN);
  if (from < 0) return text;
  const end = endOfList(text, from + BEGIN.length);
  return end < 0 ? text : text.slice(0, from) + text.slice(end);
}

/** Where the list ends whose first entry begins at `from`; -1 where it does not. */
function endOfList(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
      if (at < 0) return -1;
    } else if (OPENERS.has(code)) depth += 1;
    else if (CLOSERS.has(code)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** Where the closing quote of a string stands; -1 where it has none. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end >= 0 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, quote: number, from: number): boolean {
  let backslashes = 0;
  while (
    quote - backslashes - 1 >= from &&
    text.charCodeAt(quote - backslashes - 1) === BACKSLASH
  ) {
    backslashes += 1;
  }
  return backslashes % 2 === 1;
}
