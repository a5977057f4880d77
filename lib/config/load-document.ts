// Parses the text of a configuration once, into a JSON value and the places of its keys and values. It
// knows no key of a configuration; the schema does. Nothing here throws for a bad text.
// Follows the YAML 1.2 core schema with merge keys (js-yaml 5); JSON is read as YAML.

import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  mergeTag,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import type { Json } from '../core/json-object.ts';
import { errorAt, type Finding, type Problem } from '../core/problem.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import { pointerStep, pointerSteps } from '../kit/data/json-pointer.ts';
import { printable } from '../kit/text/printable.ts';
import {
  createLineFinder,
  findOffset,
  type LoadedDocument,
  NO_PLACE,
  type PlaceTree,
  readPlaces,
  type SourcePlace,
} from './source-map.ts';
import { recogniseText } from './wrong-file.ts';

/** The largest configuration: far above any real one, and cheap to parse. */
export const MAX_CONFIG_BYTES = 1024 * 1024;
/** The most aliases in one file; a configuration written by hand has a few. */
const MAX_ALIASES = 500;
/** The most values to which all aliases together may expand. */
const MAX_EXPANDED = 100_000;

interface UnreadableDocument {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

type Loaded = LoadedDocument | UnreadableDocument;

/** Reads one document. */
export function loadDocument(written: string): Loaded {
  const refused = refuseText(written);
  if (refused !== undefined) return refuse(refused, NO_PLACE);
  // JSON allows tabs between tokens, where YAML does not, and never inside a string. A space has the
  // same length, so places do not change.
  const text = isJson(written) ? written.replaceAll('\t', ' ') : written;
  const place = createLineFinder(text);
  let parsed: { readonly tree: PlaceTree; readonly value: unknown };
  try {
    const events = parseEvents(text, {});
    const trouble = troubleIn(text, events);
    if (trouble !== undefined) return refuse(trouble, place(trouble.offset));
    const tree = readPlaces(text, events);
    const bomb = bombIn(tree);
    if (bomb !== undefined) return refuse(bomb, place(bomb.offset));
    parsed = { tree, value: constructValue(text, events, tree) };
  } catch (error) {
    const fault = syntaxFault(text, error);
    return refuse(fault, fault.offset === undefined ? NO_PLACE : place(fault.offset));
  }
  const { tree } = parsed;
  const locate = (pointer: string, of: 'key' | 'value'): SourcePlace =>
    place(findOffset(tree.root, pointer, of));
  const problems = repeatedKeys(tree, place);
  const value = toJson(parsed.value, '', (pointer, found) => {
    const message = `found ${found}, expected a value that JSON can hold`;
    const hint = 'write a number, or put the text in quotes';
    const finding = errorAt('wrong-value', pointer, { message, hint });
    problems.push({ ...finding, ...locate(pointer, 'value') });
  });
  return { ok: true, value, problems, locate };
}

function isJson(text: string): boolean {
  // If it is not JSON, the YAML parser reads it, or reports the fault.
  const mayBe = text.includes('\t') && /^[\s\uFEFF]*[{[]/.test(text);
  return mayBe && jsonOrNothing(text.replace('\uFEFF', '')) !== undefined;
}

type TextFault = Pick<Finding, 'code' | 'message' | 'hint'>;

interface PlacedFault extends TextFault {
  readonly offset: number;
}

function refuse({ code, message, hint }: TextFault, place: SourcePlace): UnreadableDocument {
  return { ok: false, problems: [{ ...errorAt(code, '', { message, hint }), ...place }] };
}

function refuseText(text: string): TextFault | undefined {
  if (Buffer.byteLength(text, 'utf8') > MAX_CONFIG_BYTES) {
    return {
      code: 'too-large',
      message: 'the file is larger than 1 MiB',
      hint: 'a configuration is a few kilobytes of YAML or JSON; is this the right file?',
    };
  }
  const wrong = recogniseText(text);
  return wrong === undefined ? undefined : { code: 'wrong-file', ...wrong };
}

function troubleIn(text: string, events: readonly Event[]): PlacedFault | undefined {
  const documents = events.flatMap((event, index) =>
    event.type === EVENT_ID.DOCUMENT ? [index] : [],
  );
  const second = documents[1];
  if (second === undefined) return undefined;
  const separator = text.lastIndexOf('---', startOf(events[second + 1]) ?? text.length);
  return {
    code: 'several-documents',
    message: `found ${documents.length} documents in the file, expected one`,
    hint: 'keep one document a file and remove the line ---',
    offset: Math.max(separator, 0),
  };
}

/** The offset of a value; undefined if it is empty. */
export function startOf(event: Event | undefined): number | undefined {
  if (event?.type === EVENT_ID.SCALAR && event.valueStart >= 0) return event.valueStart;
  if (event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE) return event.start;
  return undefined;
}

function bombIn(tree: PlaceTree): PlacedFault | undefined {
  if (tree.circular !== undefined) {
    return {
      code: 'too-many-aliases',
      message: 'an alias is inside the value that it names, so it expands without end',
      hint: 'write the value out, or move the alias out of it',
      offset: tree.circular,
    };
  }
  if (tree.aliases <= MAX_ALIASES && (tree.aliases === 0 || tree.root.size <= MAX_EXPANDED)) {
    return undefined;
  }
  return {
    code: 'too-many-aliases',
    message: `${tree.aliases} aliases stand for more than a configuration may hold`,
    hint: `use at most ${MAX_ALIASES} aliases for at most ${MAX_EXPANDED} values, or write them out`,
    offset: tree.root.offset,
  };
}

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

function constructValue(source: string, events: Event[], tree: PlaceTree): unknown {
  // Repeated keys were reported with their places. The value is built nevertheless, so that everything
  // else is validated too.
  const json = tree.repeated.length > 0;
  return constructFromEvents(events, { source, schema: SCHEMA, json })[0] ?? null;
}

function syntaxFault(text: string, error: unknown): TextFault & { readonly offset?: number } {
  const { reason = 'it could not be parsed', mark } = error instanceof YAMLException ? error : {};
  const offset = mark?.position;
  const message = `not valid YAML or JSON: ${printable(reason, 160)}`;
  if (offset === undefined) return { code: 'not-yaml', message, hint: 'see https://yaml.org' };
  return { code: 'not-yaml', message, hint: syntaxHint(text, offset), offset };
}

function syntaxHint(text: string, offset: number): string {
  const found = text.charAt(offset);
  if (found === '\t' || text.charAt(offset - 1) === '\t')
    return 'write spaces; YAML does not allow a tab there';
  if (found === '*' || text.charAt(offset - 1) === '*') {
    return "in YAML * begins an alias; put a pattern that begins with * in quotes: '*-system'";
  }
  if (/^![!<\w]/.test(text.slice(offset)))
    return 'remove the tag; a text that begins with ! needs quotes';
  const comparison = /:\s*([<>]=?\s*\d+)\s*$/.exec(lineAt(text, offset));
  if (comparison !== null) return `write the comparison in quotes: "${comparison[1] ?? ''}"`;
  if (/[@`%&!|>]/.test(found)) return `put a text that begins with ${found} in quotes`;
  if (found === ':')
    return "indent it as its neighbours are, or put a text that contains ': ' in quotes";
  const [before = ''] = text
    .slice(0, offset)
    .split(/\r\n|\n|\r/)
    .slice(-2, -1);
  const comment = / #/.test(before) ? ', where # begins a comment unless it is in quotes' : '';
  return `check the indentation, quotes and brackets here and on the line before${comment}`;
}

function repeatedKeys(tree: PlaceTree, place: (offset: number) => SourcePlace): Problem[] {
  return tree.repeated.map(({ pointer, offset, firstOffset }) => {
    const key = printable(pointerSteps(pointer).at(-1) ?? 'the key', 60);
    const message = `found the key ${key} a second time; the first is on line ${place(firstOffset).line}`;
    const hint = 'keep one of the two';
    return { ...errorAt('duplicate-key', pointer, { message, hint }), ...place(offset) };
  });
}

/** The line of an offset, or the line before it if the offset begins a line. */
function lineAt(text: string, offset: number): string {
  const upTo = text.slice(0, Math.max(0, offset)).replace(/[\r\n]+$/, '');
  const begin = upTo.lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', begin);
  return text.slice(begin, end < 0 ? undefined : end);
}

type ReportProblem = (pointer: string, found: string) => void;

/** Copies the parser's value into plain JSON that shares nothing; aliases were bounded before. */
function toJson(value: unknown, pointer: string, complain: ReportProblem): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    complain(pointer, Number.isNaN(value) ? '.nan' : '.inf');
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => toJson(item, `${pointer}/${index}`, complain));
  }
  if (typeof value === 'object') {
    // Object.fromEntries defines own properties, so a key __proto__ is a key like any other.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [
        key,
        toJson(item, `${pointer}/${pointerStep(key)}`, complain),
      ]),
    );
  }
  complain(pointer, typeof value);
  return null;
}
