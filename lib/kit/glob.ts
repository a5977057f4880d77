// Globs over a whole value: `*` is any number of characters (line breaks too), `?` is one. The
// matcher keeps two places and goes back to the last `*` only, so it can not blow up.

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Makes a matcher of a glob.
 *
 * **Order and time**: at most the length of the value times that of the glob. `?` takes a whole
 * code point; a lone surrogate is one as well.
 */
export function compileGlob(glob: string): (value: string) => boolean {
  const compact = glob.replaceAll(/\*+/g, '*');
  return (value) => globMatches(compact, value);
}

function globMatches(glob: string, value: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let retryAt = 0;
  while (at < value.length) {
    const wanted = place < glob.length ? glob.charCodeAt(place) : -1;
    if (wanted === STAR) {
      star = place;
      place += 1;
      retryAt = at;
    } else if (wanted === QUESTION) {
      place += 1;
      at += widthAt(value, at);
    } else if (wanted === value.charCodeAt(at)) {
      place += 1;
      at += 1;
    } else if (star >= 0) {
      retryAt += widthAt(value, retryAt);
      at = retryAt;
      place = star + 1;
    } else {
      return false;
    }
  }
  // What is left of the glob must match nothing.
  return place === glob.length || (place === glob.length - 1 && glob.charCodeAt(place) === STAR);
}

function widthAt(value: string, at: number): number {
  return (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
