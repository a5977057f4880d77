// Lines and columns of all keys and values of a YAML or JSON text. A tree built from the parser's events
// is looked up by JSON Pointer, and gives findings their places. It also counts the values to which
// aliases would expand. load-document.ts builds the values themselves.
// Source: js-yaml 5 parseEvents (offsets from 0, or -1 if absent); RFC 6901 (JSON Pointer).

import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import type { Json } from '../core/json-object.ts';
import type { Finding, Problem, ProblemCode } from '../core/problem.ts';
import { pointerStep, pointerSteps } from '../kit/data/json-pointer.ts';
import { countBefore } from '../kit/data/sorted.ts';
import { printable } from '../kit/text/printable.ts';

/** The place of a value: its offset in the text, and the places below it. */
interface PlaceNode {
  readonly offset: number;
  /** How many values it expands to when aliases are followed. */
  size: number;
  readonly entries: Map<string, PlaceEntry>;
}

/** A key of a mapping, or an index of a list, with the place of its value. */
interface PlaceEntry {
  /** The offset of the key; for an entry of a list, that of the value. */
  readonly key: number;
  readonly node: PlaceNode;
}

/** A key that its mapping has more than once. */
interface RepeatedKey {
  readonly pointer: string;
  readonly offset: number;
  readonly firstOffset: number;
}

/** The places of one text. */
export interface PlaceTree {
  readonly root: PlaceNode;
  readonly repeated: readonly RepeatedKey[];
  readonly aliases: number;
  /** The offset of an alias inside the value that it names; undefined if there is none. */
  readonly circular: number | undefined;
}

interface ParserState {
  readonly source: string;
  readonly events: readonly Event[];
  next: number;
  readonly anchors: Map<string, PlaceNode>;
  readonly open: Set<PlaceNode>;
  readonly repeated: RepeatedKey[];
  aliases: number;
  circular: number | undefined;
}

/** Reads the places of the one document that these events hold. */
export function readPlaces(source: string, events: readonly Event[]): PlaceTree {
  const reading: ParserState = {
    source,
    events,
    // The first event opens the document.
    next: 1,
    anchors: new Map(),
    open: new Set(),
    repeated: [],
    aliases: 0,
    circular: undefined,
  };
  return { root: readNode(reading, '', 0), ...reading };
}

/** Finds the offset of the key or value at a pointer, or of the nearest one above it. */
export function findOffset(root: PlaceNode, pointer: string, of: 'key' | 'value'): number {
  let here: PlaceEntry = { key: root.offset, node: root };
  for (const step of pointerSteps(pointer)) {
    const below = here.node.entries.get(step);
    if (below === undefined) return here.key;
    here = below;
  }
  return of === 'key' ? here.key : here.node.offset;
}

function readNode(reading: ParserState, pointer: string, fallback: number): PlaceNode {
  const event = reading.events[reading.next];
  reading.next += 1;
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      return named(reading, event, leaf(scalarOffset(reading.source, event, fallback)));
    case EVENT_ID.ALIAS:
      return aliased(reading, event.anchorStart, event.anchorEnd);
    case EVENT_ID.SEQUENCE: {
      const node = named(reading, event, leaf(event.start));
      return readInside(reading, node, () => readItems(reading, node, pointer));
    }
    case EVENT_ID.MAPPING: {
      const node = named(reading, event, leaf(event.start));
      return readInside(reading, node, () => readEntries(reading, node, pointer));
    }
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
    case undefined:
      // An empty document closes at once; its closing event belongs to the caller.
      reading.next -= 1;
      return leaf(fallback);
  }
}

function readInside(reading: ParserState, node: PlaceNode, read: () => void): PlaceNode {
  reading.open.add(node);
  read();
  reading.open.delete(node);
  reading.next += 1;
  return node;
}

function readItems(reading: ParserState, list: PlaceNode, pointer: string): void {
  for (let index = 0; !atEnd(reading); index += 1) {
    const node = readNode(reading, `${pointer}/${index}`, list.offset);
    list.entries.set(String(index), { key: node.offset, node });
    list.size += node.size;
  }
}

function readEntries(reading: ParserState, mapping: PlaceNode, pointer: string): void {
  const merged: PlaceNode[] = [];
  while (!atEnd(reading)) {
    const event = reading.events[reading.next];
    const key = keyOf(reading, mapping.offset);
    const step = `${pointer}/${pointerStep(key.text)}`;
    const node = readNode(reading, step, key.offset);
    mapping.size += node.size;
    if (isMergeKey(event, key.text)) {
      merged.push(node);
      continue;
    }
    const before = mapping.entries.get(key.text);
    if (before !== undefined) {
      reading.repeated.push({ pointer: step, offset: key.offset, firstOffset: before.key });
    }
    // The later key wins, so that places are those of the value that is validated.
    mapping.entries.set(key.text, { key: key.offset, node });
  }
  for (const node of merged) mergeInto(mapping, node);
}

