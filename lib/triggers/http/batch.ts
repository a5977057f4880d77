// Several deliveries in one request. Such a request has an id of its own, drawn by chance, for its
// deliveries may be others at the next attempt; each entry carries the id of its delivery. A request
// that is refused for its content is halved until each delivery that is refused was refused alone.
// Follows docs/triggers.md; Standard Webhooks (no dot in an id).

import type { Random } from '../../core/clock.ts';
import type { Delivery, Outcome, Retry } from '../../core/delivery.ts';
import type { JsonObject } from '../../core/event.ts';
import type { Trigger } from '../../core/trigger.ts';
import { parseDuration, parseSize } from '../../kit/text/quantity.ts';
import { pausing } from '../outcomes.ts';
import {
  type BatchFormat,
  batchFormatOf,
  LARGEST_BODY_BYTES,
  toBatch,
  toEntry,
  tooLarge,
} from './body/body.ts';
import { compileTarget } from './request-target.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import type { RequestSending, Sender, SentHttp } from './sender.ts';
import { compileHeaders, withSecrets } from './templates.ts';

/** What a trigger of batches takes. */
interface BatchParts {
  readonly sender: Sender;
  readonly random: Random;
}

/** A trigger whose attempts carry several deliveries. */
export function inBatches(section: HttpSection, { sender, random }: BatchParts): Trigger {
  const { max, wait, size } = { ...HTTP_DEFAULTS.batch, ...section.batch };
  const format = batchFormatOf(section);
  const { headers = {}, secrets = {} } = section;
  const target = compileTarget(section, 'batch');
  const configured = compileHeaders(headers, 'batch', Object.keys(secrets));
  const maxBytes = Math.min(parseSize(size) ?? 0, LARGEST_BODY_BYTES);
  const limits = new EntryLimit(max);
  const send = async (group: Group, signal: AbortSignal): Promise<SentHttp> => {
    const [{ delivery: first }] = group.entries;
    if (group.bytes > LARGEST_BODY_BYTES) return unsent(tooLarge(first, group.bytes));
    const view = toBatchView(first);
    const make: RequestSending['make'] = (material) => {
      const rendered = target.render(view, material);
      if (!rendered.ok) {
        return { outcome: 'refused', reason: rendered.reason, detail: rendered.why };
      }
      const content = toBatch(
        group.entries.map(({ bytes }) => bytes),
        format,
      );
      const { url, shown } = rendered;
      const rest = configured.render(withSecrets(view, material.secrets));
      return { url, shown, content, configured: rest };
    };
    const where = (): string => target.where(view);
    return sender.send({ id: batchId(random), own: [], where, make }, signal);
  };
  return {
    keyLifeMs: keyLifeOf(section),
    batch: { max, waitMs: parseDuration(wait) ?? 0 },
    fire: (deliveries, signal) => {
      const queue = groups(entriesOf(deliveries, format), { maxBytes, maxEntries: limits.most });
      return new BatchAttempt({ send, limits }, signal).run(deliveries, queue);
    },
  };
}

/** A refusal that no request was needed for; a smaller request would be refused alike. */
function unsent(outcome: Outcome): SentHttp {
  return { outcome, blames: 'request' };
}

/** What one attempt of a batch works with. */
interface AttemptParts {
  readonly send: (group: Group, signal: AbortSignal) => Promise<SentHttp>;
  readonly limits: EntryLimit;
}

/** The requests of one attempt, in the order of its deliveries, and what each delivery gets. */
class BatchAttempt {
  readonly #parts: AttemptParts;
  readonly #signal: AbortSignal;
  readonly #outcomes = new Map<Delivery, Outcome>();
  /** Why nothing more is sent: the outcome of everything that is left. */
  #end: Outcome | null = null;

