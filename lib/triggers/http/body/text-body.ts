// Templates in a text body: where values may stand in each form, and how they are written there. No
// value can end the one that it stands in. Values are filled in and never parsed.
// Source: RFC 8259 §7 (JSON strings); the URL Standard (form encoding); XML 1.0 §2.2 (characters),
// §2.4 (escapes), §3.1 (attributes).

import { isJsonList, isJsonObject, type Json } from '../../../core/event.ts';
import { jsonOrNothing } from '../../../kit/data/json.ts';
import type { Template, TemplatePiece } from '../../../kit/text/template.ts';
import { type Fault, MARK, marked } from '../templates.ts';

/** A text body ready to be rendered, or what is wrong with it. */
type CompiledBodyText =
  | { readonly ok: true; readonly render: (document: Json) => string }
  | { readonly ok: false; readonly fault: Fault };

/** Compiles a text whose values are written so. */
export function compileBodyText(template: Template, writing: TextWriting): CompiledBodyText {
  switch (writing) {
    case 'json':
      return compileJson(template);
    case 'form':
      return checked(template, formFault(marked(template, 'x')), toForm);
    case 'xml':
      return checked(template, xmlFault(marked(template, 'x')), toXml);
    case 'plain':
      return { ok: true, render: (document) => template.renderText(document) };
    case 'none':
      return checked(template, template.constant ? undefined : NOT_ESCAPABLE, (text) => text);
  }
}

const NOT_ESCAPABLE: Fault = {
  code: 'template-place',
  found:
    'a template in a body of this content type (expected none: nothing says how to escape its value)',
  hint: 'use JSON, XML, a form or text/plain, or write the body without templates',
};

type PathPiece = Extract<TemplatePiece, { readonly path: string }>;

function checked(
  { pieces }: Template,
  fault: Fault | undefined,
  escape: (text: string) => string,
): CompiledBodyText {
  if (fault !== undefined) return { ok: false, fault };
  const write = (piece: TemplatePiece, document: Json): string =>
    'literal' in piece ? piece.literal : escape(piece.renderText(document));
  return { ok: true, render: (document) => pieces.map((one) => write(one, document)).join('') };
}

type JsonPart = string | { readonly piece: PathPiece; readonly isInString: boolean };

/** Inside quotes a value is escaped as a part of that text, elsewhere it is a whole JSON value. */
function compileJson({ pieces }: Template): CompiledBodyText {
  let isInString = false;
  const parts = pieces.map((piece): JsonPart => {
    if (!('literal' in piece)) return { piece, isInString };
    for (const [found] of piece.literal.matchAll(/\\[\s\S]|"/g)) {
      if (found === '"') isInString = !isInString;
    }
    return piece.literal;
  });
  const fault = jsonFault(parts);
  if (fault !== undefined) return { ok: false, fault };
  return { ok: true, render: (document) => parts.map((one) => jsonText(one, document)).join('') };
}

function jsonText(part: JsonPart, document: Json): string {
  if (typeof part === 'string') return part;
  const { piece, isInString } = part;
  if (!isInString) return JSON.stringify(piece.valueIn(document));
  return JSON.stringify(piece.renderText(document)).slice(1, -1);
}

/** A mark and `null` fit where a value fits, and nowhere else: not behind a backslash or a digit. */
function jsonFault(parts: readonly JsonPart[]): Fault | undefined {
  const probe = parts.map((part) => {
    if (typeof part === 'string') return part.replaceAll(MARK, 'x');
    return part.isInString ? MARK : 'null';
  });
  const parsed = jsonOrNothing(probe.join(''));
  if (parsed === undefined) {
    return {
      code: 'wrong-value',
      found: 'a text that is no JSON (expected JSON, as the content type says)',
      hint: 'write the body as a block of keys, or mend the text; ${path} stands for a whole value or in quotes',
    };
  }
  if (!hasMarkedKey(parsed)) return undefined;
  return misplaced('a key of the JSON', 'write the key as it is');
}

function hasMarkedKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMarkedKey);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([key, item]) => key.includes(MARK) || hasMarkedKey(item));
}

