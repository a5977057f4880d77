// One delivery in one request, with the headers by which a receiver tells a repetition.
// Follows docs/triggers.md (headers, templates).
import type { Delivery } from '../../core/delivery.ts';
import { attemptNumber } from '../../core/delivery.ts';
import type { Trigger } from '../../core/trigger.ts';
import { oneEach } from '../one-each.ts';
import { traceparent } from '../traceparent.ts';
import { LARGEST_BODY_BYTES, toContent, tooLarge } from './body.ts';
import type { Header } from './header-templates.ts';
import { compileHeaders } from './header-templates.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { Sender } from './sender.ts';
import { toTemplateView } from './templates.ts';
import { compileUrl } from './url-template.ts';

/** A trigger whose attempts carry one delivery. */
export function oneByOne(section: HttpSection, sender: Sender): Trigger {
  const { format = HTTP_DEFAULTS.format } = section;
  const url = compileUrl(section.url, 'delivery');
  const headers = compileHeaders(section.headers ?? {}, 'delivery');
  return oneEach(keyLifeOf(section), async (delivery, signal) => {
    const view = toTemplateView(delivery);
    const target = url.render(view);
    if (!target.ok) {
      const detail = `make the URL of delivery ${delivery.id}: ${target.why}`;
      return { outcome: 'refused', reason: target.reason, detail };
    }
    const content = toContent(delivery, format);
    const { length } = content.body;
    if (length > LARGEST_BODY_BYTES) return tooLarge(delivery, length);
    const own = ownHeaders(delivery);
    const sending = { url: target.url, id: delivery.id, content, own };
    const sent = await sender.send({ ...sending, configured: headers.render(view) }, signal);
    return sent.outcome;
  });
}

function ownHeaders(delivery: Delivery): readonly Header[] {
  return [
    ['idempotency-key', delivery.id],
    ['sluice-attempt', String(attemptNumber(delivery))],
    ['traceparent', traceparent(delivery.id)],
  ];
}
