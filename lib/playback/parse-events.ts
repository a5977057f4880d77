// Events from whatever a person has at hand: JSON lines of Events, a recording, a List as kubectl
// prints it, one Event, or YAML of any of these. YAML itself is parsed by who calls, because only
// lib/config may.
import { messageOf, SluiceError } from '../core/errors.ts';
import type { EventObject } from '../core/event.ts';
import { isJsonObject } from '../core/event.ts';
import { toEntry } from './recording.ts';

/** How a text that is no JSON becomes values, one for each document; throws where it is none. */
export type ParseDocuments = (text: string) => readonly unknown[];

interface Placed {
  readonly value: unknown;
  /** For complaints, such as `line 3`. */
  readonly place: string;
}

/**
 * The Events in a text, in its order; of a recording the deleted ones are left out.
 *
 * **Errors**: throws `input-unusable`, naming the input and the line or document.
 */
export function parseEvents(
  text: string,
  name: string,
  parseDocuments: ParseDocuments,
): readonly EventObject[] {
  return valuesOf(text, name, parseDocuments).flatMap((placed) => eventsOf(placed, name));
}

function valuesOf(text: string, name: string, parseDocuments: ParseDocuments): readonly Placed[] {
  if (text.trim() === '') return [];
  if (/^\s*[{[]/.test(text)) return jsonValues(text, name);
  try {
    return parseDocuments(text).map((value, place) => ({ value, place: `document ${place + 1}` }));
  } catch (cause) {
    throw unusable(
      `reading Events from ${name}: neither JSON nor YAML: ${messageOf(cause)}`,
      cause,
    );
  }
}

function jsonValues(text: string, name: string): readonly Placed[] {
  const whole = jsonOf(text);
  if (whole.ok) return [{ value: whole.value, place: 'the document' }];
  return text.split('\n').flatMap((line, place) => {
    if (line.trim() === '') return [];
    const parsed = jsonOf(line);
    if (parsed.ok) return [{ value: parsed.value, place: `line ${place + 1}` }];
    const message = `reading Events from ${name}, line ${place + 1}: no JSON: ${parsed.why}`;
    throw unusable(message, parsed.cause);
  });
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string; readonly cause: unknown };

function jsonOf(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (cause) {
    return { ok: false, why: messageOf(cause), cause };
  }
}

function eventsOf({ value, place }: Placed, name: string): readonly EventObject[] {
  if (Array.isArray(value)) return itemsOf(value, name, place);
  if (!isJsonObject(value)) {
    throw unusable(`reading Events from ${name}, ${place}: no object (expected an Event)`);
  }
  const entry = toEntry(value);
  if (typeof entry !== 'string') return entry.type === 'DELETED' ? [] : [entry.object];
  const { kind, items } = value;
  if (Array.isArray(items) && (kind === undefined || isListKind(kind))) {
    return itemsOf(items, name, place);
  }
  if (kind !== undefined && kind !== 'Event') {
    const found = JSON.stringify(kind);
    throw unusable(`reading Events from ${name}, ${place}: found kind ${found} (expected Event)`);
  }
  return [value];
}

function itemsOf(items: readonly unknown[], name: string, place: string): readonly EventObject[] {
  return items.flatMap((value, index) =>
    eventsOf({ value, place: `${place}, item ${index + 1}` }, name),
  );
}

function isListKind(kind: unknown): boolean {
  return typeof kind === 'string' && kind.endsWith('List');
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('input-unusable', message, { cause });
}
