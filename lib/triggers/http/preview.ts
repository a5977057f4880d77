// The request of a delivery's first attempt, for people. No secret is read: the place of one shows the
// file or variable that holds it.
// Follows docs/triggers.md (which headers come, in which order).

import type { Delivery } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Preview } from '../../core/trigger.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import { batchFormatOf, type Content, LARGEST_BODY_BYTES, toBatch, toEntry } from './body.ts';
import { clearSecrets } from './clear-secrets.ts';
import { compileHeaders, type Header } from './header-templates.ts';
import { neededSecrets, type SecretName } from './needed-secrets.ts';
import { redactor } from './redaction.ts';
import { HTTP_DEFAULTS, type HttpSection } from './section.ts';
import { compileContent, ownHeaders } from './single.ts';
import { type TemplateScope, toTemplateView, withSecrets } from './templates.ts';
import { compileUrl } from './url-template.ts';

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