function misplaced(where: string, hint: string): Fault {
  return {
    code: 'template-place',
    found: `a template in ${where} (expected one in values only)`,
    hint,
  };
}

function formFault(text: string): Fault | undefined {
  if (!/^[\u0021-\u007e]*$/.test(text.replaceAll(MARK, ''))) {
    return {
      code: 'wrong-value',
      found: 'a space, a line break or a character that is not ASCII in a form (expected none)',
      hint: 'write the body as a block of keys, or percent-encode it',
    };
  }
  const names = text.split('&').map((one) => one.split('=')[0] ?? '');
  if (!names.some((name) => name.includes(MARK))) return undefined;
  return misplaced('the name of a form field', 'write the name as it is');
}

/** A text as a form has it. */
function toForm(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

// A comment, a CDATA section, an instruction, a declaration or a tag, with its quoted values.
const MARKUP =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!?(?:"[^"]*"|'[^']*'|[^<>"'])*>/g;
const QUOTED = /"[^"]*"|'[^']*'/g;

function xmlFault(text: string): Fault | undefined {
  const rest = text.replaceAll(MARKUP, '');
  if (rest.includes('<')) {
    return {
      code: 'wrong-value',
      found: 'a < that begins no tag (expected XML, as the content type says)',
      hint: 'close the tag, or write &lt;',
    };
  }
  for (const [found] of text.matchAll(MARKUP)) {
    const isTag = /^<[^!?]/.test(found);
    const judged = isTag ? found.replaceAll(QUOTED, '') : found;
    if (judged.includes(MARK)) {
      const where = isTag ? 'a tag' : 'a comment, a CDATA section, an instruction or a declaration';
      return misplaced(where, 'let it stand between tags, or in a quoted value of an attribute');
    }
  }
  return undefined;
}

// XML 1.0 cannot hold these characters, not even as references.
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // A parser takes them for spaces in an attribute.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function toXml(text: string): string {
  return text
    .replaceAll(NO_XML, '\uFFFD')
    .replaceAll(/[&<>"'\t\n\r]/g, (found) => XML_ESCAPES[found] ?? found);
}

/** Whether a value is neither a list nor an object. */
export function isScalar(value: Json): value is string | number | boolean | null {
  return !isJsonList(value) && !isJsonObject(value);
}

// Content types of a configured body, and how values are written in each. A type that has no row
// takes no values, because nothing says how to escape them.
// Source: RFC 9110 §8.3 (media types), RFC 6839 (+json, +xml).

/** How a value of a template is written in a body. */
export type TextWriting = 'json' | 'form' | 'xml' | 'plain' | 'none';

/** Content type of a tree if the section says nothing. */
export const TREE_TYPE = 'application/json';
/** Content type of a text if the section says nothing. */
export const TEXT_TYPE = 'text/plain; charset=utf-8';

const WRITINGS: ReadonlyMap<string, TextWriting> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/plain', 'plain'],
]);

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TYPE = new RegExp(
  `^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[ -!#-~]*"))*)$`,
);

/** How values are written in a body of this type, or why the text is no type that can be sent. */
type MediaType =
  | { readonly ok: true; readonly writing: TextWriting }
  | { readonly ok: false; readonly found: string; readonly hint: string };

/** Reads a content type. */
export function parseMediaType(text: string): MediaType {
  const [, type, parameters = ''] = TYPE.exec(text) ?? [];
  if (type === undefined) {
    const found = 'no content type (expected type/subtype)';
    return { ok: false, found, hint: 'write one such as application/json' };
  }
  const charset = /;[ \t]*charset="?([^";]*)/i.exec(parameters)?.[1] ?? 'utf-8';
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    const found = 'another charset (expected utf-8)';
    return { ok: false, found, hint: 'every body is sent as UTF-8: remove the charset' };
  }
  return { ok: true, writing: writingOf(type.toLowerCase()) };
}

function writingOf(type: string): TextWriting {
  if (type.endsWith('+json')) return 'json';
  if (type.endsWith('+xml')) return 'xml';
  return WRITINGS.get(type) ?? 'none';
}
