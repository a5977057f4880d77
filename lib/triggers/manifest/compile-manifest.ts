// A manifest compiled once: every text parsed as a template, every place judged, and what is left a
// function from a delivery to an object. It names nothing and marks nothing; that is own-marks.ts.
// Source: docs/triggers.md (templates work on parsed values; the closed list of places).

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  stringAt,
} from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import { parseTemplate, type Template, toText } from '../../kit/text/template.ts';
import { FIRST_WORDS, isEventPath } from './document.ts';
import {
  EXPANDED_PLACES,
  type ManifestPlace,
  type Opener,
  openersOf,
  placeOf,
  type Steps,
  toPointer,
} from './manifest-places.ts';
import {
  type Complaint,
  compileLeaf,
  type LeafWriting,
  leafFindings,
  type RenderedLeaf,
  type RenderLeaf,
  type TooLarge,
} from './render-leaf.ts';
import { wordFindings } from './word-findings.ts';

/** A rendered manifest, or why it cannot be one. */
type Rendered =
  | { readonly ok: true; readonly object: JsonObject }
  | ({ readonly ok: false } & Complaint);

/** A manifest ready to be rendered. */
interface CompiledManifest {
  /** What is wrong with it; paths are relative to the manifest. Render only without errors. */
  readonly findings: readonly Finding[];
  /** Takes what `toTemplateDocument` makes. */
  readonly render: (document: Json) => Rendered;
}

/** Options of compiling a manifest. */
interface CompileOptions {
  /** JSON Pointers at which Event values may stand as well. */
  readonly allowed: readonly string[];
  readonly tooLarge: TooLarge;
}

interface ManifestCompiling {
  readonly apiVersion: string;
  /** References that the controller of the object replaces in its texts. */
  readonly openers: readonly Opener[];
  readonly allowed: ReadonlySet<string>;
  readonly tooLarge: TooLarge;
  readonly findings: Finding[];
  readonly leaves: RenderLeaf[];
  readonly shareBytes: () => number;
}

/** Compiles a manifest. */
export function compileManifest(
  manifest: JsonObject,
  { allowed, tooLarge }: CompileOptions,
): CompiledManifest {
  const apiVersion = stringAt(manifest, 'apiVersion');
  const allow = new Set(allowed);
  const leaves: RenderLeaf[] = [];
  const constantBytes = Buffer.byteLength(JSON.stringify(manifest));
  const compiling: ManifestCompiling = {
    apiVersion,
    openers: openersOf(apiVersion),
    allowed: allow,
    tooLarge,
    findings: [],
    leaves,
    shareBytes: () => Math.floor(templateBytes(constantBytes) / leaves.length),
  };
  const render = compileObject(manifest, { steps: [] }, compiling);
  return {
    findings: joined(wordFindings(manifest, apiVersion, allow), compiling.findings),
    render: (document) => {
      const complaints: Complaint[] = [];
      const object = render(document, (complaint) => complaints.push(complaint));
      const [complaint = sizeComplaint(object)] = complaints;
      return complaint === undefined ? { ok: true, object } : { ok: false, ...complaint };
    },
  };
}

/** All findings, one for each place: a finding for a word says more than one for its value. */
function joined(words: readonly Finding[], leaves: readonly Finding[]): readonly Finding[] {
  const said = new Set(words.map(({ path }) => path));
  return [...words, ...leaves.filter(({ path }) => !said.has(path))];
}

function sizeComplaint(object: JsonObject): Complaint | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(object));
  if (bytes <= MOST_OBJECT_BYTES) return undefined;
  const why = `the object has ${bytes} bytes (expected at most ${MOST_OBJECT_BYTES})`;
  return { reason: 'too-large', why };
}

/** Where the recursion is. */
interface ValuePlace {
  readonly steps: Steps;
  /** In a map of annotations: the bytes that each template in it may have. */
  readonly annotationBytes?: number;
  /** In `args`: the words before this one. */
  readonly before?: readonly Json[];
}

type ReportFinding = (complaint: Complaint) => void;
type RenderManifest<Made extends Json> = (document: Json, complain: ReportFinding) => Made;

function compileValue(
  value: Json,
  here: ValuePlace,
  compiling: ManifestCompiling,
): RenderManifest<Json> {
  if (typeof value === 'string') return compileText(value, here, compiling);
  if (isJsonList(value)) return compileList(value, here, compiling);
  return isJsonObject(value) ? compileObject(value, here, compiling) : () => value;
}

function compileList(
  list: readonly Json[],
  here: ValuePlace,
  compiling: ManifestCompiling,
): RenderManifest<Json> {
  const items = list.map((item, index) => {
    const steps = [...here.steps, String(index)];
    const before = here.before && [...here.before, ...list.slice(0, index)];
    return compileValue(item, before ? { steps, before } : { steps }, compiling);
  });
  return (document, complain) => items.map((item) => item(document, complain));
}

