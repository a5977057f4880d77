// What templates of a request see, and the findings that those of the URL and of headers share.
// Follows docs/configuration.md (where Event values may stand is a closed list).
import type { Delivery } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import type { Template } from '../../kit/template.ts';
import { parseTemplate } from '../../kit/template.ts';
import { FIRST_WORDS } from '../manifest/document.ts';

/** Which paths may stand in a request: of one delivery, or of several that share nothing else. */
export type TemplateScope = 'delivery' | 'batch';

const WORDS = { delivery: FIRST_WORDS, batch: ['cluster', 'trigger'] } as const;

/** A template, or what is wrong with it. */
export type CompiledText =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly finding: Finding };

/** Reads a text of the section as a template. */
export function compileText(text: string, scope: TemplateScope, path: string): CompiledText {
  const parsed = parseTemplate(text, WORDS[scope]);
  if (parsed.ok) return parsed;
  const hint =
    scope === 'batch'
      ? 'a request for several deliveries has no one Event: remove the template or batch:'
      : 'begin the path with a field of the delivery document, or write $${ for a plain ${';
  return {
    ok: false,
    finding: {
      severity: 'error',
      code: 'bad-template',
      path,
      message: `found ${parsed.why}`,
      hint,
    },
  };
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
