// Cuts `metadata.managedFields` out of an object's JSON before it is parsed. It is a third of an
// Event's JSON and unused here, and parsing it costs as much as parsing all the rest. The cut works
// on text by the grammar of JSON, so no value of an object can mislead it. Only brackets and
// strings are checked: a fault inside the list is removed with it.
// Source: RFC 8259; https://kubernetes.io/docs/reference/using-api/server-side-apply/#managedfields

// Inside a string every quote follows a backslash, so this text only occurs between members.
const BEGIN = ',"managedFields":[';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

/**
 * The text without its first member `managedFields` that is a list and not the first of its object.
 * The text is unchanged if there is no such member, or if the list does not end.
 */
export function cutManagedFields(text: string): string {
  const from = text.indexOf(BEGIN);
  if (from < 0) return text;
  const end = endOfList(text, from + BEGIN.length);
  return end < 0 ? text : text.slice(0, from) + text.slice(end);
}

/** End of the list whose first entry begins at `from`; -1 if the list does not end. */
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

/** Index of the closing quote of a string; -1 if it has none. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end >= 0 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, quote: number, from: number): boolean {
  let at = quote;
  while (at > from && text.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}
