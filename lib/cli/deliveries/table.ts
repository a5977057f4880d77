// Rows as aligned columns that fit a terminal: what does not fit is cut, and where even that does not
// help, the least important columns are left out. Columns are counted in characters; what a terminal
// shows wider (CJK, emoji) moves what stands behind it.

import { printable } from '../../kit/printable.ts';

/** One column. */
export interface Column<Row> {
  readonly title: string;
  /** Printable, on one line. */
  readonly text: (row: Row) => string;
  /** What it needs at the least to be of use. */
  readonly least: number;
  /** What it gets at the most while others want more; absent: as much as there is. */
  readonly most?: number;
  /** The higher, the later it is left out and the earlier it gets room. */
  readonly rank: number;
}

const BETWEEN = '  ';

/** A table as text. */
interface RenderedTable {
  readonly text: string;
  /** Titles of the columns that found no room. */
  readonly omitted: readonly string[];
}

/** The rows below their titles; a null width bounds nothing. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | null,
): RenderedTable {
  const cells = columns.map((column) => [column.title, ...rows.map(column.text)]);
  const wanted = cells.map((texts) => Math.max(...texts.map((text) => text.length)));
  const widths = width === null ? wanted : fitted(columns, wanted, width);
  const lines = ['', ...rows].map((_, line) => {
    const shown = columns.flatMap((_column, place) => {
      const room = widths[place] ?? 0;
      return room === 0 ? [] : [printable(cells[place]?.[line] ?? '', room).padEnd(room)];
    });
    return `${shown.join(BETWEEN).trimEnd()}\n`;
  });
  const omitted = columns.flatMap(({ title }, place) => (widths[place] === 0 ? [title] : []));
  return { text: lines.join(''), omitted };
}

/** The width of each column, 0 for one that is left out. */
function fitted<Row>(
  columns: readonly Column<Row>[],
  wanted: readonly number[],
  width: number,
): readonly number[] {
  const least = columns.map((column, place) => Math.min(column.least, wanted[place] ?? 0));
  const byRank = columns.map((_, place) => place).toSorted((a, b) => rankOf(b) - rankOf(a));
  const kept = new Set(byRank);
  for (const place of byRank.toReversed()) {
    if (kept.size === 1 || sum(kept) <= width) break;
    kept.delete(place);
  }
  let rest = Math.max(0, width - sum(kept));
  const widths = least.map((one, place) => (kept.has(place) ? one : 0));
  // First as much as is fair, then whatever is left over.
  for (const isFair of [true, false]) {
    for (const place of byRank.filter((one) => kept.has(one))) {
      const most = isFair
        ? (columns[place]?.most ?? Number.POSITIVE_INFINITY)
        : Number.POSITIVE_INFINITY;
      const more = Math.min(rest, Math.min(most, wanted[place] ?? 0) - (widths[place] ?? 0));
      if (more <= 0) continue;
      widths[place] = (widths[place] ?? 0) + more;
      rest -= more;
    }
  }
  return widths;

  function rankOf(place: number): number {
    return columns[place]?.rank ?? 0;
  }
  function sum(places: ReadonlySet<number>): number {
    const taken = [...places].reduce((all, place) => all + (least[place] ?? 0), 0);
    return taken + BETWEEN.length * (places.size - 1);
  }
}
