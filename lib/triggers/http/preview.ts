// The request of a delivery's first attempt, for people. No secret is read: the place of one shows the
// file or variable that holds it.
// Follows docs/triggers.md (which headers come, in which order).
import type { Delivery } from '../../core/delivery.ts';
import type { Preview } from '../../core/trigger.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import type { Content } from './body.ts';
import { BATCH_FORMATS, LARGEST_BODY_BYTES, toBatch, toContent, toEntry } from './body.ts';
import type { Header } from './header-templates.ts';
import { compileHeaders } from './header-templates.ts';
import type { SecretName } from './needed-secrets.ts';
import { neededSecrets } from './needed-secrets.ts';
import type { HttpSection } from './section.ts';
import { HTTP_DEFAULTS } from './section.ts';
import { ownHeaders } from './single.ts';
import { toTemplateView } from './templates.ts';
import { compileUrl } from './url-template.ts';

/** The request that a section makes of a delivery; of a batch, one with this delivery alone. */
export function previewRequest(section: HttpSection, delivery: Delivery): Preview {
  const isBatch = section.batch !== undefined;
  const scope = isBatch ? 'batch' : 'delivery';
  const view = toTemplateView(delivery);
  const target = compileUrl(section.url, scope).render(view);
  if (!target.ok) return { ok: false, why: `make the URL: ${target.why}` };
  const content = isBatch ? toBatchContent(section, delivery) : toSingleContent(section, delivery);
  const { length } = content.body;
  if (length > LARGEST_BODY_BYTES) {
    const why = `its body has ${length} bytes (expected at most ${LARGEST_BODY_BYTES})`;
    return { ok: false, why };
  }
  const headers: readonly Header[] = [
    ...content.headers,
    ...(isBatch ? [] : ownHeaders(delivery)),
    ['webhook-id', isBatch ? 'batch_<drawn for each request>' : delivery.id],
    ...signature(section),
    ...compileHeaders(section.headers ?? {}, scope).render(view),
    ...credentials(section),
  ];
  const method = section.method ?? HTTP_DEFAULTS.method;
  const head = [`${method} ${target.url.href}`, ...headers.map((header) => header.join(': '))];
  return { ok: true, text: [...head, '', content.body.toString('utf8')].join('\n') };
}

function toSingleContent(
  { format = HTTP_DEFAULTS.format }: HttpSection,
  delivery: Delivery,
): Content {
  return toContent(delivery, format);
}

function toBatchContent(section: HttpSection, delivery: Delivery): Content {
  const format = BATCH_FORMATS.find((one) => one === section.format) ?? 'document';
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
