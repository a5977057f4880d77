// Lines as programs read them: one JSON object a line. Texts in it are escaped twice on purpose:
// once for JSON, and once so that `jq -r` on a terminal is as safe as the text form.

import type { Json } from '../core/event.ts';
import { printable } from '../kit/text/printable.ts';
import type { LogLevel, LogLine } from './logging.ts';

// What JSON.stringify leaves as it is although a terminal acts on it: DEL, C1, separators, bidi.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const LINE_CHARACTERS = 4096;

// JSON in which no escape but those of quotes and backslashes stands, and nothing a terminal acts on:
// of such a text the careful way would make the same.
const PLAIN = /^(?:[ !#-[\]-~]|"|\\["\\])*$/;

/** One JSON object: time, level, kind, message where the text says more, and the line's fields. */
export function jsonFormat(): RenderLine {
  const timeOf = timeTexts();
  return (line, now) => {
    const { level, kind, fields, event, more } = line;
    // These three are words of ours; nothing in them needs an escape.
    const head = `{"time":"${timeOf(now)}","level":"${level}","kind":"${kind}"`;
    // The text of a decision repeats its fields word by word.
    const said = kind === 'decision' ? fields : { text: line.text, ...fields };
    const rest = shownJson(more === undefined ? said : { ...said, more }, line);
    const tail = event === undefined ? '}' : `,"fullEvent":${escapedJson(event, 0)}}`;
    return `${head}${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}${tail}`;
  };
}

/** JSON whose texts are made printable, each cut where it is longer than any should be. */
function shownJson(value: object, { isShown }: Pick<LogLine, 'isShown'>): string {
  const text = JSON.stringify(value);
  if (isShown === true || (text.length <= LINE_CHARACTERS && PLAIN.test(text))) return text;
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? printable(inner, LINE_CHARACTERS) : inner,
  );
}

/** JSON with everything a terminal acts on escaped; still the same JSON value. */
export function escapedJson(value: Json | object, indent: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(UNSAFE, (found) => (found === '\n' ? found : unicodeEscape(found)));
}

/** A character as JSON escapes, one for each of its UTF-16 code units. */
export function unicodeEscape(character: string): string {
  return Array.from({ length: character.length }, (_, place) => {
    const unit = character.charCodeAt(place).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}

// Lines as people read them: time, then the decision or the level, then the text. Colours only on a
// terminal and sparse: the action, and the level where it is a warning or an error.

// Longer than any line made here; it bounds what a server's or a command's text can do to the log.
const TEXT_CHARACTERS = 4096;

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
export type RenderLine = (line: LogLine, now: number) => string;

/** Text lines, with or without colours. */
export function textFormat(colour: 'colours' | 'plain'): RenderLine {
  const paint = colour === 'colours' ? painted : plain;
  const timeOf = timeTexts();
  return (line, now) => {
    const time = timeOf(now);
    // The second pass over text that is escaped already changes nothing; it is here so that no
    // line, whoever made it, reaches a terminal unescaped.
    const text = printable(line.text, TEXT_CHARACTERS);
    const head =
      line.accent === undefined
        ? `${paint(line.level.padEnd(5), LEVEL_COLOUR[line.level])} ${text}`
        : `${paint(line.accent, line.accent === 'accept' ? GREEN : DIM)}${text.slice(line.accent.length)}`;
    return [`${time} ${head}`, ...tail(line)].join('\n');
  };
}

function tail(line: LogLine): readonly string[] {
  const more = (line.more ?? []).map((text) => `  ${printable(text, TEXT_CHARACTERS)}`);
  return line.event === undefined ? more : [...more, escapedJson(line.event, 2)];
}

function plain(text: string): string {
  return text;
}

function painted(text: string, colour: string | null): string {
  return colour === null ? text : `\u001b[${colour}m${text}\u001b[0m`;
}

// The time at the beginning of every line. Lines come by the hundred within a millisecond, so the
// last one's text is kept.

/** Makes times in milliseconds since 1970 into RFC 3339 text, in UTC with milliseconds. */
function timeTexts(): (now: number) => string {
  let last = Number.NaN;
  let text = '';
  return (now) => {
    if (now !== last) text = new Date(now).toISOString();
    last = now;
    return text;
  };
}
