// `body:` of a section, compiled once: a JSON tree or a text with templates in its values. A tree
// becomes JSON or a form. Values are inserted and never parsed, so a value of an Event cannot end the
// value that contains it. Content types are in body.ts.
// Source: RFC 8259 §7 (JSON strings); the URL Standard (form encoding); XML 1.0 §2.2 (characters), §2.4
// (escapes), §3.1 (attributes); docs/triggers.md (body).

import { isJsonList, isJsonObject, type Json } from '../../core/json-object.ts';
import type { Finding } from '../../core/problem.ts';
import { jsonOrNothing } from '../../kit/data/json.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import {
  type PathPiece,
  type Template,
  type TemplatePiece,
  toText,
} from '../../kit/text/template.ts';
import {
  type Content,
  contentOf,
  parseMediaType,
  TEXT_TYPE,
  type TextEscaping,
  TREE_TYPE,
} from './body.ts';
import type { HttpSection } from './section.ts';
import { compileText, type Fault, MARK, marked, toFinding } from './templates.ts';

interface CompiledBody {
  /** Its mistakes; paths are relative to the section. Render only without errors. */
  readonly findings: readonly Finding[];
  /** The document must have the secrets that the body uses. */
  readonly render: (document: Json) => Content;
}

type RenderBody<Made> = (document: Json) => Made;

/** Compiles `body:` and `contentType:` of a section; null if the section has no body. */
export function compileBody(section: HttpSection): CompiledBody | null {
  const { body, secrets = {} } = section;
  if (body === undefined) return null;
  const type = section.contentType ?? (typeof body === 'string' ? TEXT_TYPE : TREE_TYPE);
  const media = parseMediaType(type);
  if (!media.ok) {
    const { found, hint } = media;
    const finding = toFinding('/contentType', { code: 'wrong-value', found, hint });
    return { findings: [finding], render: () => contentOf([], '') };
  }
  const compiling = new BodyCompiling(Object.keys(secrets));
  const write = compiling.write(body, media.escaping);
  const headers = [['content-type', type]] as const;
  return {
    findings: compiling.findings,
    render: (document) => contentOf(headers, write(document)),
  };
}

const EMPTY = (): string => '';

/** In place of a template that is wrong. */
const NO_TEMPLATE = { pieces: [], constant: true, renderValue: EMPTY, renderText: EMPTY } as const;

type BodyTemplate = Pick<Template, keyof typeof NO_TEMPLATE>;

/** Compiles one body and collects its mistakes. */
class BodyCompiling {
  readonly findings: Finding[] = [];
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  write(body: NonNullable<HttpSection['body']>, escaping: TextEscaping): RenderBody<string> {
    if (typeof body === 'string') return this.#text(body, escaping);
    if (escaping === 'json') {
      const render = this.#tree(body, '/body');
      return (document) => JSON.stringify(render(document));
    }
    if (escaping === 'form' && !isJsonList(body)) return this.#form(body);
    return this.#refuse('/contentType', {
      code: 'wrong-value',
      found:
        escaping === 'form'
          ? 'a list as the body of a form (expected a block of keys)'
          : 'a block or a list as the body of this content type (expected JSON or a form)',
      hint: 'write the body as a text, or name a content type of JSON or of forms',
    });
  }

  #text(text: string, escaping: TextEscaping): RenderBody<string> {
    const template = this.#template(text, '/body');
    if (template === NO_TEMPLATE) return EMPTY;
    const compiled = compileBodyText(template, escaping);
    return typeof compiled === 'function' ? compiled : this.#refuse('/body', compiled);
  }

  #tree(value: Json, path: string): RenderBody<Json> {
    if (typeof value === 'string') return this.#template(value, path).renderValue;
    if (isJsonList(value)) {
      const items = value.map((item, place) => this.#tree(item, `${path}/${place}`));
      return (document) => items.map((item) => item(document));
    }
    if (!isJsonObject(value)) return () => value;
    const entries = Object.entries(value).map(([key, item]) => {
      const at = `${path}${toPointer([key])}`;
      return [this.#key(key, at), this.#tree(item, at)] as const;
    });
    return (document) => Object.fromEntries(entries.map(([key, item]) => [key, item(document)]));
  }

  /** A field that is a list is repeated for each item. */
  #form(body: Readonly<Record<string, Json>>): RenderBody<string> {
    const fields = Object.entries(body).flatMap(([key, value]) => {
      const path = toPointer(['body', key]);
      const name = this.#key(key, path);
      if (!isJsonList(value)) return [[name, this.#field(value, path)] as const];
      return value.map((item, place) => [name, this.#field(item, `${path}/${place}`)] as const);
    });
    return (document) => {
      const form = new URLSearchParams();
      for (const [name, field] of fields) form.append(name, field(document));
      return form.toString();
    };
  }

  #field(value: Json, path: string): RenderBody<string> {
    if (typeof value === 'string') return this.#template(value, path).renderText;
    if (!isJsonList(value) && !isJsonObject(value)) return () => toText(value);
    return this.#refuse(path, {
      code: 'wrong-type',
      found: 'a block or a list in a field of a form (expected a text, a number or a list of them)',
      hint: 'write one field for each value, or write the JSON that the receiver expects as a text',
    });
  }

  /** Keys have no templates: an Event could choose the field that it writes. */
  #key(key: string, path: string): string {
    const template = this.#template(key, path);
    if (template.constant) return template.renderText(null);
    const fault = misplaced('a key', 'write the key as it is, or $${ for a plain ${');
    return this.#refuse(path, fault)(null);
  }

  #template(text: string, path: string): BodyTemplate {
    const compiled = compileText(text, { path, scope: 'delivery', secrets: this.#secrets });
    if (compiled.ok) return compiled.template;
    this.findings.push(compiled.finding);
    return NO_TEMPLATE;
  }

  #refuse(path: string, fault: Fault): RenderBody<string> {
    this.findings.push(toFinding(path, fault));
    return EMPTY;
  }
}

