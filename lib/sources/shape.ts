// The shape of the objects of a source: which paths are removed, which texts are redacted, and the
// digests in the place of the values of Secrets. A source shapes an object before anything else sees
// it: rules, store, log and what is sent have the shaped object only. What identifies an object stays.
// Follows docs/decisions/0018-shape-before-rules.md.

import { createHash } from 'node:crypto';
import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  objectOf,
} from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import { parsePath } from '../kit/data/json-path.ts';
import { DEEPEST, replaceTexts, toPathTree, withoutPaths } from '../kit/data/reshape.ts';
import { parseReplacement } from '../kit/text/pattern.ts';
import { quoted } from '../kit/text/printable.ts';

/** The keys of a section that shape its objects. */
export interface ShapeOptions {
  readonly shape?: {
    readonly prune?: readonly string[];
    /** Objects whose secret values are not replaced by digests. */
    readonly reveal?: readonly 'secrets'[];
  };
  /** Expressions between slashes. */
  readonly redact?: readonly string[];
}

/** A compiled shape. */
export interface Shape {
  /** The shaped object; the object itself if nothing of it changes. */
  apply(object: JsonObject): JsonObject;
  /** Whether a redacted text is this one if and only if the text itself is. */
  readonly keeps: (text: string) => boolean;
  /** The pruned path, as written, that has the value at these keys; null if it is not pruned. */
  prunes(path: readonly string[]): string | null;
}

/** The schema of `prune`. */
export const PRUNE_SCHEMA: JsonSchema = {
  type: 'array',
  description:
    'Paths that are removed from each object, before anything else sees it: keys with dots between, and `["a.b/c"]` for a key that has dots itself. A path leads through lists into each of their items; a missing one is ignored. A rule or a template that needs a removed path is an error, and so is a path that identifies the object.',
  items: { type: 'string', minLength: 1 },
  minItems: 1,
  uniqueItems: true,
  examples: [['metadata.annotations', 'metadata.labels["example.com/owner"]']],
};

/** The schema of `redact`. */
export const REDACT_SCHEMA: JsonSchema = {
  type: 'array',
  description:
    'RE2 regular expressions between slashes. Each match in a text of the object becomes `[redacted]`, before anything else sees it: rules, log, store and what is sent. Names, uids, versions, times and the other values that identify the object stay, and so do keys.',
  items: { type: 'string', minLength: 1 },
  minItems: 1,
  uniqueItems: true,
  examples: [['/token=\\S+/', '/[\\w.]+@[\\w.]+/']],
};

const REDACTED = '[redacted]';

/** Keys of a path; null if it is invalid or has an index. */
function keysOf(path: string): readonly string[] | null {
  const steps = parsePath(path);
  const keys = steps?.filter((step) => typeof step === 'string') ?? [];
  return steps === undefined || keys.length < steps.length ? null : keys;
}

function isPrefix(short: readonly string[], long: readonly string[]): boolean {
  return short.length <= long.length && short.every((key, place) => key === long[place]);
}

/** Checks the options; `kept` are the paths that identify an object. Paths are those of the section. */
export function checkShape(
  { shape = {}, redact = [] }: ShapeOptions,
  kept: readonly string[],
): readonly Finding[] {
  const { prune = [] } = shape;
  return [
    ...prune.flatMap((path, place) => {
      const words = pruneFault(path, { earlier: prune.slice(0, place), kept });
      return words === null ? [] : [errorAt('wrong-value', `/shape/prune/${place}`, words)];
    }),
    ...redact.flatMap((text, place) => {
      const parsed = parseReplacement(text);
      if (parsed.ok) return [];
      const message = `expression ${quoted(text, 80)}: ${parsed.why}`;
      const hint = 'write an RE2 expression between slashes, as in /token=\\S+/';
      return [errorAt('bad-pattern', `/redact/${place}`, { message, hint })];
    }),
  ];
}

