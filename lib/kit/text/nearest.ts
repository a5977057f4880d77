// "Did you mean": the known name nearest to a mistyped one.
// Source: the optimal string alignment distance (Damerau-Levenshtein without overlapping swaps).

// A longer name is no typing mistake, and the table below would grow with hostile input.
const LONGEST_NAME = 64;

// A shorter common beginning matches too many names.
const SHORTEST_BEGINNING = 3;

/**
 * Finds the known name with the fewest typing mistakes, else one with the same beginning, such as
 * `warn` for `warning`. Undefined if none is near.
 */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  if (wrong.length > LONGEST_NAME) return undefined;
  // A third of the letters may be wrong: `nmaespace` and `reason` for `reasons`, not `kind` for
  // `name`.
  let allowed = Math.max(1, Math.floor(wrong.length / 3));
  let nearest: string | undefined;
  for (const name of known) {
    const slips = distance(wrong.toLowerCase(), name.toLowerCase());
    if (slips > allowed || (slips === allowed && nearest !== undefined)) continue;
    nearest = name;
    allowed = slips;
  }
  return nearest ?? withSameBeginning(wrong.toLowerCase(), known);
}

/** Finds the known name, nearest in length, that begins with the wrong name or is its beginning. */
function withSameBeginning(wrong: string, known: readonly string[]): string | undefined {
  const alike = known.filter((name) => {
    const [short, long] = [wrong, name.toLowerCase()].toSorted((a, b) => a.length - b.length);
    return (
      short !== undefined && short.length >= SHORTEST_BEGINNING && long?.startsWith(short) === true
    );
  });
  const farOff = (name: string): number => Math.abs(name.length - wrong.length);
  return alike.toSorted((a, b) => farOff(a) - farOff(b))[0];
}

function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, place) => place);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}
