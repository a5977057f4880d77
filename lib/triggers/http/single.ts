// One delivery in one request, with the headers by which a receiver tells a repetition.
// Follows docs/triggers.md (headers, templates).

import { attemptNumber, type Delivery } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Outcome, Trigger } from '../../core/trigger.ts';
import { oneEach } from '../one-each.ts';
import { traceparent } from '../traceparent.ts';
import { compileBody } from './body/body-template.ts';
import { type Content, LARGEST_BODY_BYTES, toContent, tooLarge } from './body.ts';
import { compileHeaders, type Header } from './header-templates.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { Made, Sender, Sending } from './sender.ts';
import { compileTarget } from './target.ts';
import { toTemplateView, withSecrets } from './templates.ts';

/** A trigger whose attempts carry one delivery. */
export function oneByOne(section: HttpSection, sender: Sender): Trigger {
  const make = compileRequest(section);
  const target = compileTarget(section, 'delivery');
  return oneEach(keyLifeOf(section), async (delivery, signal) => {
    const view = toTemplateView(delivery);
    const where = (): string => target.where(view);
    const sending: Sending = {
      ...{ id: delivery.id, own: ownHeaders(delivery), where },
      make: (material) => {
        const rendered = target.render(view, material);
        if (rendered.ok) return make(delivery, rendered, withSecrets(view, material.secrets));
        const detail = `make the URL of delivery ${delivery.id}: ${rendered.why}`;
        return { outcome: 'refused', reason: rendered.reason, detail };
      },
    };
    const { outcome } = await sender.send(sending, signal);
    return outcome;
  });
}

type Address = Pick<Made, 'url' | 'shown'>;

/** Compiles the content of a request: the body that the section has, or one of the formats. */
export function compileContent(section: HttpSection) {
  const { format = HTTP_DEFAULTS.format } = section;
  const own = compileBody(section);
  return (delivery: Delivery, view: JsonObject): Content =>
    own === null ? toContent(delivery, format) : own.render(view);
}

/** Compiles the content and the headers of a request. */
function compileRequest(section: HttpSection) {
  const { headers = {}, secrets = {} } = section;
  const contentOf = compileContent(section);
  const configured = compileHeaders(headers, 'delivery', Object.keys(secrets));
  return (delivery: Delivery, { url, shown }: Address, view: JsonObject): Made | Outcome => {
    const content = contentOf(delivery, view);
    const { length } = content.body;
    if (length > LARGEST_BODY_BYTES) return tooLarge(delivery, length);
    return { url, shown, content, configured: configured.render(view) };
  };
}

/** Headers that name the delivery and the attempt. */
export function ownHeaders(delivery: Delivery): readonly Header[] {
  return [
    ['idempotency-key', delivery.id],
    ['sluice-attempt', String(attemptNumber(delivery))],
    ['traceparent', traceparent(delivery.id)],
  ];
}
