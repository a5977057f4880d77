// Contents of requests: bodies of one or several deliveries in each format with the headers about them,
// and the content types of configured bodies. Bodies of `body:` are in body-template.ts.
// Follows docs/triggers.md; CloudEvents 1.0.2 §3 (types, attributes), JSON event format §3, §4, HTTP
// binding §3.1.3.2 (headers); RFC 9110 §8.3 (media types), RFC 6839 (+json, +xml).

import { type Delivery, type Outcome, toDocument } from '../../core/delivery.ts';
import { traceparent } from '../../core/delivery-id.ts';
import { stringAt } from '../../core/json-object.ts';
import type { HttpFormat, HttpSection } from './section.ts';
import type { Header } from './templates.ts';

/** A body with its headers. It is encoded once, because the same bytes are signed and sent. */
export interface Content {
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

const JSON_TYPE: Header = ['content-type', 'application/json'];
// In lower case, as the official SDKs write it: the SDK for JavaScript accepts no other spelling.
const CLOUD_EVENT: Header = ['content-type', 'application/cloudevents+json; charset=utf-8'];
const CLOUD_EVENTS: Header = ['content-type', 'application/cloudevents-batch+json; charset=utf-8'];

/** The content of a request for one delivery. */
export function toContent(delivery: Delivery, format: HttpFormat): Content {
  switch (format) {
    case 'document':
      return contentOf([JSON_TYPE], documentText(delivery));
    case 'event':
      return contentOf([JSON_TYPE], JSON.stringify(delivery.occurrences[0].event));
    case 'cloudevents':
      return contentOf([CLOUD_EVENT], cloudEventText(delivery));
    case 'cloudevents-binary':
      return contentOf(
        [JSON_TYPE, ...toCloudEventHeaders(toAttributes(delivery))],
        documentText(delivery),
      );
  }
}

/** Encodes the text of a body. */
export function contentOf(headers: readonly Header[], text: string): Content {
  return { headers, body: Buffer.from(text, 'utf8') };
}

// An API server stores Events of up to about 9 MiB of JSON, and the rest of a document is small. So
// every Event that was read can be sent, and requests stay bounded.
/** The largest body, in bytes. */
export const LARGEST_BODY_BYTES = 10 * 1024 * 1024;

/** The outcome of a delivery whose body is larger. */
export function tooLarge({ id }: Delivery, bytes: number): Outcome {
  const detail = `delivery ${id}: its body has ${bytes} bytes (expected at most ${LARGEST_BODY_BYTES})`;
  return { outcome: 'refused', reason: 'too-large', detail };
}

/** The formats that allow several deliveries in one request, because each entry has its id. */
export const BATCH_FORMATS = ['document', 'cloudevents'] as const satisfies readonly HttpFormat[];

type BatchFormat = (typeof BATCH_FORMATS)[number];

/** The format of the entries of a section's batches. */
export function batchFormatOf({ format }: HttpSection): BatchFormat {
  return BATCH_FORMATS.find((one) => one === format) ?? 'document';
}

/** One delivery in the body of a batch. */
export interface BatchEntry {
  readonly delivery: Delivery;
  readonly bytes: Buffer;
}

/** Renders the entry of a delivery. */
export function toEntry(delivery: Delivery, format: BatchFormat): BatchEntry {
  const text = format === 'document' ? documentText(delivery) : cloudEventText(delivery);
  return { delivery, bytes: Buffer.from(text, 'utf8') };
}

const OPEN = Buffer.from('[');
const NEXT = Buffer.from(',');
const CLOSE = Buffer.from(']');

/** The content of a request with these entries, as a JSON list. */
export function toBatch(entries: readonly BatchEntry[], format: BatchFormat): Content {
  const parts = entries.flatMap(({ bytes }, place) => (place === 0 ? [bytes] : [NEXT, bytes]));
  const headers = [format === 'document' ? JSON_TYPE : CLOUD_EVENTS];
  return { headers, body: Buffer.concat([OPEN, ...parts, CLOSE]) };
}

function documentText(delivery: Delivery): string {
  return JSON.stringify(toDocument(delivery));
}

function cloudEventText(delivery: Delivery): string {
  return JSON.stringify({ ...toAttributes(delivery), data: toDocument(delivery) });
}

/** Attributes of a CloudEvent by name, in the order of the wire, without empty ones. */
type Attributes = Readonly<Record<string, string | number>>;

// Integers of CloudEvents are signed and have 32 bits.
const LARGEST_INTEGER = 2 ** 31 - 1;

/** The attributes of a delivery as a CloudEvent. The first of several occurrences gives the values. */
export function toAttributes(delivery: Delivery): Attributes {
  const { id, cluster, source, rule } = delivery;
  const [{ event, happenedAt, count }] = delivery.occurrences;
  const object = ['kind', 'namespace', 'name'].map((key) => stringAt(event, 'involvedObject', key));
  const subject = object.every((part) => part === '') ? '' : object.join('/');
  const attributes = {
    specversion: '1.0',
    id,
    source: `/clusters/${encodeURIComponent(cluster.id)}/${encodeURIComponent(source)}`,
    type: 'dev.sluice.event.v1',
    subject: toAttributeText(subject),
    time: happenedAt,
    datacontenttype: 'application/json',
    sluicerule: toAttributeText(rule.name ?? ''),
    sluicereason: toAttributeText(stringAt(event, 'reason')),
    sluicecount: Math.min(count, LARGEST_INTEGER),
    traceparent: traceparent(id),
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
}

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** A text as a String of CloudEvents, which has no controls, lone surrogates and noncharacters. */
export function toAttributeText(text: string): string {
  return text.replaceAll(FORBIDDEN, '');
}

/** The attributes as headers of the binary mode, in which `content-type` is `datacontenttype`. */
function toCloudEventHeaders(attributes: Attributes): readonly Header[] {
  return Object.entries(attributes)
    .filter(([name]) => name !== 'datacontenttype')
    .map(([name, value]) => [`ce-${name}`, toCloudEventHeader(String(value))]);
}

const UNENCODED = /^[\u0021\u0023\u0024\u0026-\u007e]*$/;

/** Percent-encodes a value as the binding requires: `"`, `%` and all except U+0021 to U+007E. */
export function toCloudEventHeader(value: string): string {
  if (UNENCODED.test(value)) return value;
  return value
    .toWellFormed()
    .replaceAll(/[^\u0021\u0023\u0024\u0026-\u007e]+/gu, (part) => encodeURIComponent(part));
}

/** How values of templates are escaped in a body; `none` allows no values. */
export type TextEscaping = 'json' | 'form' | 'xml' | 'plain' | 'none';

/** Default content type of a tree. */
export const TREE_TYPE = 'application/json';
/** Default content type of a text. */
export const TEXT_TYPE = 'text/plain; charset=utf-8';

// A type without a row allows no values, because no rule says how to escape them.
const ESCAPINGS: ReadonlyMap<string, TextEscaping> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/plain', 'plain'],
]);

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TYPE = new RegExp(
  `^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[ -!#-~]*"))*)$`,
);

/** The escaping of values in a body of this type, or why the type cannot be sent. */
type MediaType =
  | { readonly ok: true; readonly escaping: TextEscaping }
  | { readonly ok: false; readonly found: string; readonly hint: string };

/** Reads a content type. */
export function parseMediaType(text: string): MediaType {
  const [, type, parameters = ''] = TYPE.exec(text) ?? [];
  if (type === undefined) {
    const found = 'no content type (expected type/subtype)';
    return { ok: false, found, hint: 'write one such as application/json' };
  }
  const charset = /;[ \t]*charset="?([^";]*)/i.exec(parameters)?.[1] ?? 'utf-8';
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    const found = 'another charset (expected utf-8)';
    return { ok: false, found, hint: 'every body is sent as UTF-8: remove the charset' };
  }
  return { ok: true, escaping: escapingOf(type.toLowerCase()) };
}

function escapingOf(type: string): TextEscaping {
  if (type.endsWith('+json')) return 'json';
  if (type.endsWith('+xml')) return 'xml';
  return ESCAPINGS.get(type) ?? 'none';
}
