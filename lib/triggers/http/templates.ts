// What templates of a request see, and the findings that those of the URL and of headers share.
// Follows docs/configuration.md (where Event values may stand is a closed list).

import type { Delivery } from '../../core/delivery.ts';
import type { Json, JsonObject } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import { quoted } from '../../kit/text/printable.ts';
import {
  parseTemplate,
  SECRETS,
  type Template,
  type TemplatePiece,
} from '../../kit/text/template.ts';
import { FIRST_WORDS } from '../manifest/document.ts';

/** Which paths may stand in a request: of one delivery, or of several that share nothing else. */
export type TemplateScope = 'delivery' | 'batch';

const WORDS = { delivery: FIRST_WORDS, batch: ['cluster', 'trigger'] } as const;

/** A template, or what is wrong with it. */
type CompiledText =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly finding: Finding };

/** Place of a template in the section, and what may stand in it. */
export interface TemplatePlace {
  /** A JSON Pointer from the section. */
  readonly path: string;
  readonly scope: TemplateScope;
  /** The names of the secrets that the section has. */
  readonly secrets: readonly string[];
}

/** Reads a text of the section as a template. */
export function compileText(text: string, { path, scope, secrets }: TemplatePlace): CompiledText {
  const parsed = parseTemplate(text, WORDS[scope], secrets);
  if (parsed.ok) return parsed;
  const hint = parsed.about === 'secret' ? SECRET_HINT : HINTS[scope];
  const message = `found ${parsed.why}`;
  return {
    ok: false,
    finding: { severity: 'error', code: 'bad-template', path, message, hint },
  };
}

/** Stands for a template while the text around it is judged. */
export const MARK = '\uE000';

/** The text with a mark for each template; `written` is for a mark that is none. */
export function marked({ pieces }: Template, written: string): string {
  return pieces
    .map((piece) => ('literal' in piece ? piece.literal.replaceAll(MARK, written) : MARK))
    .join('');
}

/** Mistake in a part of the section, and its remedy. */
export interface Fault {
  readonly code: 'wrong-value' | 'wrong-type' | 'template-place';
  /** Names what was found and what was expected; what may hold a credential is not quoted. */
  readonly found: string;
  readonly hint: string;
}

/** The finding about it; `path` is a JSON Pointer from the section. */
export function toFinding(path: string, { code, found, hint }: Fault): Finding {
  return { severity: 'error', code, path, message: `found ${found}`, hint };
}

const HINTS = {
  delivery: 'begin the path with a field of the delivery document, or write $${ for a plain ${',
  batch: 'a request for several deliveries has no one Event: remove the template or batch:',
} as const satisfies Record<TemplateScope, string>;

const SECRET_HINT =
  'name it in secrets: { NAME: { env: VARIABLE } }, or { file: PATH }, or write $${ for a plain ${';

/** Whether a secret is named in a text, in a way that is meant. */
export function namesSecret(text: string): boolean {
  return /(?<!\$)\$\{secret:/.test(text);
}

/** What templates see: the document, without copying any Event. */
export function toTemplateView(delivery: Delivery): JsonObject {
  const { id, cluster, source, rule, trigger, match } = delivery;
  return {
    id,
    cluster: { id: cluster.id, name: cluster.name },
    source,
    rule: rule.name,
    trigger,
    match,
    occurrences: delivery.occurrences.map((occurrence) => ({ ...occurrence })),
    event: delivery.occurrences[0].event,
  };
}

/** The same view with the secrets that `${secret:NAME}` stands for. */
export function withSecrets(
  view: JsonObject,
  secrets: Readonly<Record<string, string>>,
): JsonObject {
  return { ...view, [SECRETS]: secrets };
}

// `headers:` of a section, compiled once: which names may stand there, and how values of an Event
// become header values that a server reads as one line.
// Source: RFC 9110 §5.1, §5.5, §7.6.1 (names, values, hop by hop).

/** A header of a request: its lower-case name and its value. */
export type Header = readonly [name: string, value: string];

/** Headers ready to be rendered. */
interface CompiledHeaders {
  /** What is wrong with them; paths are relative to the section. Render only without errors. */
  readonly findings: readonly Finding[];
  readonly render: (document: Json) => readonly Header[];
}

// Hop by hop, framing, and what the client itself writes.
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

/** Compiles `headers:` of a section that has secrets of these names. */
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
    const path = `/headers/${written.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const refused = nameFault(written, text) ?? (seen.has(name) ? TWICE : undefined);
    seen.add(name);
    if (refused !== undefined) findings.push({ severity: 'error', path, ...refused });
    else fields.push(compileHeader(name, text, { place: { path, scope, secrets }, findings }));
  }
  const constant = fields.map((field) => field(null));
  const isConstant = Object.values(headers).every((text) => !text.includes('${'));
  return {
    findings,
    render: isConstant ? () => constant : (document) => fields.map((field) => field(document)),
  };
}

type HeaderFault = Pick<Finding, 'code' | 'message' | 'hint'>;

const TWICE: HeaderFault = {
  code: 'wrong-value',
  message: 'found the header twice (expected it once, in whatever letter case)',
  hint: 'remove one of the two',
};

/** A credential that is written by reference needs no other way. */
function nameFault(written: string, text: string): HeaderFault | undefined {
  if (written.toLowerCase() === 'authorization' && namesSecret(text)) return undefined;
  return headerNameFault(written);
}

/** Whether a text can be the name of a header. */
export function isHeaderName(text: string): boolean {
  return NAME.test(text);
}

/** Why a configured header can not have this name; undefined where it can. */
export function headerNameFault(written: string): HeaderFault | undefined {
  const name = written.toLowerCase();
  const fault = (why: string, hint: string): HeaderFault => ({
    code: 'wrong-value',
    message: `found the header ${quoted(written, 100)} (expected ${why})`,
    hint,
  });
  if (!isHeaderName(written)) return fault('a name of letters, digits and -', 'mend the name');
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
    findings.push({
      severity: 'error',
      code: 'wrong-value',
      path,
      message: 'found a control character or one that is not ASCII (expected neither in a header)',
      hint: 'remove it, or percent-encode it',
    });
  }
  return (document) => {
    const parts = template.pieces.map((piece) => partOf(piece, document));
    return [name, parts.join('').trim()];
  };
}

/** A secret was looked at when it was read, and goes out as it is. */
function partOf(piece: TemplatePiece, document: Json): string {
  if ('literal' in piece) return piece.literal;
  const text = piece.renderText(document);
  return piece.isSecret ? text : toHeaderText(text);
}

// A header is for routing, the body has everything. Servers take 8 to 16 KiB of all headers
// together, and one character may need nine to be written.
const LONGEST_VALUE = 512;
const PLAIN = /^[\u0020-\u0024\u0026-\u007e]*$/;

/**
 * A text of an Event as part of a header value: without control characters, `%` and what is not
 * ASCII percent-encoded as UTF-8, cut at 512 characters before that.
 */
export function toHeaderText(text: string): string {
  const short = text.length > LONGEST_VALUE ? text.slice(0, LONGEST_VALUE) : text;
  if (PLAIN.test(short)) return short;
  return (
    short
      // A character that the cut left in two is dropped, one that came broken is shown as such.
      .replace(short === text ? /$^/ : /[\uD800-\uDBFF]$/, '')
      .toWellFormed()
      .replaceAll(/[\p{Cc}\u2028\u2029]/gu, '')
      .replaceAll(/[^\u0020-\u0024\u0026-\u007e]+/gu, (part) => encodeURIComponent(part))
  );
}
