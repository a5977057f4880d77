// Which field a key of the original's JSON means. The original read it with Go's encoding/json,
// which takes any letter case; of several spellings the last in the document wins.
// Source: https://pkg.go.dev/encoding/json#Unmarshal; fold.go there for the two odd letters.

/**
 * The known key that a written one means; undefined where the original ignored it.
 *
 * **Shape**: known keys are in lower case. Letter case is that of ASCII, and U+017F counts as `s`,
 * U+212A as `k`, as in Go.
 */
export function originalKey<Key extends string>(
  written: string,
  known: readonly Key[],
): Key | undefined {
  const folded = written
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return known.find((key) => key === folded);
}
