// Templates of a request: which paths they may have, the document that they read, and the headers of a
// section. Templates of URLs are in url-template.ts, those of bodies in body-template.ts.
// Follows docs/configuration.md (places of Event values); RFC 9110 §5.1, §5.5, §7.6.1 (header names,
// values, hop by hop).

import type { Json, JsonObject } from '../../core/json-object.ts';
import { errorAt, type Finding } from '../../core/problem.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import { quoted } from '../../kit/text/printable.ts';
import {
  parseTemplate,
  SECRETS,
  type Template,
  type TemplatePiece,
} from '../../kit/text/template.ts';
import { FIRST_WORDS, PATH_HINT } from '../manifest/document.ts';

/** The paths that templates may have: those of one delivery, or those that a batch shares. */
export type TemplateScope = 'delivery' | 'batch';

const WORDS = { delivery: FIRST_WORDS, batch: ['cluster', 'trigger'] } as const;

type CompiledText =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly finding: Finding };

/** Place of a template in the section, and the paths that it may have. */
interface TemplatePlace {
  /** A JSON Pointer from the section. */
  readonly path: string;
  readonly scope: TemplateScope;
  /** Names of the secrets in the section. */
  readonly secrets: readonly string[];
}

/** Compiles a text of the section as a template. */
export function compileText(text: string, { path, scope, secrets }: TemplatePlace): CompiledText {
  const parsed = parseTemplate(text, WORDS[scope], secrets);
  if (parsed.ok) return parsed;
  const hint = parsed.about === 'secret' ? SECRET_HINT : HINTS[scope];
  const message = `found ${parsed.why}`;
  return { ok: false, finding: errorAt('bad-template', path, { message, hint }) };
}

/** Replaces a template while the text around it is checked. */
export const MARK = '\uE000';

/** The text with a mark for each template; `written` replaces marks that the text has itself. */
export function marked({ pieces }: Pick<Template, 'pieces'>, written: string): string {
  return pieces
    .map((piece) => ('literal' in piece ? piece.literal.replaceAll(MARK, written) : MARK))
    .join('');
}

/** A mistake in a part of the section. */
export interface Fault {
  readonly code: 'wrong-value' | 'wrong-type' | 'template-place';
  /** Found and expected, for people. Never quotes a text that may have a credential. */
  readonly found: string;
  readonly hint: string;
}

/** Makes a finding; `path` is a JSON Pointer from the section. */
export function toFinding(path: string, { code, found, hint }: Fault): Finding {
  return errorAt(code, path, { message: `found ${found}`, hint });
}

const HINTS = {
  delivery: PATH_HINT,
  batch: 'a batch has several Events: remove the template or batch:',
} as const satisfies Record<TemplateScope, string>;

const SECRET_HINT =
  'name it in secrets: { NAME: { env: VARIABLE } }, or { file: PATH }, or write $${ for a plain ${';

