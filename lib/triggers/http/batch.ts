// Several deliveries in one request. Such a request has an id of its own, drawn by chance, for its
// deliveries may be others at the next attempt; each entry carries the id of its delivery. Every
// delivery gets the outcome of the request that it went with.
// Follows docs/triggers.md; Standard Webhooks (no dot in an id).
import type { Random } from '../../core/clock.ts';
import type { Delivery } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Trigger } from '../../core/trigger.ts';
import { parseDuration } from '../../kit/duration.ts';
import { parseSize } from '../../kit/size.ts';
import { BATCH_FORMATS, LARGEST_BODY_BYTES, toBatch, toEntry, tooLarge } from './body.ts';
import { compileHeaders } from './header-templates.ts';
import { keyLifeOf, type HttpSection } from './section.ts';
import { HTTP_DEFAULTS } from './section.ts';
import type { Sender } from './sender.ts';
import { compileUrl } from './url-template.ts';

/** What a trigger of batches takes. */
export interface BatchParts {
  readonly sender: Sender;
  readonly random: Random;
}

/** A trigger whose attempts carry several deliveries. */
export function inBatches(section: HttpSection, { sender, random }: BatchParts): Trigger {
  const { max, wait, size } = { ...HTTP_DEFAULTS.batch, ...section.batch };
  const format = BATCH_FORMATS.find((one) => one === section.format) ?? 'document';
  const url = compileUrl(section.url, 'batch');
  const headers = compileHeaders(section.headers ?? {}, 'batch');
  const send = async (group: Group, signal: AbortSignal): Promise<Outcome> => {
    const view = toBatchView(group.first);
    const target = url.render(view);
    if (!target.ok) return { outcome: 'refused', reason: target.reason, detail: target.why };
    const content = toBatch(group.entries, format);
    const id = batchId(random);
    const sending = { url: target.url, id, content, own: [], configured: headers.render(view) };
    return sender.send(sending, signal);
  };
  const toText = (delivery: Delivery): Buffer => toEntry(delivery, format);
  return {
    keyLifeMs: keyLifeOf(section),
    batch: { max, waitMs: parseDuration(wait) ?? 0 },
    fire: async (deliveries, signal) => {
      const outcomes = new Map<Delivery, Outcome>();
      for (const group of groups(deliveries, { toText, maxBytes: parseSize(size) ?? 0 })) {
        const outcome =
          group.bytes > LARGEST_BODY_BYTES
            ? tooLarge(group.first, group.bytes)
            : await send(group, signal);
        for (const delivery of group.deliveries) outcomes.set(delivery, outcome);
      }
      return deliveries.flatMap((delivery) => outcomes.get(delivery) ?? []);
    },
  };
}

/** Deliveries that go in one request. */
interface Group {
  readonly first: Delivery;
  readonly deliveries: Delivery[];
  readonly entries: Buffer[];
  bytes: number;
}

interface Grouping {
  readonly toText: (delivery: Delivery) => Buffer;
  readonly maxBytes: number;
}

// The brackets around the list; each comma is counted with the entry before it.
const BRACKETS = 2;

/** Groups of at most so many bytes, in order; made one at a time, so that not all are in memory. */
function* groups(
  deliveries: readonly Delivery[],
  { toText, maxBytes }: Grouping,
): Generator<Group, void> {
  let group: Group | null = null;
  for (const delivery of deliveries) {
    const entry = toText(delivery);
    const bytes = entry.length + 1;
    if (group !== null && group.bytes + bytes > maxBytes) {
      yield group;
      group = null;
    }
    group ??= { first: delivery, deliveries: [], entries: [], bytes: BRACKETS };
    group.deliveries.push(delivery);
    group.entries.push(entry);
    group.bytes += bytes;
  }
  if (group !== null) yield group;
}

/** What all deliveries of a lane have in common. */
function toBatchView({ cluster, trigger }: Delivery): JsonObject {
  return { cluster: { id: cluster.id, name: cluster.name }, trigger };
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
// 130 bits, as many as a delivery id has characters for.
const ID_LENGTH = 26;

function batchId(random: Random): string {
  const digits = Array.from({ length: ID_LENGTH }, () =>
    ALPHABET.charAt(Math.floor(random() * ALPHABET.length)),
  );
  return `batch_${digits.join('')}`;
}
