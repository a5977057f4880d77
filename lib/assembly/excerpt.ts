// The line of a file that a problem speaks of, with a caret below its column, as a terminal shows it.
// It shows no secret: a line of which a problem says so is left out. The values of keys that sound like
// a secret, and of unknown keys, are masked.

import type { Problem } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';

/** A file with its problems, and the room for an excerpt of it. */
interface ExcerptRequest {
  /** The file's text. */
  readonly text: string;
  readonly problems: readonly Problem[];
  /** **Units**: columns of the terminal. */
  readonly width: number;
}

/** A line of a file, and the line below it that points into it. */
interface Excerpt {
  readonly text: string;
  readonly caret: string;
}

/** Makes the function from a problem to its excerpt; null if the file has no such line, or hides it. */
export function createExcerpts(request: ExcerptRequest): (problem: Problem) => Excerpt | null {
  const lines = request.text.replace('\uFEFF', '').split(/\r\n|\n|\r/);
  const concealed = new Set(
    request.problems.filter((one) => one.concealed === true).map(({ line }) => line),
  );
  const unknown = Map.groupBy(
    request.problems.filter(({ code }) => code === 'unknown-key'),
    ({ line }) => line,
  );
  return ({ line, column }) => {
    const text = lines[line - 1];
    if (text === undefined || text.trim() === '' || concealed.has(line)) return null;
    const columns = (unknown.get(line) ?? []).map((one) => one.column);
    return excerpt({ line, column, text: masked(text, columns) }, request.width);
  };
}

// The widest part of a long line that stands before the caret.
const BEFORE_CARET = 0.6;
// Narrower than this an excerpt says nothing.
const NARROWEST = 20;

function excerpt(
  { line, column, text }: { readonly line: number; readonly column: number; readonly text: string },
  width: number,
): Excerpt {
  const gutter = `${String(line).padStart(5)} | `;
  const room = Math.max(NARROWEST, width - gutter.length - 1);
  const before = lastCharacters(shown(text.slice(0, column - 1)), Math.floor(room * BEFORE_CARET));
  const rest = firstCharacters(shown(text.slice(column - 1)), room - before.length);
  const margin = `${' '.repeat(gutter.length - 2)}| `;
  return {
    text: `${gutter}${[...before, ...rest].join('')}`,
    caret: `${margin}${' '.repeat(before.length)}^`,
  };
}

/** Characters of a text as a terminal may get them; a tab is one space, so that the caret fits. */
function shown(text: string): readonly string[] {
  return Array.from(printable(text.replaceAll('\t', ' ')));
}

function lastCharacters(characters: readonly string[], most: number): readonly string[] {
  return characters.length <= most ? characters : ['…', ...characters.slice(1 - most)];
}

function firstCharacters(characters: readonly string[], most: number): readonly string[] {
  return characters.length <= most ? characters : [...characters.slice(0, most - 1), '…'];
}

const SECRET_NAMES =
  'token|password|passwd|secret|authorization|credential|api[-_]?key|bearer|basic';
// A key whose value may be a secret. One that ends with File or Env names the place of the secret. The
// rest of the line counts as the value, because only a parser could tell where it ends.
const SECRET_VALUE = new RegExp(
  `((?:${SECRET_NAMES})[\\w-]{0,40}(?<!File|Env)["']?\\s*:\\s*)([^\\s{].*)$`,
  'i',
);
const VALUE = /^([^:]*:\s*)([^\s{].*)$/;

/** The line with everything that may be a secret replaced by as many dots. */
function masked(line: string, unknownKeysAt: readonly number[]): string {
  const hide = (_all: string, before: string, value: string): string => `${before}${dots(value)}`;
  const known = line
    .replace(SECRET_VALUE, hide)
    .replaceAll(/(:\/\/)([^/\s@]+)(?=@)/g, hide)
    .replaceAll(/(whsec_)([\w+/=-]+)/g, hide);
  return unknownKeysAt.reduce(
    (text, column) => text.slice(0, column - 1) + text.slice(column - 1).replace(VALUE, hide),
    known,
  );
}

/** As long as what they replace, so that columns stay. */
function dots(text: string): string {
  return '•'.repeat(text.length);
}
