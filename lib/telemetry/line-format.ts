// How lines become text: one JSON object a line for programs, or plain text for people. Both are
// safe to show on a terminal. Texts in JSON are escaped twice on purpose: once for JSON, and once
// so that `jq -r` is as safe as the text form.

import type { Json } from '../core/json-object.ts';
import { printable } from '../kit/text/printable.ts';
import type { LogLevel, LogLine } from './logging.ts';

/** The property of a record with its complete text, as logform and triple-beam define it. */
export const MESSAGE = Symbol.for('message');

/** Turns a line into text. */
export type RenderLine = (line: LogLine, now: number) => string;

/** Turns a line into text, or drops it. */
export type Rendering = (line: LogLine, now: number) => string | null;

// Characters that a terminal acts on and JSON.stringify does not escape: DEL, C1, separators, bidi.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
// Longer than any line made here; it bounds the texts of servers and commands in the log.
const LINE_CHARACTERS = 4096;

// JSON that `shownJson` need not escape: it has no escapes except of quotes and backslashes, and no
// character that a terminal acts on.
const PLAIN = /^(?:[ !#-[\]-~]|"|\\["\\])*$/;

/**
 * Renders a line as one JSON object: time, level, kind, text except of decisions, and the fields.
 */
export function jsonFormat(): RenderLine {
  const timeOf = timeTexts();
  return (line, now) => {
    const { level, kind, fields, event, more } = line;
    // These three come from closed sets of ours; nothing in them needs an escape.
    const head = `{"time":"${timeOf(now)}","level":"${level}","kind":"${kind}"`;
    // The text of a decision repeats its fields word by word.
    const content = kind === 'decision' ? fields : { text: line.message, ...fields };
    const rest = shownJson(more === undefined ? content : { ...content, more }, line);
    const tail = event === undefined ? '}' : `,"fullEvent":${escapedJson(event, 0)}}`;
    return `${head}${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}${tail}`;
  };
}

/** JSON whose texts are made printable and cut to the longest that a line may hold. */
function shownJson(value: object, { isShown }: Pick<LogLine, 'isShown'>): string {
  const text = JSON.stringify(value);
  if (isShown === true || (text.length <= LINE_CHARACTERS && PLAIN.test(text))) return text;
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? printable(inner, LINE_CHARACTERS) : inner,
  );
}

/** JSON with every character escaped that a terminal acts on; it is still the same JSON value. */
export function escapedJson(value: Json | object, indent: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(UNSAFE, (found) => (found === '\n' ? found : unicodeEscape(found)));
}

/** Escapes a character for JSON, one escape for each of its UTF-16 code units. */
export function unicodeEscape(character: string): string {
  return Array.from({ length: character.length }, (_, place) => {
    const unit = character.charCodeAt(place).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}

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

/**
 * Renders a line as text: time, then the decision or the level, then the text. Coloured are only
 * the action of a decision and the level of another line.
 */
export function textFormat(colour: 'colours' | 'plain'): RenderLine {
  const paint = colour === 'colours' ? painted : plain;
  const timeOf = timeTexts();
  return (line, now) => {
    const time = timeOf(now);
    // A second pass over escaped text changes nothing. It guarantees that no line reaches a
    // terminal unescaped, even if the code that made the line forgot to escape.
    const text = printable(line.message, LINE_CHARACTERS);
    const head =
      line.accent === undefined
        ? `${paint(line.level.padEnd(5), LEVEL_COLOUR[line.level])} ${text}`
        : `${paint(line.accent, line.accent === 'accept' ? GREEN : DIM)}${text.slice(line.accent.length)}`;
    return [`${time} ${head}`, ...tail(line)].join('\n');
  };
}

function tail(line: LogLine): readonly string[] {
  const more = (line.more ?? []).map((text) => `  ${printable(text, LINE_CHARACTERS)}`);
  return line.event === undefined ? more : [...more, escapedJson(line.event, 2)];
}

function plain(text: string): string {
  return text;
}

function painted(text: string, colour: string | null): string {
  return colour === null ? text : `\u001b[${colour}m${text}\u001b[0m`;
}

/**
 * Renders times as RFC 3339 text, in UTC with milliseconds. Hundreds of lines share a millisecond,
 * so the last text is kept.
 */
function timeTexts(): (now: number) => string {
  let last = Number.NaN;
  let text = '';
  return (now) => {
    if (now !== last) text = new Date(now).toISOString();
    last = now;
    return text;
  };
}
