// Lines as programs read them: one JSON object a line. Texts in it are escaped twice on purpose:
// once for JSON, and once so that `jq -r` on a terminal is as safe as the text form.

import type { Json } from '../core/event.ts';
import { printable } from '../kit/printable.ts';
import type { Line } from './logging.ts';
import type { RenderLine } from './text-format.ts';
import { timeTexts } from './time-text.ts';

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
function shownJson(value: object, { isShown }: Pick<Line, 'isShown'>): string {
  const text = JSON.stringify(value);
  if (isShown === true || (text.length <= LINE_CHARACTERS && PLAIN.test(text))) return text;
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? printable(inner, LINE_CHARACTERS) : inner,
  );
}

/** JSON with everything a terminal acts on escaped; still the same JSON value. */
export function escapedJson(value: Json, indent: number): string {
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
