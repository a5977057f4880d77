// Problems as they are shown: a line each for people, one JSON object for programs.
import type { Problem, Severity } from '../core/problem.ts';
import { printable } from '../kit/printable.ts';

/** Problems for people: `file:line:column: severity code: message`, what to do, and a count. */
export function renderProblems(problems: readonly Problem[], file: string): string {
  const lines = problems.map((problem) => renderProblem(problem, file));
  return `${[...lines, `${printable(file)}: ${countProblems(problems)}`].join('\n')}\n`;
}

/** One problem in one line. */
export function renderProblem(problem: Problem, file: string): string {
  const { severity, code, line, column, message, hint } = problem;
  const place = line === 0 ? printable(file) : `${printable(file)}:${line}:${column}`;
  const text = `${place}: ${severity} ${code}: ${printable(message)}`;
  return hint === '' ? text : `${text} — ${printable(hint)}`;
}

/** Problems as `check --format json` prints them. */
export function problemsToJson(problems: readonly Problem[]): string {
  const listed = problems.map(({ severity, code, path, line, column, message, hint }) => ({
    severity,
    code,
    path,
    line,
    column,
    message,
    hint,
  }));
  return JSON.stringify({ problems: listed });
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
