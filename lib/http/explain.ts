// Decisions on Events that somebody sends: judged by the gateway's own rules as `sluice explain`
// does, started nowhere. Large bodies and long lists are bounded, and give way to the gateway's work.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plan } from '../assembly/plan.ts';
import type { Clock } from '../core/clock.ts';
import type { EventObject, Json } from '../core/event.ts';
import { isJsonObject } from '../core/event.ts';
import { toOccurrence } from '../core/occurrence.ts';
import { explain } from '../filters/decide.ts';
import { type ExplanationDocument, toExplanationDocument } from '../filters/explanation.ts';
import { printable } from '../kit/printable.ts';
import { readJson } from './body.ts';
import type { Refusal } from './problem-document.ts';
import { RequestLimit } from './request-limit.ts';
import { weightOf } from './weight.ts';

/** More than any Event, and a list of some thousands. */
export const BODY_BYTES = 16 * 1024 * 1024;
// A trail repeats what its rules looked at, so an answer can be far larger than what it answers.
const ANSWER_WEIGHT = 32 * 1024 * 1024;
// Each holds a body, then an answer; the gateway itself must have room.
const AT_ONCE = { most: 4, what: '4 explanations are being made' };
// Some ms of work; then whatever else waits comes first.
const EVENTS_A_TURN = 100;

/** Explanations, or why there are none. */
export type Explained =
  | { readonly ok: true; readonly answer: ExplanationDocument | ExplanationList }
  | { readonly ok: false; readonly refusal: Refusal };

/** The explanations of a list, in its order. */
export interface ExplanationList {
  readonly items: readonly ExplanationDocument[];
}

/** What explaining needs. */
export interface ExplainParts {
  readonly plan: Pick<Plan, 'chain' | 'sources'>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Explains what is sent. */
export class Explainer {
  readonly #parts: ExplainParts;
  readonly #limit: RequestLimit;

  constructor(parts: ExplainParts) {
    this.#parts = parts;
    this.#limit = new RequestLimit({ ...AT_ONCE, clock: parts.clock });
  }

  /** Explains the Event or the List of Events in a request's body as if `source` had read it. */
  async explain(
    request: IncomingMessage,
    response: ServerResponse,
    source: string | undefined,
  ): Promise<Explained> {
    const asked = this.#sourceOf(source);
    if (asked === null) return refused(400, `parameter source: ${this.#knownSources()}`, 'source');
    const refusal = this.#limit.admit(response);
    if (refusal !== null) return { ok: false, refusal };
    const body = await readJson(request, response, BODY_BYTES);
    if (!body.ok) return body;
    const events = eventsOf(body.value);
    if ('status' in events) return { ok: false, refusal: events };
    return this.#explainAll(events, asked);
  }

  async #explainAll({ events, isList }: Events, source: string): Promise<Explained> {
    const { plan, clock, stop } = this.#parts;
    const items: ExplanationDocument[] = [];
    let weight = 0;
    for (const event of events) {
      const read = { source, path: '', from: 'list', readAt: clock.now() } as const;
      const occurrence = toOccurrence(event, read);
      const item = toExplanationDocument(occurrence, explain(plan.chain, occurrence));
      weight += weightOf(asJson(item));
      if (weight > ANSWER_WEIGHT) {
        return refused(413, 'the answer would be too large: ask for fewer Events, or smaller ones');
      }
      items.push(item);
      if (items.length % EVENTS_A_TURN === 0) await clock.sleep(0, stop);
    }
    const [first] = items;
    if (isList || first === undefined) return { ok: true, answer: { items } };
    return { ok: true, answer: first };
  }

  #sourceOf(asked: string | undefined): string | null {
    const known = this.#parts.plan.sources.map(({ name }) => name);
    if (asked === undefined) return known[0] ?? '';
    return known.includes(asked) ? asked : null;
  }

  #knownSources(): string {
    return `expected one of ${this.#parts.plan.sources.map(({ name }) => name).join(', ')}`;
  }
}

interface Events {
  readonly events: readonly EventObject[];
  readonly isList: boolean;
}

function eventsOf(value: unknown): Events | Refusal {
  if (Array.isArray(value)) return listOf(value);
  if (!isJsonObject(value)) return { status: 400, detail: 'expected an Event or a List of Events' };
  const { kind, items } = value;
  const isList = kind === undefined || (typeof kind === 'string' && kind.endsWith('List'));
  if (Array.isArray(items) && isList) return listOf(items);
  const wrong = wrongKind(value);
  if (wrong !== null) return { status: 400, detail: `the body: ${wrong}` };
  return { events: [value], isList: false };
}

function listOf(items: readonly unknown[]): Events | Refusal {
  for (const [index, item] of items.entries()) {
    const wrong = isJsonObject(item) ? wrongKind(item) : 'found no object, expected an Event';
    if (wrong !== null) return { status: 400, detail: `item ${index + 1}: ${wrong}` };
  }
  return { events: items as readonly EventObject[], isList: true };
}

function wrongKind({ kind }: EventObject): string | null {
  if (kind === undefined || kind === 'Event') return null;
  return `found kind ${printable(JSON.stringify(kind), 60)}, expected Event`;
}

function refused(status: 400 | 413, detail: string, parameter?: string): Explained {
  const about = parameter === undefined ? {} : { parameter };
  return { ok: false, refusal: { status, detail, ...about } };
}

function asJson(item: object): Json {
  return item as Json;
}
