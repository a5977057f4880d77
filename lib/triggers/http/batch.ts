// Several deliveries in one request. The request has a random id, because the next attempt may have
// other deliveries; each entry has the id of its delivery. A request that is refused for its content is
// halved until each refused delivery was refused alone.
// Follows docs/triggers.md; Standard Webhooks (no dot in an id).

import type { Random } from '../../core/clock.ts';
import type { Delivery, Outcome, Retry } from '../../core/delivery.ts';
import type { Trigger } from '../../core/ports/trigger.ts';
import { parseDuration, parseSize } from '../../kit/text/quantity.ts';
import { pausing } from '../asked-wait.ts';
import {
  type BatchEntry,
  batchFormatOf,
  LARGEST_BODY_BYTES,
  toBatch,
  toEntry,
  tooLarge,
} from './body.ts';
import { HTTP_DEFAULTS, type HttpSection, keyLifeOf } from './section.ts';
import { type RequestSending, type Sender, type SentHttp, unsent } from './sender.ts';
import { compileHeaders, withSecrets } from './templates.ts';
import { compileTarget } from './url-template.ts';

/** A trigger whose attempts carry several deliveries. */
export function inBatches(section: HttpSection, sender: Sender, random: Random): Trigger {
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
    // The part of the document that all deliveries of a lane share.
    const view = { cluster: first.cluster, trigger: first.trigger };
    const make: RequestSending['make'] = (resolved) => {
      const rendered = target.render(view, resolved);
      if (!rendered.ok) {
        return { outcome: 'refused', reason: rendered.reason, detail: rendered.why };
      }
      const content = toBatch(group.entries, format);
      const { url, shown } = rendered;
      const rest = configured.render(withSecrets(view, resolved.secrets));
      return { url, shown, content, configured: rest };
    };
    const where = (): string => target.where(view);
    return sender.send({ id: batchId(random), own: [], where, make }, signal);
  };
  return {
    keyLifeMs: keyLifeOf(section),
    batch: { max, waitMs: parseDuration(wait) ?? 0 },
    fire: (deliveries, signal) => {
      // One entry at a time, so that not all bodies are in memory.
      const entries = deliveries.values().map((delivery) => toEntry(delivery, format));
      const queue = groups(entries, { maxBytes, maxEntries: limits.most });
      return new BatchAttempt({ send, limits }, signal).run(deliveries, queue);
    },
  };
}

interface AttemptParts {
  readonly send: (group: Group, signal: AbortSignal) => Promise<SentHttp>;
  readonly limits: EntryLimit;
}

/** The requests of one attempt, in the order of its deliveries, and the outcome of each delivery. */
class BatchAttempt {
  readonly #parts: AttemptParts;
  readonly #signal: AbortSignal;
  readonly #outcomes = new Map<Delivery, Outcome>();
  /** The outcome of all remaining deliveries, if nothing more is sent. */
  #end: Outcome | null = null;

  constructor(parts: AttemptParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  async run(deliveries: readonly Delivery[], queue: Iterable<Group>): Promise<readonly Outcome[]> {
    for (const group of queue) await this.#deliver(group);
    return deliveries.flatMap((delivery) => this.#outcomes.get(delivery) ?? []);
  }

  /** Sends one group, and its halves if it is refused for its content. */
  async #deliver(whole: Group): Promise<void> {
    const waiting = [whole];
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      if (this.#signal.aborted) {
        this.#end ??= notSent('the attempt ended before its request');
        // Halving a list of this length takes longer than an attempt, so the next begins with fewer.
        if (group !== whole) this.#parts.limits.divided(group.entries.length);
      }
      if (this.#end !== null) this.#settle(group, this.#end);
      else waiting.push(...(await this.#send(group)).toReversed());
    }
  }

  /** Sends a group; returns the halves to send instead if it was refused for its content. */
  async #send(group: Group): Promise<readonly Group[]> {
    const { send, limits } = this.#parts;
    const { outcome, blames } = await send(group, this.#signal);
    // A problem of the receiver or of every request would fail the next request too.
    if (outcome.outcome === 'retry') this.#end = outcome;
    // The rate limit has no request left.
    else if (outcome.pauseMs !== undefined) this.#end = notSent(PAUSED, outcome.pauseMs);
    const isDivisible = outcome.outcome === 'refused' && blames === 'content';
    if (isDivisible && group.entries.length > 1) return halvesOf(group);
    if (outcome.outcome === 'delivered') limits.accepted();
    this.#settle(group, outcome);
    return [];
  }

  #settle({ entries }: Group, outcome: Outcome): void {
    for (const { delivery } of entries) this.#outcomes.set(delivery, outcome);
  }
}

const PAUSED = 'the receiver allows no further request now';

function notSent(why: string, pauseMs?: number): Retry {
  return { outcome: 'retry', reason: 'not-sent', detail: `not sent: ${why}`, ...pausing(pauseMs) };
}

/** The limit of deliveries in one request: lower after a refused batch took too long to divide. */
class EntryLimit {
  readonly #max: number;
  most: number;

  constructor(max: number) {
    this.#max = max;
    this.most = max;
  }

  /** Lowers the limit, because the attempt ended before a group of this size was sent. */
  divided(entries: number): void {
    this.most = Math.min(this.most, entries);
  }

  /** Doubles the limit, because the receiver accepted a request: the refused delivery may be settled. */
  accepted(): void {
    this.most = Math.min(this.#max, this.most * 2);
  }
}

interface Group {
  readonly entries: readonly [BatchEntry, ...BatchEntry[]];
  /** Size of the body. */
  readonly bytes: number;
}

// The brackets around the list. Each comma is counted with the entry before it.
const BRACKETS = 2;

/** Makes groups lazily, in the order of the entries. */
function* groups(
  entries: Iterable<BatchEntry>,
  { maxBytes, maxEntries }: Readonly<Record<'maxBytes' | 'maxEntries', number>>,
): Generator<Group, void> {
  let group: [BatchEntry, ...BatchEntry[]] | null = null;
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

function sizeOf({ bytes }: BatchEntry): number {
  return bytes.length + 1;
}

function halvesOf({ entries }: Group): readonly Group[] {
  const middle = Math.ceil(entries.length / 2);
  return [...groups(entries, { maxBytes: Number.POSITIVE_INFINITY, maxEntries: middle })];
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
// 130 bits, in as many characters as a delivery id has.
const ID_LENGTH = 26;

function batchId(random: Random): string {
  const digits = Array.from({ length: ID_LENGTH }, () =>
    ALPHABET.charAt(Math.floor(random() * ALPHABET.length)),
  );
  return `batch_${digits.join('')}`;
}
