// What a request carries: the body of one delivery or of several, in each format, with the headers
// that say what it is. Every body is encoded once, because it is signed and sent as the same bytes.
// Follows docs/triggers.md; CloudEvents 1.0.2 JSON event format §3, §4 (structured, batched).

import { type Delivery, toDocument } from '../../core/delivery.ts';
import type { Outcome } from '../../core/trigger.ts';
import { type Attributes, toAttributes, toCloudEventHeaders } from './cloud-event.ts';
import type { Header } from './header-templates.ts';
import type { HttpFormat, HttpSection } from './section.ts';

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