function pruneFault(
  path: string,
  { earlier, kept }: { readonly earlier: readonly string[]; readonly kept: readonly string[] },
): { readonly message: string; readonly hint: string } | null {
  const keys = keysOf(path);
  const found = `found ${quoted(path, 80)}`;
  if (keys === null) {
    return parsePath(path) === undefined
      ? {
          message: `${found}, which is no path (expected keys with dots between)`,
          hint: 'write for instance metadata.annotations, or metadata.labels["a.b/c"] for a key with dots',
        }
      : {
          message: `${found}, which has an index (expected keys only)`,
          hint: 'leave the index out: a path leads into each item of a list',
        };
  }
  const overlaps = (other: string): boolean => {
    const others = keysOf(other) ?? [];
    return isPrefix(keys, others) || isPrefix(others, keys);
  };
  const identity = kept.find(overlaps);
  if (identity !== undefined) {
    return {
      message: `${found}, but ${identity} is needed to identify the object`,
      hint: 'remove the path, or name paths below it that may go',
    };
  }
  const other = earlier.find(overlaps);
  if (other === undefined) return null;
  return {
    message: `${found} beside ${quoted(other, 80)}: one of them has the other`,
    hint: 'write the shorter of the two alone',
  };
}

/** Compiles the options; what `checkShape` refuses is left out. */
export function compileShape(
  { shape = {}, redact = [] }: ShapeOptions,
  kept: readonly string[],
): Shape {
  const pruned = (shape.prune ?? []).flatMap((path) => {
    const keys = keysOf(path);
    return keys === null ? [] : [{ path, keys }];
  });
  const paths = toPathTree(pruned.map(({ keys }) => keys));
  const redactText = compileTextRedaction(redact);
  const keptTree = toPathTree(kept.flatMap((path) => [keysOf(path) ?? []]));
  const replacement = { replace: redactText, kept: keptTree, tooDeep: REDACTED };
  const redactTexts = (object: JsonObject): JsonObject =>
    redact.length === 0 ? object : objectOf(replaceTexts(object, replacement));
  const isRevealed = shape.reveal?.includes('secrets') ?? false;
  return {
    apply: (object) => {
      const rest = pruned.length === 0 ? object : objectOf(withoutPaths(object, paths));
      return redactTexts(isRevealed || !isSecret(rest) ? rest : withDigests(rest));
    },
    // Each replacement leaves its mark, so a text without one is as it was.
    keeps: (text) => !text.includes(REDACTED) && redactText(text) === text,
    prunes: (path) => pruned.find(({ keys }) => isPrefix(keys, path))?.path ?? null,
  };
}

function compileTextRedaction(redact: readonly string[]): (text: string) => string {
  const expressions = redact.flatMap((text) => {
    const parsed = parseReplacement(text);
    return parsed.ok ? [parsed.replaceIn] : [];
  });
  return (text) => expressions.reduce((rest, replaceIn) => replaceIn(rest, REDACTED), text);
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether an object is a Secret of the core group, with the values of other programs. */
function isSecret({ kind, apiVersion }: JsonObject): boolean {
  return kind === 'Secret' && apiVersion === 'v1';
}

/** A Secret with a digest in the place of each value. Its keys stay. */
function withDigests(secret: JsonObject): JsonObject {
  const { metadata } = secret;
  const applied = jsonAt(metadata, 'annotations', LAST_APPLIED);
  return {
    ...secret,
    ...digestsAt(secret, 'data'),
    ...digestsAt(secret, 'stringData'),
    ...(applied !== undefined && {
      metadata: {
        ...objectOf(metadata),
        annotations: {
          ...objectOf(jsonAt(metadata, 'annotations')),
          [LAST_APPLIED]: toDigest(applied),
        },
      },
    }),
  };
}

function digestsAt(secret: JsonObject, key: 'data' | 'stringData'): JsonObject {
  const values = secret[key];
  if (values === undefined || values === null) return {};
  if (!isJsonObject(values)) return { [key]: toDigest(values) };
  const digests = Object.entries(values).map(([name, value]) => [name, toDigest(value)] as const);
  return { [key]: Object.fromEntries(digests) };
}

/**
 * The digest of a value: `sha256:` and the first 16 hexadecimal digits of the hash of its text in
 * UTF-8, or of its compact JSON with sorted keys if it is no text. Equal values have equal digests,
 * so a value that is one of few can be guessed.
 */
export function toDigest(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(withSortedKeys(value));
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16)}`;
}

/** Below the deepest level it is null. An API server stores texts only, so nothing real is lost. */
function withSortedKeys(value: Json, level = 0): Json {
  if (level > DEEPEST) return null;
  if (isJsonList(value)) return value.map((item) => withSortedKeys(item, level + 1));
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(
    keys.map((key) => [key, withSortedKeys(value[key] ?? null, level + 1)]),
  );
}
