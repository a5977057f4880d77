// Explanations of Events that a client sends, by the rules of the gateway, as `sluice explain` makes
// them. Nothing is started. Bodies and answers are limited, and long work yields to the gateway.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseYamlStream } from '../../config/parse-yaml.ts';
import type { Clock } from '../../core/clock.ts';
import { type EventObject, isJsonObject } from '../../core/event.ts';
import { type ExplanationDocument, toExplanationDocument } from '../../filters/decide.ts';
import { jsonSize } from '../../kit/data/json.ts';
import { type JsonValue, JsonValues } from '../../kit/data/json-values.ts';
import { printable } from '../../kit/text/printable.ts';
import { type ExplainPlan, explainEvent } from '../../plan/explain-event.ts';
import { type GivenEvent, givenIn, MOST_LEVELS } from '../../sources/given-events.ts';
import { RequestLimit } from '../connection-limits.ts';
import type { Refusal } from '../problem-document.ts';

/** Largest JSON body: enough for a list of some thousand Events. */
export const BODY_BYTES = 16 * 1024 * 1024;
// Parsing YAML takes about 0.1 s a MiB and blocks the gateway for that time.
const YAML_BYTES = 1024 * 1024;
// A trail repeats the values that its rules compared, so an answer can be far larger than its request.
const ANSWER_WEIGHT = 32 * 1024 * 1024;
// Each holds a body, then an answer; the gateway needs the rest of the memory.
const AT_ONCE = { most: 4, what: '4 explanations are being made' };
// About some ms of work before other tasks run.
const EVENTS_A_TURN = 100;
const DETAIL_CHARACTERS = 500;
// About some ms of work, too.
const PIECE_CHARACTERS = 256 * 1024;
// Enough to see why a watch has fewer answers than lines.
const MOST_SKIPPED = 100;

interface ExplanationRefused {
  readonly ok: false;
  readonly refusal: Refusal;
}

/** Explanations, or the refusal. */
type Explained =
  | { readonly ok: true; readonly answer: ExplanationDocument | ExplanationList }
  | ExplanationRefused;

/** The explanations of a list, in its order. */
interface ExplanationList {
  readonly items: readonly ExplanationDocument[];
  /** Lines of a watch without an Event to explain, the first hundred; absent if there are none. */
  readonly skipped?: readonly string[];
}

/** Dependencies of the explainer. */
interface ExplainParts {
  readonly plan: ExplainPlan;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Explains the Events in request bodies. */
export class Explainer {
  readonly #parts: ExplainParts;
  readonly #limit: RequestLimit;

  constructor(parts: ExplainParts) {
    this.#parts = parts;
    this.#limit = new RequestLimit({ ...AT_ONCE, clock: parts.clock });
  }

  /** Explains the Events in a body; decisions are for `source`, or the first source that reads each. */
  async explain(
    request: IncomingMessage,
    response: ServerResponse,
    source: string | undefined,
  ): Promise<Explained> {
    if (source !== undefined && !this.#sources.includes(source)) {
      const expected = `expected one of ${this.#sources.join(', ')}`;
      return refused(400, `parameter source: ${expected}`, 'source');
    }
    const refusal = this.#limit.admit(response);
    if (refusal !== null) return { ok: false, refusal };
    const maxBytes = { json: BODY_BYTES, yaml: YAML_BYTES };
    const body = await readBody(request, response, maxBytes);
    if (!body.ok) return body;
    const events = await eventsOf(body, this.#parts);
    return 'status' in events ? { ok: false, refusal: events } : this.#explainAll(events, source);
  }

  async #explainAll(
    { events, isList, skipped }: FoundEvents,
    source: string | undefined,
  ): Promise<Explained> {
    const { plan, clock, stop } = this.#parts;
    const items: ExplanationDocument[] = [];
    let weight = 0;
    for (const event of events) {
      const { occurrence, explanation, facts } = explainEvent(event, plan, {
        source,
        now: clock.now(),
      });
      const item = toExplanationDocument(occurrence, explanation, facts);
      weight += jsonSize(item);
      if (weight > ANSWER_WEIGHT) {
        return refused(413, 'the answer would be too large: send fewer or smaller Events');
      }
      items.push(item);
      if (items.length % EVENTS_A_TURN === 0) await clock.sleep(0, stop);
    }
    const [first] = items;
    if (!isList && first !== undefined) return { ok: true, answer: first };
    return { ok: true, answer: skipped.length === 0 ? { items } : { items, skipped } };
  }

  get #sources(): readonly string[] {
    return this.#parts.plan.sources.map(({ name }) => name);
  }
}

type EventReading = Extract<RequestBody, { readonly ok: true }>;

