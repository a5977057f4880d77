// One delivery in one request, with the headers by which a receiver recognizes a repetition, and the
// preview of a request for people. Sending is in sender.ts.
// Follows docs/triggers.md (headers and their order, templates).

import { attemptNumber, type Delivery, type Outcome, toTemplateView } from '../../core/delivery.ts';
import { traceparent } from '../../core/delivery-id.ts';
import type { JsonObject } from '../../core/json-object.ts';
import type { Preview, Trigger } from '../../core/ports/trigger.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import {
  batchFormatOf,
  type Content,
  LARGEST_BODY_BYTES,
  toBatch,
  toContent,
  toEntry,
  tooLarge,
} from './body.ts';
import { compileBody } from './body-template.ts';
import { clearSecrets, redactor } from './clear-secrets.ts';
import { neededSecrets, type SecretName } from './request-credentials.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { RequestSending, Sender } from './sender.ts';
import { compileHeaders, type Header, type TemplateScope, withSecrets } from './templates.ts';
import { compileTarget, compileUrl } from './url-template.ts';

/** A trigger whose attempts carry one delivery. */
export function oneByOne(section: HttpSection, sender: Sender): Trigger {
  const { headers = {}, secrets = {} } = section;
  const target = compileTarget(section, 'delivery');
  const configured = compileHeaders(headers, 'delivery', Object.keys(secrets));
  const contentOf = compileContent(section);
  const hasSecrets = Object.keys(secrets).length > 0;
  const hasHeaders = Object.keys(headers).length > 0;
  const fireOne = async (delivery: Delivery, signal: AbortSignal): Promise<Outcome> => {
    const { id } = delivery;
    const view = toTemplateView(delivery);
    const make: RequestSending['make'] = (resolved) => {
      const rendered = target.render(view, resolved);
      if (!rendered.ok) {
        const detail = `make the URL of delivery ${id}: ${rendered.why}`;
        return { outcome: 'refused', reason: rendered.reason, detail };
      }
      const document = hasSecrets ? withSecrets(view, resolved.secrets) : view;
      const content = contentOf(delivery, document);
      const { length } = content.body;
      if (length > LARGEST_BODY_BYTES) return tooLarge(delivery, length);
      const { url, shown } = rendered;
      return { url, shown, content, configured: hasHeaders ? configured.render(document) : [] };
    };
    const where = (): string => target.where(view);
    const { outcome } = await sender.send({ id, own: ownHeaders(delivery), where, make }, signal);
    return outcome;
  };
  return {
    keyLifeMs: keyLifeOf(section),
    fire: (deliveries, signal) => Array.fromAsync(deliveries, (one) => fireOne(one, signal)),
  };
}

/** Compiles the content of a request: `body:` of the section, or one of the formats. */
function compileContent(section: HttpSection) {
  const { format = HTTP_DEFAULTS.format } = section;
  const own = compileBody(section);
  return (delivery: Delivery, view: JsonObject): Content =>
    own === null ? toContent(delivery, format) : own.render(view);
}

/** Headers that name the delivery and the attempt. */
function ownHeaders(delivery: Delivery): readonly Header[] {
  return [
    ['idempotency-key', delivery.id],
    ['sluice-attempt', String(attemptNumber(delivery))],
    ['traceparent', traceparent(delivery.id)],
  ];
}

/**
 * Previews the request of a delivery's first attempt; a batch has this delivery alone. No secret is
 * read: the file or variable of a secret is shown in its place.
 */
export function previewRequest(section: HttpSection, delivery: Delivery): Preview {
  const isBatch = section.batch !== undefined;
  const scope = isBatch ? 'batch' : 'delivery';
  const names = Object.keys(section.secrets ?? {});
  const view = withSecrets(
    toTemplateView(delivery),
    Object.fromEntries(names.map((name) => [name, placeholder(name)])),
  );
  const shownUrl = previewUrl(section, scope, view);
  if (!shownUrl.ok) return shownUrl;
  const format = batchFormatOf(section);
  const content = isBatch
    ? toBatch([toEntry(delivery, format)], format)
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
    ['webhook-id', isBatch ? 'batch_<random for each request>' : delivery.id],
    ...signaturePreview(section),
    ...compileHeaders(section.headers ?? {}, scope, names).render(view),
    ...credentialPreview(section),
  ];
  const method = section.method ?? HTTP_DEFAULTS.method;
  const head = [`${method} ${shownUrl.text}`, ...headers.map((header) => header.join(': '))];
  const text = [...head, '', content.body.toString('utf8')].join('\n');
  return { ok: true, text: redactor(clearSecrets(section).flatMap((one) => one.texts))(text) };
}

/** The text that is shown for `${secret:NAME}`. */
function placeholder(name: string): string {
  return `<secret ${name}>`;
}

/** The URL, or the place of its secret if the whole URL is one. */
function previewUrl(section: HttpSection, scope: TemplateScope, view: JsonObject): Preview {
  if (section.url === undefined)
    return { ok: true, text: `<the URL of ${placeOf(section, 'url')}>` };
  const names = Object.keys(section.secrets ?? {});
  const target = compileUrl(section.url, scope, names).render(view);
  if (!target.ok) return { ok: false, why: `make the URL: ${target.why}` };
  const written = (text: string, name: string): string =>
    text.replaceAll(encodeURIComponent(placeholder(name)), placeholder(name));
  return { ok: true, text: names.reduce(written, target.url.href) };
}

function signaturePreview(section: HttpSection): readonly Header[] {
  if (section.signing === undefined) return [];
  return [
    ['webhook-timestamp', '<when it is sent>'],
    ['webhook-signature', `<made with ${placeOf(section, 'signing')}>`],
  ];
}

function credentialPreview(section: HttpSection): readonly Header[] {
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
