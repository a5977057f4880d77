// One delivery in one request, with the headers by which a receiver tells a repetition.
// Follows docs/triggers.md (headers, templates).

import { attemptNumber, type Delivery, type Outcome } from '../../core/delivery.ts';
import { traceparent } from '../../core/delivery-id.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Preview, Trigger } from '../../core/trigger.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import { oneEach } from '../trigger-kind.ts';
import { redactor } from './answer.ts';
import {
  batchFormatOf,
  type Content,
  LARGEST_BODY_BYTES,
  toBatch,
  toContent,
  toEntry,
  tooLarge,
} from './body/body.ts';
import { compileBody } from './body/body-template.ts';
import { compileTarget } from './request-target.ts';
import { clearSecrets, neededSecrets, type SecretName } from './secret-refs.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { MadeRequest, RequestSending, Sender } from './sender.ts';
import {
  compileHeaders,
  type Header,
  type TemplateScope,
  toTemplateView,
  withSecrets,
} from './templates.ts';
import { compileUrl } from './url-template.ts';

/** A trigger whose attempts carry one delivery. */
export function oneByOne(section: HttpSection, sender: Sender): Trigger {
  const make = compileRequest(section);
  const target = compileTarget(section, 'delivery');
  return oneEach(keyLifeOf(section), async (delivery, signal) => {
    const view = toTemplateView(delivery);
    const where = (): string => target.where(view);
    const sending: RequestSending = {
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

type PreviewAddress = Pick<MadeRequest, 'url' | 'shown'>;

/** Compiles the content of a request: the body that the section has, or one of the formats. */
function compileContent(section: HttpSection) {
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
  return (
    delivery: Delivery,
    { url, shown }: PreviewAddress,
    view: JsonObject,
  ): MadeRequest | Outcome => {
    const content = contentOf(delivery, view);
    const { length } = content.body;
    if (length > LARGEST_BODY_BYTES) return tooLarge(delivery, length);
    return { url, shown, content, configured: configured.render(view) };
  };
}

/** Headers that name the delivery and the attempt. */
function ownHeaders(delivery: Delivery): readonly Header[] {
  return [
    ['idempotency-key', delivery.id],
    ['sluice-attempt', String(attemptNumber(delivery))],
    ['traceparent', traceparent(delivery.id)],
  ];
}

// The request of a delivery's first attempt, for people. No secret is read: the place of one shows the
// file or variable that holds it.
// Follows docs/triggers.md (which headers come, in which order).

/** The request that a section makes of a delivery; of a batch, one with this delivery alone. */
export function previewRequest(section: HttpSection, delivery: Delivery): Preview {
  const isBatch = section.batch !== undefined;
  const scope = isBatch ? 'batch' : 'delivery';
  const names = Object.keys(section.secrets ?? {});
  const view = withSecrets(
    toTemplateView(delivery),
    Object.fromEntries(names.map((name) => [name, standIn(name)])),
  );
  const address = toAddress(section, scope, view);
  if (!address.ok) return address;
  const content = isBatch
    ? toBatchContent(section, delivery)
    : compileContent(section)(delivery, view);
  const { length } = content.body;
  if (length > LARGEST_BODY_BYTES) {
    const why = `its body has ${length} bytes (expected at most ${LARGEST_BODY_BYTES})`;
    return { ok: false, why };
  }
  const headers: readonly Header[] = [
    ...content.headers,
    ...(section.compression === undefined
      ? []
      : [['content-encoding', section.compression] as const]),
    ...(isBatch ? [] : ownHeaders(delivery)),
    ['webhook-id', isBatch ? 'batch_<drawn for each request>' : delivery.id],
    ...signature(section),
    ...compileHeaders(section.headers ?? {}, scope, names).render(view),
    ...credentials(section),
  ];
  const method = section.method ?? HTTP_DEFAULTS.method;
  const head = [`${method} ${address.text}`, ...headers.map((header) => header.join(': '))];
  const text = [...head, '', content.body.toString('utf8')].join('\n');
  return { ok: true, text: redactor(clearSecrets(section).flatMap((one) => one.texts))(text) };
}

/** What stands in the place of `${secret:NAME}`. */
function standIn(name: string): string {
  return `<secret ${name}>`;
}

/** The URL, or where it comes from if it is a secret as a whole. */
function toAddress(section: HttpSection, scope: TemplateScope, view: JsonObject): Preview {
  if (section.url === undefined)
    return { ok: true, text: `<the URL of ${placeOf(section, 'url')}>` };
  const names = Object.keys(section.secrets ?? {});
  const target = compileUrl(section.url, scope, names).render(view);
  if (!target.ok) return { ok: false, why: `make the URL: ${target.why}` };
  const written = (text: string, name: string): string =>
    text.replaceAll(encodeURIComponent(standIn(name)), standIn(name));
  return { ok: true, text: names.reduce(written, target.url.href) };
}

function toBatchContent(section: HttpSection, delivery: Delivery): Content {
  const format = batchFormatOf(section);
  return toBatch([toEntry(delivery, format)], format);
}

function signature(section: HttpSection): readonly Header[] {
  if (section.signing === undefined) return [];
  return [
    ['webhook-timestamp', '<when it is sent>'],
    ['webhook-signature', `<made with ${placeOf(section, 'signing')}>`],
  ];
}

function credentials(section: HttpSection): readonly Header[] {
  const { bearer, basic, header } = section.auth ?? {};
  if (bearer !== undefined) return [['authorization', `Bearer <${placeOf(section, 'token')}>`]];
  if (basic !== undefined) {
    const who = `user ${JSON.stringify(basic.username)}, password of ${placeOf(section, 'password')}`;
    return [['authorization', `Basic <${who}>`]];
  }
  if (header === undefined) return [];
  return [[header.name.toLowerCase(), `<${placeOf(section, 'value')}>`]];
}

/** `variable "CI_TOKEN"` or `file "…"`. */
function placeOf(section: HttpSection, name: SecretName): string {
  const needed = neededSecrets(section)[name];
  return needed === undefined ? 'no secret' : nameOfSecret(needed.ref);
}
