// Problems as they are shown: a line each for people, with the line of the file at a terminal, and one
// JSON object for programs.

import type { Problem, Severity } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';
import { createExcerpts } from './excerpt.ts';

/** How a terminal shows problems. */
export interface TerminalView {
  /** The file's text; null if it could not be read. */
  readonly text: string | null;
  readonly colours: 'colours' | 'plain';
  /** **Units**: columns. */
  readonly width: number;
}

/**
 * Problems for people: `file:line:column: severity code: message`, what to do, and a count. At a
 * terminal each is followed by its line of the file with a caret below the column.
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
      : createExcerpts({ text: view.text, problems, width: view.width });
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

/** One problem in one line. */
export function renderProblem(problem: Problem, file: string, paint: Paint = plain): string {
  const { severity, code, line, column, message, hint } = problem;
  const place = line === 0 ? printable(file) : `${printable(file)}:${line}:${column}`;
  const head = `${paint(`${place}:`, BOLD)} ${paint(`${severity} ${code}:`, COLOURS[severity])}`;
  const text = `${head} ${printable(message)}`;
  return hint === '' ? text : `${text} — ${printable(hint)}`;
}

/** Problems of one file as `check --format json` prints them; `-` is standard input. */
export function problemsToJson(problems: readonly Problem[], file: string): string {
  const listed = problems.map(({ severity, code, path, line, column, message, hint }) => ({
    severity,
    code,
    path,
    line,
    column,
    message,
    hint,
  }));
  return JSON.stringify({ file, problems: listed });
}

/** Whether a configuration with these problems is refused; strict also minds warnings. */
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
