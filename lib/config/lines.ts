// Offsets into a text as lines and columns, the way editors count them.

/** A line and a column, both from 1; 0 where there is no place. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** No place at all. */
export const NO_PLACE: Place = Object.freeze({ line: 0, column: 0 });

/**
 * Makes the function from offsets to places of one text.
 *
 * **Shape**: lines end with LF, CR LF or CR alone; columns count UTF-16 units, as editors do; a
 * byte order mark has no column.
 */
export function createLineFinder(text: string): (offset: number) => Place {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  return (offset) => {
    const line = lastAtOrBelow(starts, offset);
    const start = starts[line] ?? 0;
    const column = offset - start - (line === 0 ? mark : 0);
    return { line: line + 1, column: Math.max(column, 0) + 1 };
  };
}

function lastAtOrBelow(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
