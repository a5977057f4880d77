// Compiles a manifest once: parses every text as a template, checks every place, and makes a
// function from a delivery to an object. Name, labels and annotation of Sluice are added in
// ../kubernetes.ts.
// Source: docs/triggers.md (templates work on parsed values; the closed list of places). Limits:
// execve(2) (MAX_ARG_STRLEN, 32 pages); k8s.io/apimachinery pkg/api/validation
// (TotalAnnotationSizeLimitB); etcd (--max-request-bytes).

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  stringAt,
} from '../../core/json-object.ts';
import { errorAt, type Finding } from '../../core/problem.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import { parseTemplate, type Template, toText } from '../../kit/text/template.ts';
import { FIRST_WORDS, isEventPath, PATH_HINT } from './document.ts';
import {
  EXPANDED_PLACES,
  type ManifestPlace,
  type Opener,
  openersOf,
  placeOf,
  type Steps,
} from './manifest-places.ts';
import {
  type Complaint,
  compileLeaf,
  type LeafEscape,
  leafFindings,
  type RenderedLeaf,
  type RenderLeaf,
  type TooLarge,
} from './render-leaf.ts';
import { wordFindings } from './word-findings.ts';

interface CompiledManifest {
  /** Findings with paths relative to the manifest. Render only without errors. */
  readonly findings: readonly Finding[];
  /** Renders with a document of `toTemplateDocument`. */
  readonly render: (
    document: Json,
  ) => { readonly ok: true; readonly object: JsonObject } | ({ readonly ok: false } & Complaint);
}

interface ManifestCompiling extends Pick<RenderedLeaf, 'tooLarge' | 'shareBytes'> {
  readonly apiVersion: string;
  /** Beginnings of references that the controller of the object replaces in its texts. */
  readonly openers: readonly Opener[];
  readonly allowed: ReadonlySet<string>;
  readonly findings: Finding[];
  leaves: number;
}

/** Compiles a manifest; its findings may contain errors. `allowed` are further places for Event values. */
export function compileManifest(
  manifest: JsonObject,
  allowed: readonly string[],
  tooLarge: TooLarge,
): CompiledManifest {
  const apiVersion = stringAt(manifest, 'apiVersion');
  const constantBytes = Buffer.byteLength(JSON.stringify(manifest));
  const compiling: ManifestCompiling = {
    apiVersion,
    openers: openersOf(apiVersion),
    allowed: new Set(allowed),
    tooLarge,
    findings: [],
    leaves: 0,
    shareBytes: () => Math.floor(templateBytes(constantBytes) / compiling.leaves),
  };
  const render = compileObject(manifest, { steps: [] }, compiling);
  const words = wordFindings(manifest, apiVersion, compiling.allowed);
  const said = new Set(words.map(({ path }) => path));
  return {
    // At most one for each place. That of a word is kept: it says more than that of its value.
    findings: [...words, ...compiling.findings.filter(({ path }) => !said.has(path))],
    render: (document) => {
      const complaints: Complaint[] = [];
      const object = render(document, (complaint) => complaints.push(complaint));
      const [complaint = sizeComplaint(object)] = complaints;
      return complaint === undefined ? { ok: true, object } : { ok: false, ...complaint };
    },
  };
}

function sizeComplaint(object: JsonObject): Complaint | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(object));
  if (bytes <= MOST_OBJECT_BYTES) return undefined;
  const why = `the object has ${bytes} bytes (expected at most ${MOST_OBJECT_BYTES})`;
  return { reason: 'too-large', why };
}

interface ValuePlace {
  readonly steps: Steps;
  /** In a map of annotations: the byte limit of each template in it. */
  readonly annotationBytes?: number;
  /** In `args`: the words before this value. */
  readonly before?: readonly Json[];
}

function compileValue(value: Json, here: ValuePlace, compiling: ManifestCompiling): RenderLeaf {
  if (typeof value === 'string') return compileText(value, here, compiling);
  if (isJsonList(value)) return compileList(value, here, compiling);
  return isJsonObject(value) ? compileObject(value, here, compiling) : () => value;
}

