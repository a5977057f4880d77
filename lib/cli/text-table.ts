// Tables for terminals, whose columns are cut or omitted if the terminal is narrow.

import { printable } from '../kit/text/printable.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** Printable, on one line. */
  readonly text: (row: Row) => string;
  /** Smallest useful width in characters. */
  readonly least: number;
  /** Largest width while other columns need more; absent: unlimited. */
  readonly most?: number;
  /** A column of higher rank is omitted later and gets more width. */
  readonly rank: number;
}

const BETWEEN = '  ';

/** A table as text, and the columns that it lacks. */
interface RenderedTable {
  readonly text: string;
  /** Titles of omitted columns. */
  readonly omitted: readonly string[];
}

/**
 * Renders rows below their titles. Long cells are cut, and if that is not enough, columns of low rank
 * are omitted. A null width is unlimited.
 *
 * **Units**: characters; a character that a terminal shows wider (CJK, emoji) shifts the rest of its row.
 */
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

/** Computes the width of each column; 0: it is omitted. */
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
  // First each gets up to its `most`, then what remains.
  for (const isFair of [true, false]) {
    for (const place of byRank.filter((one) => kept.has(one))) {
      const most = (isFair ? columns[place]?.most : undefined) ?? Number.POSITIVE_INFINITY;
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