function compileObject(
  value: JsonObject,
  here: ValuePlace,
  compiling: ManifestCompiling,
): RenderManifest<JsonObject> {
  const entries = Object.entries(value).map(([key, item]) => {
    const steps = [...here.steps, key];
    const inside = { ...insideOf(here, value, key), steps };
    return [key, compileValue(item, inside, compiling)] as const;
  });
  return (document, complain) =>
    Object.fromEntries(entries.map(([key, item]) => [key, item(document, complain)]));
}

function insideOf(here: ValuePlace, value: JsonObject, key: string): Omit<ValuePlace, 'steps'> {
  const bytes = key === 'annotations' ? annotationBytes(value[key]) : here.annotationBytes;
  const command = value['command'];
  return {
    ...(bytes !== undefined && { annotationBytes: bytes }),
    ...(key === 'args' && { before: isJsonList(command) ? command : [] }),
  };
}

function compileText(
  text: string,
  here: ValuePlace,
  compiling: ManifestCompiling,
): RenderManifest<Json> {
  const parsed = parseTemplate(text, FIRST_WORDS);
  if (!parsed.ok) {
    compiling.findings.push({
      severity: 'error',
      code: 'bad-template',
      path: toPointer(here.steps),
      message: `found ${parsed.why}`,
      hint: 'begin the path with a field of the delivery document, or write $${ for a plain ${',
    });
    return () => text;
  }
  const { template } = parsed;
  if (template.constant) {
    const constant = template.renderText(null);
    return () => constant;
  }
  const leaf = toLeaf(template, here, compiling);
  compiling.findings.push(...leafFindings(leaf));
  const render = compileLeaf(leaf);
  compiling.leaves.push(render);
  return render;
}

function toLeaf(template: Template, here: ValuePlace, compiling: ManifestCompiling): RenderedLeaf {
  const { apiVersion, openers, allowed, tooLarge, shareBytes } = compiling;
  const place = placeOf(here.steps, apiVersion);
  const pointer = toPointer(here.steps);
  const isExpanded = EXPANDED_PLACES.includes(place);
  const ownWriting: LeafWriting = isExpanded ? 'doubled' : 'plain';
  const writing = openers.length > 0 ? 'broken' : ownWriting;
  return {
    template,
    place,
    pointer,
    allowed: allowed.has(pointer),
    openers: isExpanded && openers.length === 0 ? ['$('] : openers,
    writing,
    mayBeOption: mayBeOption(template, here.before),
    tooLarge,
    usedBytes: place === 'annotation' ? (here.annotationBytes ?? 0) : usedBytesAt(place),
    shareBytes,
  };
}

/** Whether an argument can begin with `-` by what an Event says. */
function mayBeOption(template: Template, before: readonly Json[] | undefined): boolean {
  const [first] = template.pieces;
  if (before === undefined || before.includes('--') || first === undefined) return false;
  return !('literal' in first) && template.paths.some(isEventPath);
}

// How large a value of a manifest may be at its place.
// Source: execve(2) (MAX_ARG_STRLEN, 32 pages); k8s.io/apimachinery pkg/api/validation
// (TotalAnnotationSizeLimitB); etcd (--max-request-bytes).

// What Linux takes as one argument or variable, less a little for the variable's name. With more,
// the pod is made and its process never starts.
const WORD_BYTES = 131_072 - 1_024;

// A pipeline makes arguments, variables and scripts of a parameter. Argo before 3.6 writes a
// template with its inputs, and the arguments made of them, into one variable: twice this fits.
const PARAM_BYTES = 60 * 1_024;

// The limit of one object's annotations is 256 KiB. The rest is for those that controllers add.
const ANNOTATIONS_BYTES = 240 * 1_024;

// Of an object: etcd's limit, and room for what the server and controllers add.
const OBJECT_BYTES = 1_024 * 1_024;

/** Bytes of JSON above which an object is not sent, because etcd would not take it. */
const MOST_OBJECT_BYTES = 1_536 * 1_024;

/** Bytes of JSON that the templates of an object share; a quarter of them even beside a long text. */
function templateBytes(constantBytes: number): number {
  return Math.max(OBJECT_BYTES / 4, OBJECT_BYTES - constantBytes);
}

/** The most that a text may have at a place, in bytes; annotations share theirs. */
function usedBytesAt(place: ManifestPlace): number {
  if (place === 'param') return PARAM_BYTES;
  return place === 'env' || place === 'argument' || place === 'command'
    ? WORD_BYTES
    : MOST_OBJECT_BYTES;
}

/** The bytes of each template in a map of annotations. */
function annotationBytes(annotations: Json | undefined): number {
  const entries = isJsonObject(annotations) ? Object.entries(annotations) : [];
  const isTemplate = (value: Json): boolean => typeof value === 'string' && value.includes('${');
  const templates = entries.filter(([, value]) => isTemplate(value)).length;
  const constant = entries.map(([key, value]) => key + (isTemplate(value) ? '' : toText(value)));
  const room = Math.max(0, ANNOTATIONS_BYTES - Buffer.byteLength(constant.join('')));
  return Math.floor(room / Math.max(1, templates));
}
