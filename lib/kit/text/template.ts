// Templates in configuration values: `${path}` inserts a value of the document that a pipeline
// receives, `$${` is a literal `${`. Templates apply to parsed values, never to the text of the
// file, so that quoting cannot break. Callers check by `paths` whether a path is allowed in their
// place.

import type { Json } from '../../core/json-object.ts';
import { type PathStep, parsePath, valueAtPath } from '../data/json-path.ts';

/** A part of a template: literal text, or the value at a path of the document. */
export type TemplatePiece = { readonly literal: string } | PathPiece;

/** A path in a template. */
export interface PathPiece {
  readonly path: string;
  /** Whether it is `${secret:NAME}`. */
  readonly isSecret: boolean;
  /** The value with its JSON type; the empty string if it is missing. */
  readonly valueIn: (document: Json) => Json;
  readonly renderText: (document: Json) => string;
}

/** A parsed template. */
export interface Template {
  readonly text: string;
  /** In order, for callers whose rules depend on the text around a path. */
  readonly pieces: readonly TemplatePiece[];
  /** Its paths, as written, in order. */
  readonly paths: readonly string[];
  /** Whether one of them is `${secret:NAME}`. */
  readonly hasSecret: boolean;
  /** Whether it has no path. */
  readonly constant: boolean;
  /**
   * Renders the value: with its JSON type if the template is exactly one `${path}`, else as text. A
   * missing value is the empty string.
   */
  readonly renderValue: (document: Json) => Json;
  /** Renders text: lists and objects as compact JSON, null and missing values as nothing. */
  readonly renderText: (document: Json) => string;
}

type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly why: string; readonly about: 'path' | 'secret' };

/** The key of a document with the secrets of `${secret:NAME}` by name. No path begins with it. */
export const SECRETS = 'secret:';

type BadPart = Omit<Extract<ParsedTemplate, { readonly ok: false }>, 'ok'>;

// An escape, a placeholder, or an opening that is never closed.
const MARK = /\$\$\{|\$\{([^{}"]*(?:"(?:[^"\\]|\\.)*"[^{}"]*)*)\}|\$\{/g;

/**
 * Parses a template. Its paths may begin with any of `firstWords`. It may use any of `secrets`;
 * null: it may use no secret.
 */
export function parseTemplate(
  text: string,
  firstWords: readonly string[],
  secrets: readonly string[] | null = null,
): ParsedTemplate {
  const parts: TemplatePiece[] = [];
  let from = 0;
  for (const mark of text.matchAll(MARK)) {
    parts.push({ literal: text.slice(from, mark.index) });
    from = mark.index + mark[0].length;
    if (mark[0] === '$${') {
      parts.push({ literal: '${' });
      continue;
    }
    const name = mark[1]?.startsWith(SECRETS) === true ? mark[1].slice(SECRETS.length) : undefined;
    const part = name === undefined ? toPart(mark[1], firstWords) : toSecret(name, secrets);
    if ('why' in part) return { ok: false, ...part };
    parts.push(part);
  }
  parts.push({ literal: text.slice(from) });
  return { ok: true, template: toTemplate(text, parts) };
}

/** The paths of the templates in a text, as written, whether they are valid or not. */
export function templatePaths(text: string): readonly string[] {
  return [...text.matchAll(MARK)].flatMap(([, path]) => path ?? []);
}

function toPart(path: string | undefined, firstWords: readonly string[]): PathPiece | BadPart {
  const about = 'path';
  if (path === undefined) {
    return { about, why: 'a ${ without its } (expected ${path}, or $${ for a plain ${)' };
  }
  const steps = parsePath(path);
  if (steps === undefined) {
    return {
      about,
      why: `\${${path}} is no path (expected keys and indexes, as in \${occurrences[0].count} or \${event.metadata.labels["a/b"]}; $\${${path}} writes it as it is)`,
    };
  }
  if (!firstWords.includes(String(steps[0]))) {
    return {
      about,
      why: `\${${path}} begins with ${String(steps[0])} (expected one of ${firstWords.join(', ')}; $\${${path}} writes it as it is)`,
    };
  }
  return toPiece(path, steps, false);
}

function toSecret(name: string, secrets: readonly string[] | null): PathPiece | BadPart {
  const about = 'secret';
  const path = `${SECRETS}${name}`;
  if (secrets === null) return { about, why: `\${${path}} (expected no secret here)` };
  if (secrets.includes(name)) return toPiece(path, [SECRETS, name], true);
  const known = secrets.length === 0 ? 'none is configured' : `one of ${secrets.join(', ')}`;
  return { about, why: `\${${path}}, which names no secret (expected the name of one: ${known})` };
}

function toPiece(path: string, steps: readonly PathStep[], isSecret: boolean): PathPiece {
  const valueIn = (document: Json): Json => {
    const value = valueAtPath(document, steps);
    return value === undefined ? '' : value;
  };
  return { path, isSecret, valueIn, renderText: (document) => toText(valueIn(document)) };
}

function toTemplate(text: string, all: readonly TemplatePiece[]): Template {
  const pieces = all.filter((piece) => !('literal' in piece) || piece.literal !== '');
  const paths = pieces.filter((piece) => 'path' in piece);
  const renderText = (document: Json): string =>
    pieces.map((one) => ('literal' in one ? one.literal : one.renderText(document))).join('');
  return {
    text,
    pieces,
    paths: paths.map(({ path }) => path),
    hasSecret: paths.some(({ isSecret }) => isSecret),
    constant: paths.length === 0,
    renderValue: (pieces.length === 1 ? paths[0]?.valueIn : undefined) ?? renderText,
    renderText,
  };
}

/** Renders a value as text: lists and objects as compact JSON, null as nothing. */
export function toText(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
