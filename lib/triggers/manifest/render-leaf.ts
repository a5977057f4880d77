// One template of a manifest: the findings for its place, and its rendering. Values of an Event are
// escaped so that neither kubelet nor a pipeline's controller finds a reference in them, and
// truncated to fit. Words of a process are checked together in word-findings.ts.
// Source: docs/triggers.md; k8s.io/kubernetes third_party/forked/golang/expansion (`$$` is a
// literal `$`); Tekton Pipelines and Argo Workflows docs/variables.md, which define no escape.

import type { Json } from '../../core/json-object.ts';
import { errorAt, type Finding } from '../../core/problem.ts';
import { toLabelValue, toMarkedLabelValue } from '../../kit/text/label.ts';
import { quoted, truncate } from '../../kit/text/printable.ts';
import { type Template, toText } from '../../kit/text/template.ts';
import { largestFitting, mapTexts, shorten } from '../shorten.ts';
import { isEventPath } from './document.ts';
import {
  EVENT_PLACES,
  EXPANDED_PLACES,
  type ManifestPlace,
  type Opener,
} from './manifest-places.ts';

/** Treatment of a value that is too large for its place. */
export type TooLarge = 'truncate' | 'refuse';

/** Why a manifest cannot be rendered. */
export interface Complaint {
  readonly reason: 'too-large' | 'not-renderable';
  readonly why: string;
}

/** A part of a manifest, ready to be rendered. */
export type RenderLeaf<Made extends Json = Json> = (
  document: Json,
  complain: (complaint: Complaint) => void,
) => Made;

/** How values are escaped so that they begin no reference. */
export type LeafEscape = 'none' | 'doubled' | 'spaced';

/** A template with everything that rendering needs. */
export interface RenderedLeaf extends Leaf {
  readonly escape: LeafEscape;
  /** Whether a program would read it as an option if it begins with `-`. */
  readonly mayBeOption: boolean;
  readonly tooLarge: TooLarge;
  /** Byte limit of the text after kubelet has expanded it. */
  readonly usedBytes: number;
  /** Byte limit of its share of the object's JSON; known once the whole manifest is compiled. */
  readonly shareBytes: () => number;
}

// Places whose values are still useful if truncated. A part of an image or a script is something
// else.
const TRUNCATED_PLACES: readonly ManifestPlace[] = ['annotation', 'env', 'argument', 'param'];

/** Compiles one template; it must have no errors. */
export function compileLeaf(leaf: RenderedLeaf): RenderLeaf {
  if (leaf.place === 'label') return compileLabel(leaf);
  const { template, place, mayBeOption } = leaf;
  const isText = EXPANDED_PLACES.includes(place) || TRUNCATED_PLACES.includes(place);
  return (document, complain) => {
    const parts = template.pieces.map((piece): LeafPart => {
      return 'literal' in piece ? piece : { value: piece.valueIn(document) };
    });
    const complaint = mayBeOption ? optionComplaint(leaf, textOf(parts)) : undefined;
    if (complaint !== undefined) complain(complaint);
    if (!isText) {
      return mapTexts(template.renderValue(document), (value) => escaped(leaf, [{ value }]));
    }
    const text = fitted(leaf, parts);
    if (text === undefined) {
      const most = Math.min(leaf.usedBytes, leaf.shareBytes());
      const bytes = Buffer.byteLength(textOf(parts));
      const why = `${leaf.pointer} has ${bytes} bytes (expected at most ${most})`;
      complain({ reason: 'too-large', why });
    }
    return text ?? '';
  };
}

function compileLabel({ template, pointer, tooLarge }: RenderedLeaf): RenderLeaf {
  return (document, complain) => {
    const text = template.renderText(document);
    const label = toMarkedLabelValue(text);
    if (tooLarge === 'refuse' && label !== toLabelValue(text)) {
      const why = `${pointer} has ${text.length} characters (expected at most 63 in a label)`;
      complain({ reason: 'too-large', why });
    }
    return label;
  };
}

function optionComplaint({ pointer }: RenderedLeaf, text: string): Complaint | undefined {
  if (!text.startsWith('-')) return undefined;
  const expected =
    'expected a value that does not begin with -: the program would read it as an option; write "--" before it, or put it in env';
  return { reason: 'not-renderable', why: `${pointer} is ${quoted(text, 40)} (${expected})` };
}

/** A part of a text: a literal of the operator, or a value of the document. */
type LeafPart = { readonly literal: string } | { readonly value: Json };

function textOf(parts: readonly LeafPart[]): string {
  return parts.map((part) => ('literal' in part ? part.literal : toText(part.value))).join('');
}

function withValues(
  parts: readonly LeafPart[],
  change: (value: Json) => Json,
): readonly LeafPart[] {
  return parts.map((part) => ('literal' in part ? part : { value: change(part.value) }));
}

