// A manifest compiled once: every text parsed as a template, every place judged, and what is left a
// function from a delivery to an object. It names nothing and marks nothing; that is own-marks.ts.
// Source: docs/configuration.md (templates work on parsed values; the closed list of places).
import type { Json, JsonObject } from '../../core/event.ts';
import { isJsonObject, stringAt } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import { toLabelValue } from '../../kit/label.ts';
import type { Template } from '../../kit/template.ts';
import { parseTemplate } from '../../kit/template.ts';
import { containerFindings } from './containers.ts';
import type { TemplateDocument } from './document.ts';
import { FIRST_WORDS } from './document.ts';
import { leafFindings } from './leaf-findings.ts';
import type { Place, Steps } from './places.ts';
import { EXPANDED_PLACES, placeOf, toPointer } from './places.ts';

/** A rendered manifest, or why it can not be one. */
export type Rendered =
  | { readonly ok: true; readonly object: JsonObject }
  | { readonly ok: false; readonly why: string };

/** A manifest ready to be rendered. */
export interface CompiledManifest {
  /** What is wrong with it; paths are relative to the manifest. Render only without errors. */
  readonly findings: readonly Finding[];
  readonly render: (document: TemplateDocument) => Rendered;
}

interface Compiling {
  readonly apiVersion: string;
  readonly allowed: ReadonlySet<string>;
  readonly findings: Finding[];
}

/** Says what it finds too large. */
type Complain = (why: string) => void;
type Render = (document: TemplateDocument, complain: Complain) => Json;

/** Compiles a manifest; `allowed` are JSON Pointers at which Event values may stand as well. */
export function compileManifest(
  manifest: JsonObject,
  allowed: readonly string[],
): CompiledManifest {
  const apiVersion = stringAt(manifest, 'apiVersion');
  const compiling: Compiling = { apiVersion, allowed: new Set(allowed), findings: [] };
  const render = compileObject(manifest, [], compiling);
  return {
    findings: compiling.findings,
    render: (document) => {
      const complaints: string[] = [];
      const object = render(document, (why) => complaints.push(why));
      const [why] = complaints;
      return why === undefined ? { ok: true, object } : { ok: false, why };
    },
  };
}

function compileValue(value: Json, steps: Steps, compiling: Compiling): Render {
  if (typeof value === 'string') return compileText(value, steps, compiling);
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) =>
      compileValue(item, [...steps, String(index)], compiling),
    );
    return (document, complain) => items.map((item) => item(document, complain));
  }
  return isJsonObject(value) ? compileObject(value, steps, compiling) : () => value;
}

function compileObject(
  value: JsonObject,
  steps: Steps,
  compiling: Compiling,
): (document: TemplateDocument, complain: Complain) => JsonObject {
  compiling.findings.push(...containerFindings(value, steps));
  const entries = Object.entries(value).map(
    ([key, item]) => [key, compileValue(item, [...steps, key], compiling)] as const,
  );
  return (document, complain) =>
    Object.fromEntries(entries.map(([key, item]) => [key, item(document, complain)]));
}

function compileText(text: string, steps: Steps, compiling: Compiling): Render {
  const parsed = parseTemplate(text, FIRST_WORDS);
  const pointer = toPointer(steps);
  if (!parsed.ok) {
    compiling.findings.push({
      severity: 'error',
      code: 'bad-template',
      path: pointer,
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
  const place = placeOf(steps, compiling.apiVersion);
  const allowed = compiling.allowed.has(pointer);
  compiling.findings.push(...leafFindings({ template, place, pointer, allowed }));
  return renderAt(template, place, pointer);
}

// What Linux takes as one argument or variable at the most (MAX_ARG_STRLEN, 32 pages), less a
// little for the variable's name: with more the pod is made and its process never starts.
const LONGEST_WORD_BYTES = 131_072 - 1_024;

function renderAt(template: Template, place: Place, pointer: string): Render {
  if (place === 'label') return ({ plain }) => toLabelValue(template.renderText(plain));
  if (place === 'elsewhere' || place === 'fixed') return ({ plain }) => template.renderValue(plain);
  if (!EXPANDED_PLACES.includes(place)) return ({ plain }) => template.renderText(plain);
  return ({ expanded }, complain) => {
    const text = template.renderText(expanded);
    const bytes = Buffer.byteLength(text.replaceAll('$$', '$'));
    if (bytes > LONGEST_WORD_BYTES) {
      complain(`${pointer} has ${bytes} bytes (expected at most ${LONGEST_WORD_BYTES})`);
    }
    return text;
  };
}
