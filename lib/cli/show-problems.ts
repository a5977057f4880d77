// Problems written to one of the command's streams: one plain line each. A terminal also gets colours
// and the line of the file.

import { renderProblems, type TerminalView } from '../assembly/problems.ts';
import type { Problem } from '../core/problem.ts';
import type { Surroundings, Terminal } from './command.ts';

/** The problems of one file. */
export interface ShownProblems {
  readonly problems: readonly Problem[];
  readonly file: string;
  /** The file's text; null if there is none. */
  readonly text: string | null;
}

/** Writes the problems of a file. */
export function showProblems(
  { problems, file, text }: ShownProblems,
  stream: Terminal,
  environment: Surroundings['environment'],
): void {
  stream.write(renderProblems(problems, file, viewOf(stream, text, environment)));
}

// A terminal may not say how wide it is, or say 0.
const USUAL_WIDTH = 80;

function viewOf(
  { isTTY = false, columns = 0 }: Terminal,
  text: string | null,
  environment: Surroundings['environment'],
): TerminalView | undefined {
  if (!isTTY) return undefined;
  // https://no-color.org: any text but the empty one.
  const isPlain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return {
    text,
    colours: isPlain ? 'plain' : 'colours',
    width: columns > 0 ? columns : USUAL_WIDTH,
  };
}