/** The escaped text, truncated if necessary; undefined if it does not fit. */
function fitted(leaf: RenderedLeaf, parts: readonly LeafPart[]): string | undefined {
  const { usedBytes, tooLarge, place } = leaf;
  const shareBytes = leaf.shareBytes();
  const written = (some: readonly LeafPart[]): string | undefined => {
    const text = escaped(leaf, some);
    const used = leaf.escape === 'doubled' ? textOf(some) : text;
    if (Buffer.byteLength(used) > usedBytes) return undefined;
    return Buffer.byteLength(JSON.stringify(text)) > shareBytes ? undefined : text;
  };
  const whole = written(parts);
  const mayTruncate = tooLarge === 'truncate' && TRUNCATED_PLACES.includes(place);
  if (whole !== undefined || !mayTruncate) return whole;
  const truncated = (change: (value: Json, bound: number) => Json): string | undefined =>
    largestFitting(usedBytes, (bound) => written(withValues(parts, (one) => change(one, bound))));
  // First the texts inside a list or object, so that it stays JSON. If they are too many, the JSON
  // itself.
  return truncated(shorten) ?? truncated((value, bound) => truncate(toText(value), bound));
}

function escaped({ escape, openers }: RenderedLeaf, parts: readonly LeafPart[]): string {
  switch (escape) {
    case 'none':
      return textOf(parts);
    case 'doubled':
      return textOf(withValues(parts, (value) => toText(value).replaceAll('$', '$$$$')));
    case 'spaced':
      return spaced(parts, openers);
  }
}

const HALF_OPENERS = { '$(': /\$(?=\(|$)/g, '{{': /\{(?=\{|$)/g } as const satisfies Readonly<
  Record<Opener, RegExp>
>;

// Argo writes a value into JSON by Go's strconv.Quote. Its escapes `\x1b`, `\a`, `\v` and
// `\U000e0001` are no JSON, so a Workflow with such a character fails.
const NO_JSON_OF_GO =
  /(?![\b\t\n\f\r\u0080-\u009f])\p{Cc}|(?=[\u{10000}-\u{10ffff}])[\p{C}\p{Z}]/gu;

/**
 * The parts as one text, with a space inside every reference that a value would begin.
 *
 * A doubled `$` is not enough: Tekton replaces the reference that the second `$` begins. A value
 * that ends with half an opener also gets a space, because a pipeline may join two values.
 */
function spaced(parts: readonly LeafPart[], openers: readonly Opener[]): string {
  let text = '';
  for (const part of parts) {
    if ('literal' in part) {
      text += part.literal;
      continue;
    }
    const plain = toText(part.value);
    const value = openers.reduce(
      (one, opener) => one.replaceAll(HALF_OPENERS[opener], '$& '),
      openers.includes('{{') ? plain.replaceAll(NO_JSON_OF_GO, '\u{FFFD}') : plain,
    );
    const joins = openers.some(
      ([first = '', second = '']) => text.endsWith(first) && value.startsWith(second),
    );
    text += joins ? ` ${value}` : value;
  }
  return text;
}

/** A template of a manifest and its place. */
interface Leaf {
  readonly template: Template;
  readonly place: ManifestPlace;
  readonly pointer: string;
  /** Whether `allowFromEvent` names the place. */
  readonly allowed: boolean;
  /** Beginnings of references that a controller or kubelet replaces there. */
  readonly openers: readonly Opener[];
}

/** The findings for one template; none if its place allows it. */
export function leafFindings(leaf: Leaf): readonly Finding[] {
  const { template, place, pointer, allowed } = leaf;
  const finding = (words: Pick<Finding, 'message' | 'hint'>) => [
    errorAt('template-place', pointer, words),
  ];
  if (place === 'fixed') {
    return finding({
      message: `found the template ${template.text} (expected a constant: the loop guard must know it before any Event)`,
      hint: 'write the value itself; use one trigger for each namespace',
    });
  }
  const first = template.paths.find(isEventPath);
  if (first === undefined) return [];
  if (place === 'command') {
    return finding({
      message: `found \${${first}}, which an Event decides, in a command (expected constants: the words of a command are the program)`,
      hint: 'pass it in args or env; allowFromEvent does not open a command',
    });
  }
  const opener = openBefore(leaf);
  if (opener !== undefined) {
    return finding({
      message: `found \${${first}} inside ${opener} (expected no Event value there: the Event would choose the variable)`,
      hint: `write a constant name between ${opener} and its end`,
    });
  }
  if (allowed || EVENT_PLACES.includes(place)) return [];
  return finding({
    message: `found \${${first}}, which an Event decides (expected it only in annotations, labels, env values, args, params or parameters)`,
    hint: `pass it in one of those, or name this place: allowFromEvent: [${pointer}]`,
  });
}

/** The opener of a reference that is not closed before an Event value. */
function openBefore({ template, openers }: Leaf): Opener | undefined {
  let open: Opener | undefined;
  for (const piece of template.pieces) {
    if ('literal' in piece) open = openers.find((opener) => isOpenAtEnd(piece.literal, opener));
    else if (open !== undefined && isEventPath(piece.path)) return open;
  }
  return undefined;
}

function isOpenAtEnd(literal: string, opener: Opener): boolean {
  const at = literal.lastIndexOf(opener);
  return at !== -1 && !literal.slice(at).includes(opener === '$(' ? ')' : '}}');
}
