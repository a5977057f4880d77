// Cuts a text to a number of bytes and says so at its end: a reader must never take the part for
// the whole. The mark is plain ASCII without `$`, `{`, quotes and a leading `-`, so that it is data
// wherever the text was.

/**
 * The text in at most `maxBytes` bytes; what is missing is named at its end, as in
 * `abc [truncated: 997 of 1000 bytes left out]`.
 *
 * **Units**: bytes of UTF-8; no character is cut in two. A bound below the length of the mark gives
 * the mark alone.
 */
export function truncate(text: string, maxBytes: number): string {
  // A character has three bytes at most for each code unit: most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  const room = maxBytes - markOf(bytes.length, bytes.length).length;
  // Decoding as a stream drops a character that the cut left in two.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const kept = decoder.decode(bytes.subarray(0, Math.max(0, room)), { stream: true });
  return `${kept}${markOf(bytes.length - Buffer.byteLength(kept), bytes.length)}`;
}

function markOf(left: number, total: number): string {
  return ` [truncated: ${left} of ${total} bytes left out]`;
}