function compileList(
  list: readonly Json[],
  here: ValuePlace,
  compiling: ManifestCompiling,
): RenderLeaf {
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
): RenderLeaf<JsonObject> {
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

function compileText(text: string, here: ValuePlace, compiling: ManifestCompiling): RenderLeaf {
  const parsed = parseTemplate(text, FIRST_WORDS);
  if (!parsed.ok) {
    const words = { message: `found ${parsed.why}`, hint: PATH_HINT };
    compiling.findings.push(errorAt('bad-template', toPointer(here.steps), words));
    return () => text;
  }
  const { template } = parsed;
  if (template.constant) {
    const constant = template.renderText(null);
    return () => constant;
  }
  const leaf = toLeaf(template, here, compiling);
  compiling.findings.push(...leafFindings(leaf));
  compiling.leaves += 1;
  return compileLeaf(leaf);
}

function toLeaf(template: Template, here: ValuePlace, compiling: ManifestCompiling): RenderedLeaf {
  const { apiVersion, openers, allowed, tooLarge, shareBytes } = compiling;
  const place = placeOf(here.steps, apiVersion);
  const pointer = toPointer(here.steps);
  const isExpanded = EXPANDED_PLACES.includes(place);
  const ownEscape: LeafEscape = isExpanded ? 'doubled' : 'none';
  const escape = openers.length > 0 ? 'spaced' : ownEscape;
  return {
    template,
    place,
    pointer,
    allowed: allowed.has(pointer),
    openers: isExpanded && openers.length === 0 ? ['$('] : openers,
    escape,
    mayBeOption: mayBeOption(template, here.before),
    tooLarge,
    usedBytes: place === 'annotation' ? (here.annotationBytes ?? 0) : usedBytesAt(place),
    shareBytes,
  };
}

/** Whether a value of an Event can make an argument begin with `-`. */
function mayBeOption(template: Template, before: readonly Json[] | undefined): boolean {
  const [first] = template.pieces;
  if (before === undefined || before.includes('--') || first === undefined) return false;
  return !('literal' in first) && template.paths.some(isEventPath);
}

// Linux's limit of one argument or variable, minus the variable's name. Above it the pod is
// created, but its process never starts.
const WORD_BYTES = 131_072 - 1_024;

// A pipeline makes arguments, variables and scripts from a parameter. Argo before 3.6 writes a
// whole template into one variable. The parameter is in it twice: as an input, and in the arguments.
const PARAM_BYTES = 60 * 1_024;

// The limit of one object's annotations is 256 KiB. The rest is for annotations of controllers.
const ANNOTATIONS_BYTES = 240 * 1_024;

// Of an object: below etcd's limit, with room for additions of the server and controllers.
const OBJECT_BYTES = 1_024 * 1_024;

// Bytes of JSON; etcd does not accept larger objects, so they are not sent.
const MOST_OBJECT_BYTES = 1_536 * 1_024;

/** Bytes of JSON that all templates of an object share; at least a quarter of the object's. */
function templateBytes(constantBytes: number): number {
  return Math.max(OBJECT_BYTES / 4, OBJECT_BYTES - constantBytes);
}

/** The byte limit of a text at a place; annotations share one. */
function usedBytesAt(place: ManifestPlace): number {
  if (place === 'param') return PARAM_BYTES;
  return place === 'env' || place === 'argument' || place === 'command'
    ? WORD_BYTES
    : MOST_OBJECT_BYTES;
}

/** The byte limit of each template in a map of annotations. */
function annotationBytes(annotations: Json | undefined): number {
  const entries = isJsonObject(annotations) ? Object.entries(annotations) : [];
  const isTemplate = (value: Json): boolean => typeof value === 'string' && value.includes('${');
  const templates = entries.filter(([, value]) => isTemplate(value)).length;
  const constant = entries.map(([key, value]) => key + (isTemplate(value) ? '' : toText(value)));
  const room = Math.max(0, ANNOTATIONS_BYTES - Buffer.byteLength(constant.join('')));
  return Math.floor(room / Math.max(1, templates));
}
