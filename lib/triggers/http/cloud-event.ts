// A delivery as a CloudEvent: its attributes, and how they are written in JSON and in headers. The
// data is the delivery's document; what a body as a whole looks like is body.ts.
// Source: CloudEvents 1.0.2 §3 (type system, attributes), HTTP protocol binding §3.1.3.2 (headers).

import type { Delivery } from '../../core/delivery.ts';
import { stringAt } from '../../core/event.ts';
import { traceparent } from '../traceparent.ts';
import type { Header } from './header-templates.ts';

/** Attributes by name, in the order in which they are written; empty ones are left out. */
export type Attributes = Readonly<Record<string, string | number>>;

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
export function toCloudEventHeaders(attributes: Attributes): readonly Header[] {
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