/** Whether a text has `${secret:…}`, not escaped as `$${secret:…}`. */
export function namesSecret(text: string): boolean {
  return /(?<!\$)\$\{secret:/.test(text);
}

/** Adds the secrets of `${secret:NAME}` to a view. */
export function withSecrets(
  view: JsonObject,
  secrets: Readonly<Record<string, string>>,
): JsonObject {
  return { ...view, [SECRETS]: secrets };
}

/** A header of a request: its lower-case name and its value. */
export type Header = readonly [name: string, value: string];

interface CompiledHeaders {
  /** Their mistakes; paths are relative to the section. Render only without errors. */
  readonly findings: readonly Finding[];
  readonly render: (document: Json) => readonly Header[];
}

// Hop-by-hop headers, framing, and headers that the client writes.
const CONNECTION: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OWN: ReadonlySet<string> = new Set(['content-type', 'idempotency-key', 'traceparent']);
const OWN_PREFIXES = ['webhook-', 'ce-', 'sluice-', 'proxy-'];
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Compiles `headers:`; `secrets` are the names that `${secret:NAME}` may use. */
export function compileHeaders(
  headers: Readonly<Record<string, string>>,
  scope: TemplateScope,
  secrets: readonly string[] = [],
): CompiledHeaders {
  const findings: Finding[] = [];
  const fields: ((document: Json) => Header)[] = [];
  const seen = new Set<string>();
  for (const [written, text] of Object.entries(headers)) {
    const name = written.toLowerCase();
    const path = toPointer(['headers', written]);
    // `authorization` is allowed if its value refers to a secret.
    const isSecret = name === 'authorization' && namesSecret(text);
    const fault = isSecret ? undefined : headerNameFault(written);
    const refused = fault ?? (seen.has(name) ? TWICE : undefined);
    seen.add(name);
    if (refused !== undefined) findings.push(toFinding(path, refused));
    else fields.push(compileHeader(name, text, { place: { path, scope, secrets }, findings }));
  }
  const constant = fields.map((field) => field(null));
  const isConstant = Object.values(headers).every((text) => !text.includes('${'));
  return {
    findings,
    render: isConstant ? () => constant : (document) => fields.map((field) => field(document)),
  };
}

const TWICE: Fault = {
  code: 'wrong-value',
  found: 'the header twice (expected it once, in any letter case)',
  hint: 'remove one of the two',
};

/** Whether a text is a valid name of a header. */
export function isHeaderName(text: string): boolean {
  return NAME.test(text);
}

/** Why a section cannot configure a header of this name; undefined if it can. */
export function headerNameFault(written: string): Fault | undefined {
  const name = written.toLowerCase();
  const fault = (why: string, hint: string): Fault => ({
    code: 'wrong-value',
    found: `the header ${quoted(written, 100)} (expected ${why})`,
    hint,
  });
  if (!isHeaderName(written)) return fault('a name of letters, digits and -', 'correct the name');
  if (name === 'authorization') {
    return fault(
      'it under auth:, or ${secret:NAME} in its value',
      'name a file or variable: auth: { bearer: { tokenFile: … } }',
    );
  }
  if (name === 'content-type') {
    return fault(
      'another name: Sluice writes this one',
      'write contentType: beside body:; each format has a content type of its own',
    );
  }
  if (CONNECTION.has(name)) return fault('one that is not the connection’s', 'remove it');
  if (OWN.has(name) || OWN_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    return fault('another name: Sluice writes this one', 'choose another name, such as X-Team');
  }
  return undefined;
}

function compileHeader(
  name: string,
  text: string,
  { place, findings }: { readonly place: TemplatePlace; readonly findings: Finding[] },
): (document: Json) => Header {
  const { path } = place;
  const compiled = compileText(text, place);
  if (!compiled.ok) {
    findings.push(compiled.finding);
    return () => [name, ''];
  }
  const { template } = compiled;
  const literals = template.pieces.flatMap((piece) => ('literal' in piece ? [piece.literal] : []));
  if (literals.some((literal) => !/^[\u0020-\u007e\t]*$/.test(literal))) {
    const found = 'a control character or one that is not ASCII (expected neither in a header)';
    const hint = 'remove it, or percent-encode it';
    findings.push(toFinding(path, { code: 'wrong-value', found, hint }));
  }
  return (document) => {
    const parts = template.pieces.map((piece) => partOf(piece, document));
    return [name, parts.join('').trim()];
  };
}

/** Secrets are inserted as they are, because they were checked when they were read. */
function partOf(piece: TemplatePiece, document: Json): string {
  if ('literal' in piece) return piece.literal;
  const text = piece.renderText(document);
  return piece.isSecret ? text : toHeaderText(text);
}

// Headers are for routing; the body has everything. Servers accept 8 to 16 KiB of headers in all, and
// an encoded character may have nine bytes.
const LONGEST_VALUE = 512;
const PLAIN = /^[\u0020-\u0024\u0026-\u007e]*$/;

/**
 * A text of an Event as part of a header value. It is cut at 512 characters and loses its control
 * characters; then `%` and all characters outside ASCII are percent-encoded as UTF-8.
 */
export function toHeaderText(text: string): string {
  const short = text.length > LONGEST_VALUE ? text.slice(0, LONGEST_VALUE) : text;
  if (PLAIN.test(short)) return short;
  return (
    short
      // Drops a character that the cut divided. A lone surrogate of the Event becomes U+FFFD.
      .replace(short === text ? /$^/ : /[\uD800-\uDBFF]$/, '')
      .toWellFormed()
      .replaceAll(/[\p{Cc}\u2028\u2029]/gu, '')
      .replaceAll(/[^\u0020-\u0024\u0026-\u007e]+/gu, (part) => encodeURIComponent(part))
  );
}
