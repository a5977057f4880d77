// What a request carries: the body of one delivery or of several, in each format, with the headers
// that say what it is. Every body is encoded once, because it is signed and sent as the same bytes.
// Follows docs/triggers.md; CloudEvents 1.0.2 JSON event format §3, §4 (structured, batched).

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../../core/clock.ts';
import { type Delivery, type Outcome, toDocument } from '../../../core/delivery.ts';
import { traceparent } from '../../../core/delivery-id.ts';
import { stringAt } from '../../../core/event.ts';
import type { HttpResult } from '../../../net/http-client.ts';
import type { HttpFormat, HttpSection } from '../section.ts';
import type { Header } from '../templates.ts';

/** A body with the headers that belong to it. */
export interface Content {
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

const JSON_TYPE: Header = ['content-type', 'application/json'];
// In lower case, as the official packages write it: that of JavaScript takes no other spelling.
const CLOUD_EVENT: Header = ['content-type', 'application/cloudevents+json; charset=utf-8'];
const CLOUD_EVENTS: Header = ['content-type', 'application/cloudevents-batch+json; charset=utf-8'];

/** The content of a request for one delivery. */
export function toContent(delivery: Delivery, format: HttpFormat): Content {
  switch (format) {
    case 'document':
      return { headers: [JSON_TYPE], body: encoded(documentText(delivery)) };
    case 'event':
      return {
        headers: [JSON_TYPE],
        body: encoded(JSON.stringify(delivery.occurrences[0].event)),
      };
    case 'cloudevents':
      return { headers: [CLOUD_EVENT], body: encoded(cloudEventText(delivery)) };
    case 'cloudevents-binary':
      return {
        headers: [JSON_TYPE, ...toCloudEventHeaders(toAttributes(delivery))],
        body: encoded(documentText(delivery)),
      };
  }
}

// The largest Event that an API server keeps is about 9 MiB of JSON, and the document around it is
// small: whatever was read can be sent, and nothing else grows a request without bound.
/** How large a body may be, in bytes. */
export const LARGEST_BODY_BYTES = 10 * 1024 * 1024;

/** The outcome of a delivery whose body would be larger. */
export function tooLarge({ id }: Delivery, bytes: number): Outcome {
  const detail = `delivery ${id}: its body has ${bytes} bytes (expected at most ${LARGEST_BODY_BYTES})`;
  return { outcome: 'refused', reason: 'too-large', detail };
}

/** The formats in which one request can carry several deliveries: each entry has its id. */
export const BATCH_FORMATS = ['document', 'cloudevents'] as const satisfies readonly HttpFormat[];

/** One of those formats. */
export type BatchFormat = (typeof BATCH_FORMATS)[number];

/** The format of the entries of a section's batches. */
export function batchFormatOf({ format }: HttpSection): BatchFormat {
  return BATCH_FORMATS.find((one) => one === format) ?? 'document';
}

/** One delivery's entry in the body of several. */
export function toEntry(delivery: Delivery, format: BatchFormat): Buffer {
  return encoded(format === 'document' ? documentText(delivery) : cloudEventText(delivery));
}

const OPEN = Buffer.from('[');
const NEXT = Buffer.from(',');
const CLOSE = Buffer.from(']');

/** The content of a request with these entries: a JSON list of them. */
export function toBatch(entries: readonly Buffer[], format: BatchFormat): Content {
  const parts = entries.flatMap((entry, place) => (place === 0 ? [entry] : [NEXT, entry]));
  const headers = [format === 'document' ? JSON_TYPE : CLOUD_EVENTS];
  return { headers, body: Buffer.concat([OPEN, ...parts, CLOSE]) };
}

function documentText(delivery: Delivery): string {
  return JSON.stringify(toDocument(delivery));
}

function cloudEventText(delivery: Delivery): string {
  const attributes: Attributes = toAttributes(delivery);
  return JSON.stringify({ ...attributes, data: toDocument(delivery) });
}

function encoded(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

// A delivery as a CloudEvent: its attributes, and how they are written in JSON and in headers. The
// data is the delivery's document; what a body as a whole looks like is body.ts.
// Source: CloudEvents 1.0.2 §3 (type system, attributes), HTTP protocol binding §3.1.3.2 (headers).

/** Attributes by name, in the order in which they are written; empty ones are left out. */
type Attributes = Readonly<Record<string, string | number>>;

// CloudEvents' Integer has 32 bits with a sign.
const LARGEST_INTEGER = 2 ** 31 - 1;

/** The attributes of a delivery's CloudEvent, of several occurrences by the first. */
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

/** A text without what the type String must not hold: controls, lone surrogates, noncharacters. */
export function toAttributeText(text: string): string {
  return text.replaceAll(FORBIDDEN, '');
}

/** The attributes as headers of the binary mode; `datacontenttype` is `content-type` there. */
function toCloudEventHeaders(attributes: Attributes): readonly Header[] {
  return Object.entries(attributes)
    .filter(([name]) => name !== 'datacontenttype')
    .map(([name, value]) => [`ce-${name}`, toCloudEventHeader(String(value))]);
}

const UNENCODED = /^[\u0021\u0023\u0024\u0026-\u007e]*$/;

/** A value percent-encoded as the binding says: space, `"`, `%` and all but U+0021 to U+007E. */
export function toCloudEventHeader(value: string): string {
  if (UNENCODED.test(value)) return value;
  return value
    .toWellFormed()
    .replaceAll(/[^\u0021\u0023\u0024\u0026-\u007e]+/gu, (part) => encodeURIComponent(part));
}

// Compressed bodies, and the URLs whose receiver takes none. What goes out compressed is signed
// compressed.
// Source: RFC 9110 §8.4.1.3 (gzip), §15.5.16 (415); RFC 7694 §3 (415 says that the coding is refused).

const compress = promisify(gzip);

const GZIP: Header = ['content-encoding', 'gzip'];

// An hour costs one request in vain each hour, and finds a receiver that was mended on the same day.
const LAPSE_MS = 3_600_000;
// URLs with an Event's values in them may be many; the one that refused longest ago is tried again.
const URLS_AT_MOST = 1_000;

/** Compresses bodies for the receivers that take them. */
export class Compression {
  readonly #clock: Clock;
  /** When a URL refused, on the monotonic clock; the latest last. */
  readonly #refused = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The content compressed; the content itself if the receiver at this URL takes none so. */
  async contentFor(url: URL, content: Content): Promise<Content> {
    const refusedAt = this.#refused.get(keyOf(url));
    const isRefused = refusedAt !== undefined && this.#clock.monotonic() - refusedAt < LAPSE_MS;
    if (isRefused) return content;
    return { headers: [...content.headers, GZIP], body: await compress(content.body) };
  }

  /** The receiver at this URL refused a compressed body and answered otherwise without. */
  refusedAt(url: URL): void {
    const key = keyOf(url);
    this.#refused.delete(key);
    this.#refused.set(key, this.#clock.monotonic());
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > URLS_AT_MOST && oldest !== undefined) this.#refused.delete(oldest);
  }
}

/** Whether an answer refuses the form of a body, by which nothing was started. */
export function isFormRefused(result: HttpResult): boolean {
  return result.answered && result.status === 415;
}

function keyOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
