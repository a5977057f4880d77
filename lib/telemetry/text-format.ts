// Lines as people read them: time, then the decision or the level, then the text. Colours only on a
// terminal and sparse: the action, and the level where it is a warning or an error.

import { printable } from '../kit/printable.ts';
import { escapedJson } from './json-format.ts';
import type { Line, LogLevel } from './logging.ts';
import { timeTexts } from './time-text.ts';

// Longer than any line made here; it bounds what a server's or a command's text can do to the log.
const LINE_CHARACTERS = 4096;

const RED = '31';
const YELLOW = '33';
const GREEN = '32';
const DIM = '2';

const LEVEL_COLOUR: Readonly<Record<LogLevel, string | null>> = {
  error: RED,
  warn: YELLOW,
  info: null,
  debug: DIM,
};

/** How a line becomes text. */
export type RenderLine = (line: Line, now: number) => string;

/** Text lines, with or without colours. */
export function textFormat(colour: 'colours' | 'plain'): RenderLine {
  const paint = colour === 'colours' ? painted : plain;
  const timeOf = timeTexts();
  return (line, now) => {
    const time = timeOf(now);
    // The second pass over text that is escaped already changes nothing; it is here so that no
    // line, whoever made it, reaches a terminal unescaped.
    const text = printable(line.text, LINE_CHARACTERS);
    const head =
      line.accent === undefined
        ? `${paint(line.level.padEnd(5), LEVEL_COLOUR[line.level])} ${text}`
        : `${paint(line.accent, line.accent === 'accept' ? GREEN : DIM)}${text.slice(line.accent.length)}`;
    return [`${time} ${head}`, ...tail(line)].join('\n');
  };
}

function tail(line: Line): readonly string[] {
  const more = (line.more ?? []).map((text) => `  ${printable(text, LINE_CHARACTERS)}`);
  return line.event === undefined ? more : [...more, escapedJson(line.event, 2)];
}

function plain(text: string): string {
  return text;
}

function painted(text: string, colour: string | null): string {
  return colour === null ? text : `\u001b[${colour}m${text}\u001b[0m`;
}
