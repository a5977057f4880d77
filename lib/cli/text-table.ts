// Tables for terminals, whose columns are cut or omitted if the terminal is narrow.

import { printable } from '../kit/text/printable.ts';
import type { Terminal } from './command.ts';

// A terminal may report no width, or 0.
const USUAL_WIDTH = 80;

/** Width of a terminal in characters; null if the stream is none, and nothing is cut. */
export function widthOf({ isTTY = false, columns = 0 }: Terminal): number | null {
  if (!isTTY) return null;
  return columns > 0 ? columns : USUAL_WIDTH;
}

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

/** The place of a table. */
interface TablePlace {
  /** Null is unlimited. */
  readonly width: number | null;
  /** The flag whose output has every column. */
  readonly whole: string;
}

/**
 * Renders rows below their titles. Long cells are cut, and if that is not enough, columns of low rank
 * are omitted and named below.
 *
 * **Units**: characters; a character that a terminal shows wider (CJK, emoji) shifts the rest of its row.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, whole }: TablePlace,
): string {
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
  const note = `not shown: ${omitted.join(', ')} (wider, or ${whole})`;
  return [...lines, ...(omitted.length === 0 ? [] : wrapped(note, width))].join('');
}

/** Breaks a text between words into lines of at most `width`. */
function wrapped(text: string, width: number | null): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trimStart();
    if (width !== null && longer.length > width) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines.map((line) => `${line}\n`);
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
