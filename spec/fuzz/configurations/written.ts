// A value written as a text in one of the many ways in which people write YAML and JSON, and texts
// with the mistakes that editors, merges and keyboards make.

import { isJsonObject, type Json } from '../../../lib/core/json-object.ts';
import type { FuzzRandom } from '../random.ts';
import { anyText, FRAGMENTS } from '../texts.ts';

/** A value as JSON, in lines or in one. */
export function asJson(value: Json, random: FuzzRandom): string {
  const indent = random.pick([0, 1, 2, 4, '\t']);
  return `${JSON.stringify(value, null, indent)}${random.pick(['', '\n', '\n\n', ' '])}`;
}

/** The same value as YAML: blocks and flows, plain and quoted texts, comments, a document's mark. */
export function asYaml(value: Json, random: FuzzRandom): string {
  const head = random.pick(['', '', '---\n', '# a comment\n\n', '\ufeff']);
  const tail = random.pick(['', '', '\n', '\n...\n', '# end\n']);
  const text = `${head}${block(value, random, 0)}\n${tail}`;
  return random.oneIn(6) ? text.replaceAll('\n', '\r\n') : text;
}

function block(value: Json, random: FuzzRandom, indent: number): string {
  if (Array.isArray(value) && value.length > 0 && !random.oneIn(6)) {
    return (value as readonly Json[])
      .map((item) => `${' '.repeat(indent)}- ${below(item, random, indent + 2)}`)
      .join('\n');
  }
  if (isJsonObject(value) && Object.keys(value).length > 0 && !random.oneIn(8)) {
    return Object.entries(value)
      .map(([key, item]) => {
        const comment = random.oneIn(20) ? `${' '.repeat(indent)}# about it\n` : '';
        return `${comment}${' '.repeat(indent)}${scalar(key, random)}: ${below(item, random, indent + 2)}`;
      })
      .join('\n');
  }
  return `${' '.repeat(indent)}${flow(value)}`;
}

function below(value: Json, random: FuzzRandom, indent: number): string {
  const isEmpty = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (isEmpty) return typeof value === 'string' ? scalar(value, random) : flow(value);
  if (random.oneIn(6)) return flow(value);
  return `${random.oneIn(10) ? '# below' : ''}\n${block(value, random, indent)}`;
}

const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const MEANT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function scalar(text: string, random: FuzzRandom): string {
  if (PLAIN.test(text) && !MEANT.test(text) && !random.oneIn(6)) return text;
  const isSimple = /^[\x20-\x7e]*$/.test(text);
  return isSimple && random.oneIn(3) ? `'${text.replaceAll("'", "''")}'` : flow(text);
}

// What YAML wants escaped although JSON does not.
const UNPRINTABLE = /[\u007f-\u009f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]/g;

function flow(value: Json): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const SLIPS = [
  '\t',
  '  ',
  ' ',
  '\n',
  '\r',
  '\n\n',
  '---\n',
  '\n---\n',
  '...\n',
  '&a ',
  '*a',
  '<<: *a\n',
  '!!str ',
  '!x ',
  '- ',
  ': ',
  ':',
  '#',
  ' # ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '|\n',
  '>-\n',
  '|+2\n',
  '? ',
  '%YAML 1.2\n',
  '@',
  '`',
  '.nan',
  '.inf',
  '0x10',
  '0o7',
  '1_000',
  '2026-01-31',
  '~',
  'null',
  '? [a, b]\n: c\n',
  '*',
] as const;

/** A text with some mistakes in it. */
export function mistyped(text: string, others: readonly string[], random: FuzzRandom): string {
  let written = text;
  const mistakes = random.oneIn(3) ? random.between(2, 8) : 1;
  for (let count = 0; count < mistakes; count += 1) written = slip(written, others, random);
  return written;
}

function slip(text: string, others: readonly string[], random: FuzzRandom): string {
  const at = random.below(text.length + 1);
  const lines = text.split('\n');
  const line = random.below(lines.length);
  switch (random.below(13)) {
    case 0:
      return text.slice(0, at) + text.slice(at + random.between(1, 6));
    case 1:
      return text.slice(0, at) + random.pick(FRAGMENTS) + text.slice(at);
    case 2:
      return text.slice(0, at) + anyText(random).slice(0, 2_000) + text.slice(at);
    case 3:
      return lines.toSpliced(line, 1).join('\n');
    case 4:
      return lines.toSpliced(line, 0, lines[line] ?? '').join('\n');
    case 5:
      return lines.toSpliced(line, 0, lines[random.below(lines.length)] ?? '').join('\n');
    case 6:
      return lines.with(line, ` ${lines[line] ?? ''}`).join('\n');
    case 7:
      return lines.with(line, (lines[line] ?? '').replace(/^ {1,2}/, '')).join('\n');
    case 8:
      return text.slice(0, at);
    case 9: {
      const other = random.pick(others);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 10:
      return (
        text.slice(0, at) + text.slice(at, at + 40).repeat(random.between(2, 60)) + text.slice(at)
      );
    default:
      return text.slice(0, at) + random.pick(SLIPS) + text.slice(at);
  }
}