  constructor(parts: AttemptParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  async run(deliveries: readonly Delivery[], queue: Iterable<Group>): Promise<readonly Outcome[]> {
    for (const group of queue) await this.#deliver(group);
    return deliveries.flatMap((delivery) => this.#outcomes.get(delivery) ?? []);
  }

  /** One group, and its halves where it is refused for what is in it. */
  async #deliver(whole: Group): Promise<void> {
    const waiting = [whole];
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      if (this.#signal.aborted) {
        this.#end ??= notSent('the attempt ended before its request');
        // Halving a list this long does not fit into an attempt: the next one begins with less.
        if (group !== whole) this.#parts.limits.divided(group.entries.length);
      }
      if (this.#end !== null) this.#note(group, this.#end);
      else waiting.push(...(await this.#send(group)).toReversed());
    }
  }

  /** Sends a group; answers the halves that are to be sent in its place. */
  async #send(group: Group): Promise<readonly Group[]> {
    const { send, limits } = this.#parts;
    const { outcome, blames } = await send(group, this.#signal);
    // What is wrong with the receiver or with every request is wrong with the next one too.
    if (outcome.outcome === 'retry') this.#end = outcome;
    // No request is left: the next one would be refused.
    else if (outcome.pauseMs !== undefined) this.#end = notSent(PAUSED, outcome.pauseMs);
    const isDivisible = outcome.outcome === 'refused' && blames === 'content';
    if (isDivisible && group.entries.length > 1) return halvesOf(group);
    if (outcome.outcome === 'delivered') limits.taken();
    this.#note(group, outcome);
    return [];
  }

  #note({ entries }: Group, outcome: Outcome): void {
    for (const { delivery } of entries) this.#outcomes.set(delivery, outcome);
  }
}

const PAUSED = 'the receiver allows no further request now';

function notSent(why: string, pauseMs?: number): Retry {
  return { outcome: 'retry', reason: 'not-sent', detail: `not sent: ${why}`, ...pausing(pauseMs) };
}

/** How many deliveries go in one request: fewer after a refused batch took too long to divide. */
class EntryLimit {
  readonly #max: number;
  most: number;

  constructor(max: number) {
    this.#max = max;
    this.most = max;
  }

  /** The time was up while a group of so many waited to be sent in the place of a larger one. */
  divided(entries: number): void {
    this.most = Math.min(this.most, entries);
  }

  /** A request was taken: twice as many may go in one, for what was bad may be gone. */
  taken(): void {
    this.most = Math.min(this.#max, this.most * 2);
  }
}

interface Entry {
  readonly delivery: Delivery;
  readonly bytes: Buffer;
}

/** Deliveries that go in one request. */
interface Group {
  readonly entries: readonly [Entry, ...Entry[]];
  /** Of the body. */
  readonly bytes: number;
}

/** One at a time, so that not all bodies are in memory. */
function* entriesOf(deliveries: readonly Delivery[], format: BatchFormat): Generator<Entry, void> {
  for (const delivery of deliveries) yield { delivery, bytes: toEntry(delivery, format) };
}

interface Grouping {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

// The brackets around the list; each comma is counted with the entry before it.
const BRACKETS = 2;

/** Groups in order, each made when it is asked for. */
function* groups(
  entries: Iterable<Entry>,
  { maxBytes, maxEntries }: Grouping,
): Generator<Group, void> {
  let group: [Entry, ...Entry[]] | null = null;
  let bytes = BRACKETS;
  for (const entry of entries) {
    const isFull = group?.length === maxEntries || bytes + sizeOf(entry) > maxBytes;
    if (group !== null && isFull) {
      yield { entries: group, bytes };
      group = null;
      bytes = BRACKETS;
    }
    bytes += sizeOf(entry);
    if (group === null) group = [entry];
    else group.push(entry);
  }
  if (group !== null) yield { entries: group, bytes };
}

function sizeOf({ bytes }: Entry): number {
  return bytes.length + 1;
}

function halvesOf({ entries }: Group): readonly Group[] {
  const middle = Math.ceil(entries.length / 2);
  return [...groups(entries, { maxBytes: Number.POSITIVE_INFINITY, maxEntries: middle })];
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
