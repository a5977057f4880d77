// What templates of a request see, and the findings that those of the URL and of headers share.
// Follows docs/configuration.md (where Event values may stand is a closed list).

import type { Delivery } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import { parseTemplate, SECRETS, type Template } from '../../kit/template.ts';
import { FIRST_WORDS } from '../manifest/document.ts';

/** Which paths may stand in a request: of one delivery, or of several that share nothing else. */
export type TemplateScope = 'delivery' | 'batch';

const WORDS = { delivery: FIRST_WORDS, batch: ['cluster', 'trigger'] } as const;

/** A template, or what is wrong with it. */
export type CompiledText =
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
