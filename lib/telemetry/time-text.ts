// The time at the beginning of every line. Lines come by the hundred within a millisecond, so the
// last one's text is kept.

/** Makes times in milliseconds since 1970 into RFC 3339 text, in UTC with milliseconds. */
export function timeTexts(): (now: number) => string {
  let last = Number.NaN;
  let text = '';
  return (now) => {
    if (now !== last) text = new Date(now).toISOString();
    last = now;
    return text;
  };
}
