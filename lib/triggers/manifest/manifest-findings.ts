// Everything that can be wrong with the section `kubernetes:` beyond its schema, at once. It asks no
// server: whether the kind exists and the fields are known is the server's to say.
// Source: docs/configuration.md (templates, the name is ours), docs/guarantees.md (key life).

import { isJsonList, isJsonObject, type Json, type JsonObject, jsonAt } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import type { OnLostAnswer } from '../../core/trigger.ts';
import { renderDuration } from '../../kit/duration.ts';
import { namespaceFindings } from '../namespace.ts';
import { compileManifest } from './compile.ts';
import { keyLifeOf, SHORTEST_KEY_LIFE_MS } from './key-life.ts';
import { toPointer } from './places.ts';

/** What of the section the findings look at. */
export interface ManifestSection {
  readonly manifest: JsonObject;
  readonly allowFromEvent?: readonly string[];
}

const error = (code: Finding['code'], path: string, words: Pick<Finding, 'message' | 'hint'>) =>
  ({ severity: 'error', code, path, ...words }) satisfies Finding;

/** What a manifest is checked with. */
export interface ManifestContext {
  /** Where its objects go. */
  readonly namespace: string;
  /** What the trigger's entry says about lost answers; absent where it says nothing. */
  readonly onLostAnswer?: OnLostAnswer;
}

/** The findings for a section; paths begin at the section. */
export function manifestFindings(
  section: ManifestSection,
  { namespace, onLostAnswer }: ManifestContext,
): readonly Finding[] {
  const { manifest, allowFromEvent = [] } = section;
  const inManifest = [
    ...compileManifest(manifest, { allowed: allowFromEvent, tooLarge: 'truncate' }).findings,
    ...nameFindings(manifest),
    ...namespacePlaceFindings(manifest),
    ...(onLostAnswer === undefined ? keyLifeFindings(manifest) : []),
  ].map((finding) => ({ ...finding, path: `/manifest${finding.path}` }));
  const templated = namespace.includes('${');
  return [
    ...inManifest,
    ...(templated ? [] : namespaceFindings(namespace, '/manifest/metadata/namespace')),
    ...allowFindings(manifest, allowFromEvent),
  ];
}

function nameFindings(manifest: JsonObject): readonly Finding[] {
  return ['name', 'generateName']
    .filter((key) => jsonAt(manifest, 'metadata', key) !== undefined)
    .map((key) =>
      error('name-is-ours', `/metadata/${key}`, {
        message: `found metadata.${key} (expected none: the name is <prefix>-<delivery id>, so that a repeated attempt makes no second object)`,
        hint: 'remove it; the prefix of the trigger chooses what the name begins with',
      }),
    );
}

function namespacePlaceFindings(manifest: JsonObject): readonly Finding[] {
  const namespace = jsonAt(manifest, 'metadata', 'namespace');
  if (namespace === undefined || typeof namespace === 'string') return [];
  return [
    error('wrong-type', '/metadata/namespace', {
      message: `found ${JSON.stringify(namespace)} (expected the name of a namespace)`,
      hint: 'write one namespace, or remove the key for the build namespace',
    }),
  ];
}

function keyLifeFindings(manifest: JsonObject): readonly Finding[] {
  const { ms, saidAt } = keyLifeOf(manifest);
  if (ms >= SHORTEST_KEY_LIFE_MS) return [];
  return [
    error('key-life-short', toPointer(saidAt), {
      message: `found that the object may be gone after ${renderDuration(ms)} (expected at least ${renderDuration(SHORTEST_KEY_LIFE_MS)}: while it is there its name keeps a repeated attempt from starting a second one)`,
      hint: `write at least ${SHORTEST_KEY_LIFE_MS / 1000} seconds, or say with onLostAnswer: what becomes of a delivery whose answer was lost`,
    }),
  ];
}

function allowFindings(manifest: JsonObject, allowed: readonly string[]): readonly Finding[] {
  return [...allowed.entries()]
    .filter(([, pointer]) => typeof valueAt(manifest, pointer) !== 'string')
    .map(([index, pointer]) =>
      error('wrong-value', `/allowFromEvent/${index}`, {
        message: `found ${pointer}, where the manifest has no text (expected a JSON Pointer to a value with a template)`,
        hint: 'count list entries from 0, as in /spec/template/spec/containers/0/image',
      }),
    );
}

function valueAt(manifest: JsonObject, pointer: string): Json | undefined {
  let here: Json | undefined = manifest;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isJsonList(here)) here = here[Number(key)];
    else if (isJsonObject(here) && Object.hasOwn(here, key)) here = here[key];
    else return undefined;
  }
  return here;
}
