// `body:` of a section, compiled once: a JSON tree or a text with templates in its values. A tree
// becomes JSON or a form, so that a value of an Event stays one value whatever it holds.
// Follows docs/triggers.md (body); the URL Standard (application/x-www-form-urlencoded).

import { isJsonList, isJsonObject, type Json } from '../../../core/event.ts';
import type { Finding } from '../../../core/problem.ts';
import { type Template, toText } from '../../../kit/text/template.ts';
import { toPointer } from '../../manifest/manifest-places.ts';
import type { HttpSection } from '../section.ts';
import { compileText, type Fault, type TemplatePlace, toFinding } from '../templates.ts';
import type { Content } from './body.ts';
import {
  compileBodyText,
  isScalar,
  parseMediaType,
  TEXT_TYPE,
  type TextWriting,
  TREE_TYPE,
} from './text-body.ts';

/** A body ready to be rendered. */
interface CompiledBody {
  /** Its mistakes; paths are relative to the section. Render only without errors. */
  readonly findings: readonly Finding[];
  /** The document holds the secrets that the body uses. */
  readonly render: (document: Json) => Content;
}

type RenderBody<Made> = (document: Json) => Made;

/** Compiles `body:` and `contentType:` of a section; null if it has no body of its own. */
export function compileBody(section: HttpSection): CompiledBody | null {
  const { body, secrets = {} } = section;
  if (body === undefined) return null;
  const type = section.contentType ?? (typeof body === 'string' ? TEXT_TYPE : TREE_TYPE);
  const media = parseMediaType(type);
  if (!media.ok) {
    const { found, hint } = media;
    return unusable(toFinding('/contentType', { code: 'wrong-value', found, hint }));
  }
  const compiling = new BodyCompiling(Object.keys(secrets));
  const write = compiling.write(body, media.writing);
  const headers = [['content-type', type]] as const;
  return {
    findings: compiling.findings,
    render: (document) => ({ headers, body: Buffer.from(write(document), 'utf8') }),
  };
}

function unusable(finding: Finding): CompiledBody {
  const content = { headers: [], body: Buffer.alloc(0) };
  return { findings: [finding], render: () => content };
}

const EMPTY = (): string => '';

/** One body being compiled, and what was found wrong with it. */
class BodyCompiling {
  readonly findings: Finding[] = [];
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** The whole body, as text. */
  write(body: NonNullable<HttpSection['body']>, writing: TextWriting): RenderBody<string> {
    if (typeof body === 'string') return this.#text(body, writing);
    if (writing === 'json') {
      const render = this.#tree(body, '/body');
      return (document) => JSON.stringify(render(document));
    }
    if (writing === 'form' && !isJsonList(body)) return this.#form(body);
    return this.#refuse('/contentType', {
      code: 'wrong-value',
      found:
        writing === 'form'
          ? 'a list as the body of a form (expected a block of keys)'
          : 'a block or a list as the body of this content type (expected JSON or a form)',
      hint: 'write the body as a text, or name a content type of JSON or of forms',
    });
  }

  #text(text: string, writing: TextWriting): RenderBody<string> {
    const template = this.#template(text, '/body');
    if (template === undefined) return EMPTY;
    const compiled = compileBodyText(template, writing);
    if (compiled.ok) return compiled.render;
    return this.#refuse('/body', compiled.fault);
  }

  #tree(value: Json, path: string): RenderBody<Json> {
    if (typeof value === 'string') {
      const template = this.#template(value, path);
      return template === undefined ? EMPTY : (document) => template.renderValue(document);
    }
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

  /** A list repeats its field. */
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
    if (typeof value === 'string') {
      const template = this.#template(value, path);
      return template === undefined ? EMPTY : (document) => template.renderText(document);
    }
    if (isScalar(value)) return () => toText(value);
    return this.#refuse(path, {
      code: 'wrong-type',
      found: 'a block or a list in a field of a form (expected a text, a number or a list of them)',
      hint: 'write one field for each value, or the JSON that the receiver wants as a text',
    });
  }

  /** A template in a key would let an Event choose which field it writes. */
  #key(key: string, path: string): string {
    const template = this.#template(key, path);
    if (template === undefined || template.constant) return template?.renderText(null) ?? key;
    this.findings.push(
      toFinding(path, {
        code: 'template-place',
        found: 'a template in a key (expected one in values only)',
        hint: 'write the key as it is, or $${ for a plain ${',
      }),
    );
    return key;
  }

  #template(text: string, path: string): Template | undefined {
    const place: TemplatePlace = { path, scope: 'delivery', secrets: this.#secrets };
    const compiled = compileText(text, place);
    if (compiled.ok) return compiled.template;
    this.findings.push(compiled.finding);
    return undefined;
  }

  #refuse(path: string, fault: Fault): RenderBody<string> {
    this.findings.push(toFinding(path, fault));
    return EMPTY;
  }
}