/** Finds the Events of a body, or why a value is not an Event. Long bodies yield to other tasks. */
async function eventsOf(
  body: EventReading,
  { clock, stop }: Pick<ExplainParts, 'clock' | 'stop'>,
): Promise<FoundEvents | Refusal> {
  const found = new FoundEvents(body.form);
  for (const values of body.form === 'yaml' ? [yamlValues(body)] : jsonValues(body)) {
    for (const value of values) {
      const refusal = found.add(value);
      if (refusal !== null) return refusal;
    }
    if (body.text.length > PIECE_CHARACTERS) await clock.sleep(0, stop);
  }
  return found.count === 0
    ? badBody('found nothing (expected an Event or a List of Events)')
    : found;
}

/** Parses a JSON body in pieces. */
function* jsonValues({ text }: EventReading): Generator<readonly JsonValue[], void> {
  const values = new JsonValues({ characters: BODY_BYTES, depth: MOST_LEVELS });
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
    yield values.write(text.slice(at, at + PIECE_CHARACTERS));
  }
  yield values.end();
}

function yamlValues({ text }: EventReading): readonly JsonValue[] {
  const stream = parseYamlStream(text, MOST_LEVELS);
  return stream.ok ? stream.documents.map((one) => ({ ok: true, ...one })) : [stream];
}

/** Collects the Events of one body. */
class FoundEvents {
  readonly events: EventObject[] = [];
  readonly skipped: string[] = [];
  /** Number of values added. */
  count = 0;
  #isListed = false;
  readonly #form: string;

  constructor(form: EventReading['form']) {
    this.#form = form.toUpperCase();
  }

  /** False for a single object. */
  get isList(): boolean {
    return this.#isListed || this.count > 1 || this.events.length > 1;
  }

  /** Adds the Events in a value; returns why the body is refused, or null. */
  add(value: JsonValue): Refusal | null {
    if (!value.ok) return badBody(`line ${value.line}: not ${this.#form}: ${value.why}`);
    this.count += 1;
    this.#isListed ||= isListed(value.value);
    for (const given of givenIn(value.value, `line ${value.line}`)) {
      if (given.kind === 'refused') return badBody(`${given.place}: ${given.why}`);
      if (given.kind === 'event') this.events.push(given.event);
      else if (this.skipped.length < MOST_SKIPPED) this.skipped.push(skippedText(given));
    }
    return null;
  }
}

/** Whether the answer to a value is a list: the value is an array or any kind of List. */
function isListed(value: unknown): boolean {
  return Array.isArray(value) || (isJsonObject(value) && value['items'] !== undefined);
}

function skippedText({
  what,
  place,
  detail,
}: Extract<GivenEvent, { readonly kind: 'skipped' }>): string {
  return `${place}: ${what}${detail === '' ? '' : `: ${detail}`}`;
}

function badBody(why: string): Refusal {
  return { status: 400, detail: printable(`the body, ${why}`, DETAIL_CHARACTERS) };
}

function refused(status: 400 | 413 | 415, detail: string, parameter?: string): ExplanationRefused {
  const about = parameter === undefined ? {} : { parameter };
  return { ok: false, refusal: { status, detail, ...about } };
}

/** A body as text, or the refusal. */
type RequestBody =
  | { readonly ok: true; readonly text: string; readonly form: 'json' | 'yaml' }
  | ExplanationRefused;

/** Media types of each form, also as a suffix (`application/cloudevents+json`). */
const FORMS = {
  json: /^application\/(?:(?:[a-z0-9.+-]+\+)?json|(?:x-)?ndjson|jsonl)\s*(?:;|$)/i,
  // RFC 9512, and the older name.
  yaml: /^application\/(?:(?:[a-z0-9.+-]+\+)?yaml|x-yaml)\s*(?:;|$)/i,
} as const;
/** The header Expect as Node reads it; see RFC 9110 §10.1.1. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * Reads a body up to the limit of its form. It sends 100 Continue to a client that waits for it.
 *
 * **Errors**: refuses web forms and plain text, because a page of another origin could send them.
 * Refuses compressed bodies, because their size is unknown before they are unpacked.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: { readonly json: number; readonly yaml: number },
): Promise<RequestBody> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const form = FORMS.json.test(type) ? 'json' : FORMS.yaml.test(type) ? 'yaml' : null;
  if (form === null) {
    return refused(415, 'expected a body with Content-Type: application/json or application/yaml');
  }
  if (encoding.toLowerCase() !== 'identity') {
    return refused(415, 'expected a body without Content-Encoding');
  }
  const most = maxBytes[form];
  const tooLarge = refused(413, `expected a body of at most ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLarge;
  if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
  const bytes = await readBytes(request, most);
  if (bytes === null) return tooLarge;
  const text = decoded(bytes);
  return text === null ? refused(400, 'the body is not UTF-8') : { ok: true, text, form };
}

/** Reads at most so many bytes; null if there are more. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Decodes UTF-8; null if it is invalid. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder gives no details; the caller refuses the body.
    return null;
  }
}