type CompiledBodyText = RenderBody<string> | Fault;

/** Compiles a text body whose values are escaped in this way. */
function compileBodyText(template: BodyTemplate, escaping: TextEscaping): CompiledBodyText {
  switch (escaping) {
    case 'json':
      return compileJson(template);
    case 'form':
      return checked(template, formFault(marked(template, 'x')), toForm);
    case 'xml':
      return checked(template, xmlFault(marked(template, 'x')), toXml);
    case 'plain':
      return template.renderText;
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

function checked(
  { pieces }: BodyTemplate,
  fault: Fault | undefined,
  escape: (text: string) => string,
): CompiledBodyText {
  if (fault !== undefined) return fault;
  const write = (piece: TemplatePiece, document: Json): string =>
    'literal' in piece ? piece.literal : escape(piece.renderText(document));
  return (document) => pieces.map((one) => write(one, document)).join('');
}

type JsonPart = string | { readonly piece: PathPiece; readonly isInString: boolean };

/** Escapes a value inside quotes as part of the string; elsewhere it is a whole JSON value. */
function compileJson({ pieces }: BodyTemplate): CompiledBodyText {
  let isInString = false;
  const parts = pieces.map((piece): JsonPart => {
    if (!('literal' in piece)) return { piece, isInString };
    for (const [found] of piece.literal.matchAll(/\\[\s\S]|"/g)) {
      if (found === '"') isInString = !isInString;
    }
    return piece.literal;
  });
  const render = (document: Json) => parts.map((one) => jsonText(one, document)).join('');
  return jsonFault(parts) ?? render;
}

function jsonText(part: JsonPart, document: Json): string {
  if (typeof part === 'string') return part;
  const { piece, isInString } = part;
  if (!isInString) return JSON.stringify(piece.valueIn(document));
  return JSON.stringify(piece.renderText(document)).slice(1, -1);
}

/** Parses with a mark or `null` for each value: they are valid only if a value is valid there. */
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
      hint: 'write the body as a block of keys, or correct the text; ${path} is a whole value or part of a string',
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

/** Encodes a text as a value of a form. */
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
    const outsideValues = isTag ? found.replaceAll(QUOTED, '') : found;
    if (outsideValues.includes(MARK)) {
      const where = isTag ? 'a tag' : 'a comment, a CDATA section, an instruction or a declaration';
      return misplaced(where, 'write it between tags, or in a quoted value of an attribute');
    }
  }
  return undefined;
}

// XML 1.0 does not allow these characters, not even as references.
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Parsers replace them with spaces in an attribute.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function toXml(text: string): string {
  return text
    .replaceAll(NO_XML, '\uFFFD')
    .replaceAll(/[&<>"'\t\n\r]/g, (found) => XML_ESCAPES[found] ?? found);
}
