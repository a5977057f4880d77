// Explanations of Events that a client sends, as `sluice explain` makes them. Nothing is started. Long
// work yields to the gateway, and the size of the result is limited. Reading a body is lib/api's part.

import { parseYamlStream } from '../config/parse-yaml.ts';
import type { Clock } from '../core/clock.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { EventObject } from '../core/occurrence.ts';
import type { ExplanationDocument } from '../filters/decide.ts';
import { jsonSize } from '../kit/data/json.ts';
import { type JsonValue, JsonValues } from '../kit/data/json-values.ts';
import { printable } from '../kit/text/printable.ts';
import { givenIn, MOST_LEVELS } from '../sources/given-events.ts';

// A trail repeats the values that its rules compared, so an answer can be far larger than its request.
const ANSWER_WEIGHT = 32 * 1024 * 1024;
// About some ms of work before other tasks run.
const EVENTS_A_TURN = 100;
// About some ms of work, too.
const PIECE_CHARACTERS = 256 * 1024;
// Enough to see why a watch has fewer answers than lines.
const MOST_SKIPPED = 100;
const DETAIL_CHARACTERS = 500;

/** Values in a text. */
export interface EventsText {
  readonly text: string;
  readonly form: 'json' | 'yaml';
}

/** One explanation for one Event, else a list in its order. */
export type ExplanationAnswer =
  | ExplanationDocument
  | {
      readonly items: readonly ExplanationDocument[];
      /** Lines of a watch without an Event to explain, the first hundred; absent if there are none. */
      readonly skipped?: readonly string[];
    };

/** Explanations, or why there are none. */
type Explained =
  | { readonly ok: true; readonly answer: ExplanationAnswer }
  | { readonly ok: false; readonly why: 'unreadable' | 'too-large'; readonly detail: string };

/** Dependencies of explanations. */
interface ExplainParts {
  readonly explain: (event: EventObject) => ExplanationDocument;
  /** Largest text, in UTF-16 code units. */
  readonly maxCharacters: number;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Explains the Events in a text. Long texts yield to other tasks. */
export async function explainAll(given: EventsText, parts: ExplainParts): Promise<Explained> {
  const { explain, clock, stop } = parts;
  const found = new FoundEvents(given.form);
  for (const values of given.form === 'yaml' ? [yamlValues(given)] : jsonValues(given, parts)) {
    for (const value of values) {
      const why = found.add(value);
      if (why !== null) return unreadable(why);
    }
    if (given.text.length > PIECE_CHARACTERS) await clock.sleep(0, stop);
  }
  if (found.count === 0) return unreadable('found nothing (expected an Event or a List of Events)');
  const items: ExplanationDocument[] = [];
  let weight = 0;
  for (const event of found.events) {
    const explanation = explain(event);
    weight += jsonSize(explanation);
    if (weight > ANSWER_WEIGHT) {
      const detail = 'the answer would be too large: send fewer or smaller Events';
      return { ok: false, why: 'too-large', detail };
    }
    items.push(explanation);
    if (items.length % EVENTS_A_TURN === 0) await clock.sleep(0, stop);
  }
  const [only] = items;
  if (!found.isList && only !== undefined) return { ok: true, answer: only };
  const { skipped } = found;
  return { ok: true, answer: skipped.length === 0 ? { items } : { items, skipped } };
}

function unreadable(why: string): Explained {
  return { ok: false, why: 'unreadable', detail: printable(`the body, ${why}`, DETAIL_CHARACTERS) };
}

/** Parses JSON in pieces. */
function* jsonValues(
  { text }: EventsText,
  { maxCharacters }: ExplainParts,
): Generator<readonly JsonValue[], void> {
  const values = new JsonValues({ characters: maxCharacters, depth: MOST_LEVELS });
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
    yield values.write(text.slice(at, at + PIECE_CHARACTERS));
  }
  yield values.end();
}

function yamlValues({ text }: EventsText): readonly JsonValue[] {
  const stream = parseYamlStream(text, MOST_LEVELS);
  return stream.ok ? stream.documents.map((one) => ({ ok: true, ...one })) : [stream];
}

/** Collects the Events of one text. */
class FoundEvents {
  readonly events: EventObject[] = [];
  readonly skipped: string[] = [];
  /** Number of values added. */
  count = 0;
  #isListed = false;
  readonly #form: string;

  constructor(form: EventsText['form']) {
    this.#form = form.toUpperCase();
  }

  /** False for a single object. */
  get isList(): boolean {
    return this.#isListed || this.count > 1 || this.events.length > 1;
  }

  /** Adds the Events in a value; returns why the text is refused, or null. */
  add(value: JsonValue): string | null {
    if (!value.ok) return `line ${value.line}: not ${this.#form}: ${value.why}`;
    this.count += 1;
    this.#isListed ||= isListed(value.value);
    for (const given of givenIn(value.value, `line ${value.line}`)) {
      if (given.kind === 'refused') return `${given.place}: ${given.why}`;
      if (given.kind === 'event') this.events.push(given.event);
      else if (this.skipped.length < MOST_SKIPPED) {
        const detail = given.detail === '' ? '' : `: ${given.detail}`;
        this.skipped.push(`${given.place}: ${given.what}${detail}`);
      }
    }
    return null;
  }
}

/** Whether the answer to a value is a list: the value is an array or any kind of List. */
function isListed(value: unknown): boolean {
  return Array.isArray(value) || (isJsonObject(value) && value['items'] !== undefined);
}