function keyOf(reading: ParserState, fallback: number): { text: string; offset: number } {
  const event = reading.events[reading.next];
  const node = readNode(reading, '', fallback);
  const text = event?.type === EVENT_ID.SCALAR ? getScalarValue(reading.source, event) : '';
  return { text, offset: node.offset };
}

function isMergeKey(event: Event | undefined, text: string): boolean {
  return text === '<<' && event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN;
}

function mergeInto(mapping: PlaceNode, source: PlaceNode): void {
  const list = source.entries.has('0') ? [...source.entries.values()] : [{ node: source }];
  for (const { node } of list) {
    for (const [key, entry] of node.entries) {
      if (!mapping.entries.has(key)) mapping.entries.set(key, entry);
    }
  }
}

function aliased(reading: ParserState, start: number, end: number): PlaceNode {
  reading.aliases += 1;
  const target = reading.anchors.get(reading.source.slice(start, end));
  // The parser's offsets exclude the asterisk.
  const node = leaf(start - 1);
  if (target === undefined) return node;
  if (reading.open.has(target)) {
    reading.circular ??= start - 1;
    return node;
  }
  return { offset: node.offset, size: target.size, entries: target.entries };
}

function named(
  reading: ParserState,
  event: { readonly anchorStart: number; readonly anchorEnd: number },
  node: PlaceNode,
): PlaceNode {
  if (event.anchorStart >= 0) {
    reading.anchors.set(reading.source.slice(event.anchorStart, event.anchorEnd), node);
  }
  return node;
}

function scalarOffset(source: string, event: ScalarEvent, fallback: number): number {
  if (event.valueStart < 0) return fallback;
  const isQuoted =
    event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  if (isQuoted) return event.valueStart - 1;
  // A block scalar's value begins with its first line's indentation.
  let offset = event.valueStart;
  while (offset < event.valueEnd && /[ \n\r]/.test(source.charAt(offset))) offset += 1;
  return offset < event.valueEnd ? offset : event.valueStart;
}

function atEnd(reading: ParserState): boolean {
  const type = reading.events[reading.next]?.type;
  return type === EVENT_ID.POP || type === undefined;
}

function leaf(offset: number): PlaceNode {
  return { offset, size: 1, entries: new Map() };
}

/** A line and a column, both from 1 as editors count; 0 if there is no place. */
export type SourcePlace = Pick<Problem, 'line' | 'column'>;

/** The place of a problem that has none. */
export const NO_PLACE: SourcePlace = Object.freeze({ line: 0, column: 0 });

/**
 * Creates the function from offsets to places of one text.
 *
 * **Shape**: lines end with LF, CR LF or CR alone; columns count UTF-16 units, as editors do; a
 * byte order mark has no column.
 */
export function createLineFinder(text: string): (offset: number) => SourcePlace {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  return (offset) => {
    const line = countBefore(starts, (start) => start <= offset) - 1;
    const start = starts[line] ?? 0;
    const column = offset - start - (line === 0 ? mark : 0);
    return { line: line + 1, column: Math.max(column, 0) + 1 };
  };
}

/** Codes of findings about a key or a whole section, which are placed at the key. */
const AT_KEY: ReadonlySet<ProblemCode> = new Set([
  'unknown-key',
  'missing-key',
  'duplicate-key',
  'ignored-key',
  'letter-case',
  'wrong-form',
  'wrong-file',
  'duplicate-name',
  'bad-name',
  'shared-identity',
  'triggers-missing',
  'unused-trigger',
  'not-allowed',
]);

// A text of the file may be a megabyte long, but people read the message that quotes it.
const MESSAGE_CHARACTERS = 1000;

/** Gives each finding its line and column in the document, and shortens its quotations. */
export function placeFindings(
  findings: readonly Finding[],
  document: Pick<LoadedDocument, 'locate'>,
): readonly Problem[] {
  return findings.map((finding) => ({
    ...finding,
    message: printable(finding.message, MESSAGE_CHARACTERS),
    hint: printable(finding.hint, MESSAGE_CHARACTERS),
    ...document.locate(finding.path, AT_KEY.has(finding.code) ? 'key' : 'value'),
  }));
}

/** Sorts problems in the order of the file; of those at one place, errors come first. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const rank = { error: 0, warning: 1, info: 2 };
  return problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || rank[a.severity] - rank[b.severity],
  );
}

/** A document that could be parsed. */
export interface LoadedDocument {
  readonly ok: true;
  readonly value: Json;
  /** Duplicate keys and values that are not JSON; the value is complete nevertheless. */
  readonly problems: readonly Problem[];
  /** Finds the place of a key or value. */
  locate(pointer: string, of: 'key' | 'value'): SourcePlace;
}
