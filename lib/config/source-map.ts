// Where each value of a YAML or JSON text stands: a tree built from the parser's events, looked up
// by JSON Pointer. It also counts what aliases would expand to, since a small text can stand for a
// huge value. It builds no values; load.ts does.
// Source: js-yaml 5 parseEvents (offsets from 0, -1 where absent); RFC 6901 (JSON Pointer).

import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import { type Json } from '../core/event.ts';
import type { Finding, Problem, ProblemCode } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';

/** Where one key or value stands: an offset into the text, and what is below it. */
interface PlaceNode {
  readonly offset: number;
  /** How many values it stands for, aliases followed. */
  size: number;
  readonly entries: Map<string, PlaceEntry>;
}

/** A key of a mapping, or a place in a list, with what stands there. */
interface PlaceEntry {
  /** The key's own offset; the value's for an entry of a list. */
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
  /** Where an alias stands inside the very value it names; undefined where there is none. */
  readonly circular: number | undefined;
}

interface SourceReading {
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
  const reading: SourceReading = {
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
  const root = readNode(reading, '', 0);
  return {
    root,
    repeated: reading.repeated,
    aliases: reading.aliases,
    circular: reading.circular,
  };
}

/** One step of a JSON Pointer as it is written. */
export function pointerStep(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The steps of a JSON Pointer. */
export function pointerSteps(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The offset of the key or the value at a pointer, or of the nearest thing above that has one. */
export function findOffset(root: PlaceNode, pointer: string, of: 'key' | 'value'): number {
  let here: PlaceEntry = { key: root.offset, node: root };
  for (const step of pointerSteps(pointer)) {
    const below = here.node.entries.get(step);
    if (below === undefined) return here.key;
    here = below;
  }
  return of === 'key' ? here.key : here.node.offset;
}

function readNode(reading: SourceReading, pointer: string, fallback: number): PlaceNode {
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
      // An empty document closes at once; its closing event is left for whoever opened it.
      reading.next -= 1;
      return leaf(fallback);
  }
}

function readInside(reading: SourceReading, node: PlaceNode, read: () => void): PlaceNode {
  reading.open.add(node);
  read();
  reading.open.delete(node);
  reading.next += 1;
  return node;
}

function readItems(reading: SourceReading, list: PlaceNode, pointer: string): void {
  for (let index = 0; !atEnd(reading); index += 1) {
    const node = readNode(reading, `${pointer}/${index}`, list.offset);
    list.entries.set(String(index), { key: node.offset, node });
    list.size += node.size;
  }
}

function readEntries(reading: SourceReading, mapping: PlaceNode, pointer: string): void {
  const merged: PlaceNode[] = [];
  while (!atEnd(reading)) {
    const event = reading.events[reading.next];
    const key = keyOf(reading, mapping.offset);
    const step = `${pointer}/${pointerStep(key.text)}`;
    const node = readNode(reading, step, key.offset);
    mapping.size += node.size;
    if (isMergeKey(event, key.text)) merged.push(node);
    else enter(reading, mapping, { step, ...key, node });
  }
  for (const node of merged) mergeInto(mapping, node);
}

interface ReadEntry {
  readonly step: string;
  readonly text: string;
  readonly offset: number;
  readonly node: PlaceNode;
}

function enter(reading: SourceReading, mapping: PlaceNode, entry: ReadEntry): void {
  const before = mapping.entries.get(entry.text);
  if (before !== undefined) {
    reading.repeated.push({
      pointer: entry.step,
      offset: entry.offset,
      firstOffset: before.key,
    });
  }
  // The later one wins, so that its places are those of the value that is looked at further.
  mapping.entries.set(entry.text, { key: entry.offset, node: entry.node });
}

function keyOf(reading: SourceReading, fallback: number): { text: string; offset: number } {
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

function aliased(reading: SourceReading, start: number, end: number): PlaceNode {
  reading.aliases += 1;
  const target = reading.anchors.get(reading.source.slice(start, end));
  // The parser's offsets leave out the asterisk.
  const node = leaf(start - 1);
  if (target === undefined) return node;
  if (reading.open.has(target)) {
    reading.circular ??= start - 1;
    return node;
  }
  return { offset: node.offset, size: target.size, entries: target.entries };
}

function named(
  reading: SourceReading,
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

function atEnd(reading: SourceReading): boolean {
  const type = reading.events[reading.next]?.type;
  return type === EVENT_ID.POP || type === undefined;
}

function leaf(offset: number): PlaceNode {
  return { offset, size: 1, entries: new Map() };
}

// Offsets into a text as lines and columns, the way editors count them.

/** A line and a column, both from 1; 0 where there is no place. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/** No place at all. */
export const NO_PLACE: SourcePlace = Object.freeze({ line: 0, column: 0 });

/**
 * Makes the function from offsets to places of one text.
 *
 * **Shape**: lines end with LF, CR LF or CR alone; columns count UTF-16 units, as editors do; a
 * byte order mark has no column.
 */
export function createLineFinder(text: string): (offset: number) => SourcePlace {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  return (offset) => {
    const line = lastAtOrBelow(starts, offset);
    const start = starts[line] ?? 0;
    const column = offset - start - (line === 0 ? mark : 0);
    return { line: line + 1, column: Math.max(column, 0) + 1 };
  };
}

function lastAtOrBelow(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

// Findings, which name a JSON Pointer, become problems, which name a line and a column.

/** Codes that speak of a key, or of a section as a whole: their place is the key's. */
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

// A text of the file may be a megabyte long; what is said about it is read by people.
const MESSAGE_CHARACTERS = 1000;

/** Gives each finding its place in the document, and cuts what it quotes of it. */
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

/** Problems in the order of the file; where the place is the same, errors first. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const weight = { error: 0, warning: 1, info: 2 };
  return problems.toSorted(
    (a, b) => a.line - b.line || a.column - b.column || weight[a.severity] - weight[b.severity],
  );
}

/** A document that could be read. */
export interface LoadedDocument {
  readonly ok: true;
  readonly value: Json;
  /** Duplicate keys and values that are no JSON; the value is whole nevertheless. */
  readonly problems: readonly Problem[];
  /** Gives a finding its place. */
  locate(pointer: string, of: 'key' | 'value'): SourcePlace;
}
