// Problems of a file as text: one line each for people, with an excerpt at a terminal, and one JSON
// object for programs. An excerpt shows no secret. A line that a problem marks as concealed is left
// out; values of unknown keys and of keys that sound like a secret are masked.

import type { Problem, Severity } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';

/** How a terminal shows problems. */
export interface TerminalView {
  /** The file's text; null if it could not be read. */
  readonly text: string | null;
  readonly colours: 'colours' | 'plain';
  /** **Units**: columns. */
  readonly width: number;
}

/**
 * Renders problems for people: `file:line:column: severity code: message`, the hint, and a count. At
 * a terminal each is followed by its line of the file with a caret below the column.
 */
export function renderProblems(
  problems: readonly Problem[],
  file: string,
  view?: TerminalView,
): string {
  const paint = view?.colours === 'colours' ? painted : plain;
  const excerptOf =
    view === undefined || view.text === null
      ? () => null
      : createExcerpts(view.text, problems, view.width);
  const lines = problems.map((problem) => {
    const { severity } = problem;
    const excerpt = excerptOf(problem);
    const below = excerpt === null ? [] : [excerpt.text, paint(excerpt.caret, COLOURS[severity])];
    return [renderProblem(problem, file, paint), ...below].map((line) => `${line}\n`).join('');
  });
  return `${lines.join('')}${printable(file)}: ${countProblems(problems)}\n`;
}

type Paint = (text: string, colour: string) => string;

const BOLD = '1';
const COLOURS: Readonly<Record<Severity, string>> = { error: '31', warning: '33', info: '36' };

function plain(text: string): string {
  return text;
}

function painted(text: string, colour: string): string {
  return `\u001b[${colour}m${text}\u001b[0m`;
}

/** Renders one problem as one line. */
export function renderProblem(problem: Problem, file: string, paint: Paint = plain): string {
  const { severity, code, line, column, message, hint } = problem;
  const place = line === 0 ? printable(file) : `${printable(file)}:${line}:${column}`;
  const head = `${paint(`${place}:`, BOLD)} ${paint(`${severity} ${code}:`, COLOURS[severity])}`;
  const text = `${head} ${printable(message)}`;
  return hint === '' ? text : `${text} — ${printable(hint)}`;
}

/** Renders problems of one file as `check --format json` prints them; `-` is standard input. */
export function problemsToJson(problems: readonly Problem[], file: string): string {
  // The keys, in the order in which they are written.
  const keys = ['severity', 'code', 'path', 'line', 'column', 'message', 'hint'];
  return JSON.stringify({ file, problems }, ['file', 'problems', ...keys]);
}

/** Whether a configuration with these problems is refused; `strict` also refuses warnings. */
export function refuses(problems: readonly Problem[], strictness: 'strict' | 'lenient'): boolean {
  return problems.some(
    ({ severity }) => severity === 'error' || (strictness === 'strict' && severity === 'warning'),
  );
}

function countProblems(problems: readonly Problem[]): string {
  const counts = (['error', 'warning', 'info'] satisfies Severity[]).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    if (count === 0) return [];
    const word = severity === 'info' ? 'note' : severity;
    return [`${count} ${word}${count === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'no problems' : counts.join(', ');
}

/** A line of a file, and the line below it with a caret. */
interface Excerpt {
  readonly text: string;
  readonly caret: string;
}

/** Creates the function from a problem to its excerpt; null if there is no such line, or it is concealed. */
export function createExcerpts(
  file: string,
  problems: readonly Problem[],
  width: number,
): (problem: Problem) => Excerpt | null {
  const lines = file.replace('\uFEFF', '').split(/\r\n|\n|\r/);
  const byLine = Map.groupBy(problems, ({ line }) => line);
  return ({ line, column }) => {
    const text = lines[line - 1];
    const all = byLine.get(line) ?? [];
    if (text === undefined || text.trim() === '' || all.some((one) => one.concealed === true)) {
      return null;
    }
    const unknown = all.filter(({ code }) => code === 'unknown-key').map((one) => one.column);
    return excerpt({ line, column, text: masked(text, unknown) }, width);
  };
}

// The largest part of the width that a long line may take before the caret.
const BEFORE_CARET = 0.6;
// An excerpt that is narrower than this is useless.
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

/** Characters that are safe for a terminal; a tab becomes one space, so that the caret is in place. */
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
// A key whose value may be a secret. A key that ends with File or Env only names where the secret is.
// The rest of the line counts as the value, because only a parser could find its end.
const SECRET_VALUE = new RegExp(
  `((?:${SECRET_NAMES})[\\w-]{0,40}(?<!File|Env)["']?\\s*:\\s*)([^\\s{].*)$`,
  'i',
);
const VALUE = /^([^:]*:\s*)([^\s{].*)$/;

/** Replaces everything in a line that may be a secret by as many dots. */
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

/** As many dots as characters, so that columns stay. */
function dots(text: string): string {
  return '•'.repeat(text.length);
}
