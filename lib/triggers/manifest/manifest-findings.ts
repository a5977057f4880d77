// All findings for the section `kubernetes:` beyond its schema, and the guaranteed life of its
// objects. It asks no server: only the server knows whether the kind exists and which fields it
// has.
// Source: docs/configuration.md (templates, the name is ours), docs/guarantees.md (key life);
// batch/v1 Job ttlSecondsAfterFinished, Argo Workflow spec.ttlStrategy.

import {
  isJsonList,
  type Json,
  type JsonObject,
  jsonAt,
  objectOf,
  stringAt,
} from '../../core/json-object.ts';
import type { OnLostAnswer } from '../../core/ports/trigger.ts';
import { errorAt, type Finding } from '../../core/problem.ts';
import { pointerSteps, toPointer } from '../../kit/data/json-pointer.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import { namespaceFindings } from '../create-object.ts';
import { compileManifest } from './compile-manifest.ts';

/** Keys of the section that are checked. */
export interface ManifestSection {
  readonly manifest: JsonObject;
  /** JSON Pointers into the manifest. */
  readonly allowFromEvent?: readonly string[];
}

/**
 * The findings for a section whose objects are in this namespace; paths begin at the section.
 * `onLostAnswer` is that of the trigger, undefined if it has none.
 */
export function manifestFindings(
  { manifest, allowFromEvent = [] }: ManifestSection,
  namespace: string,
  onLostAnswer: OnLostAnswer | undefined,
): readonly Finding[] {
  const inManifest = [
    ...compileManifest(manifest, allowFromEvent, 'truncate').findings,
    ...metadataFindings(manifest),
    ...(onLostAnswer === undefined ? keyLifeFindings(manifest) : []),
  ].map((finding) => ({ ...finding, path: `/manifest${finding.path}` }));
  const isTemplate = namespace.includes('${');
  return [
    ...inManifest,
    ...(isTemplate ? [] : namespaceFindings(namespace, '/manifest/metadata/namespace')),
    ...allowFindings(manifest, allowFromEvent),
  ];
}

function* metadataFindings(manifest: JsonObject): Iterable<Finding> {
  for (const key of ['name', 'generateName']) {
    if (jsonAt(manifest, 'metadata', key) === undefined) continue;
    yield errorAt('name-is-ours', `/metadata/${key}`, {
      message: `found metadata.${key} (expected none: the name is <prefix>-<delivery id>, so that a retry creates no second object)`,
      hint: 'remove it; prefix: of the trigger sets the beginning of the name',
    });
  }
  const namespace = jsonAt(manifest, 'metadata', 'namespace');
  if (namespace === undefined || typeof namespace === 'string') return;
  yield errorAt('wrong-type', '/metadata/namespace', {
    message: `found ${JSON.stringify(namespace)} (expected the name of a namespace)`,
    hint: 'write one namespace, or remove the key for the build namespace',
  });
}

function keyLifeFindings(manifest: JsonObject): readonly Finding[] {
  const { ms, saidAt } = keyLifeOf(manifest);
  if (ms >= SHORTEST_KEY_LIFE_MS) return [];
  return [
    errorAt('key-life-short', toPointer(saidAt), {
      message: `found that the object may be deleted after ${renderDuration(ms)} (expected at least ${renderDuration(SHORTEST_KEY_LIFE_MS)}: a retry after that starts a second one)`,
      hint: `write at least ${SHORTEST_KEY_LIFE_MS / 1000} seconds, or choose with onLostAnswer: what happens to a delivery with a lost answer`,
    }),
  ];
}

function* allowFindings(manifest: JsonObject, allowed: readonly string[]): Iterable<Finding> {
  for (const [index, pointer] of allowed.entries()) {
    const steps = pointerSteps(pointer);
    const inLists = (here: Json | undefined, step: string): Json | undefined =>
      isJsonList(here) ? here[Number(step)] : jsonAt(here, step);
    if (typeof steps.reduce(inLists, manifest) === 'string') continue;
    yield errorAt('wrong-value', `/allowFromEvent/${index}`, {
      message: `found ${pointer}, where the manifest has no text (expected a JSON Pointer to a value with a template)`,
      hint: 'count list entries from 0, as in /spec/template/spec/containers/0/image',
    });
  }
}

// The shortest life of an object with which a delivery may be retried after a lost answer.
const SHORTEST_KEY_LIFE_MS = 3_600_000;

// A Job without a TTL exists until a person deletes it. It is assumed to exist for at least a day.
const JOB_WITHOUT_TTL_MS = 24 * 3_600_000;

/** The guaranteed life of an object, and its place in the manifest. */
interface KeyLife {
  readonly ms: number;
  /** The steps to the key that sets it; empty if none does. */
  readonly saidAt: readonly string[];
}

/**
 * The least time for which a created object exists. So long its name prevents a second object. Only
 * guarantees of the manifest itself count.
 */
export function keyLifeOf(manifest: JsonObject): KeyLife {
  const group = stringAt(manifest, 'apiVersion').split('/')[0];
  const kind = stringAt(manifest, 'kind');
  if (group === 'batch' && kind === 'Job') return lifeOfJob(manifest);
  if (group === 'argoproj.io' && kind === 'Workflow') return lifeOfWorkflow(manifest);
  return { ms: SHORTEST_KEY_LIFE_MS, saidAt: [] };
}

function lifeOfJob(manifest: JsonObject): KeyLife {
  const ttl = jsonAt(manifest, 'spec', 'ttlSecondsAfterFinished');
  if (ttl === undefined || ttl === null) return { ms: JOB_WITHOUT_TTL_MS, saidAt: [] };
  return { ms: msOf(ttl), saidAt: ['spec', 'ttlSecondsAfterFinished'] };
}

function lifeOfWorkflow(manifest: JsonObject): KeyLife {
  const strategy = objectOf(jsonAt(manifest, 'spec', 'ttlStrategy'));
  const lives = Object.entries(strategy).map(([key, value]) => {
    return { ms: msOf(value), saidAt: ['spec', 'ttlStrategy', key] };
  });
  const [shortest] = lives.toSorted((a, b) => a.ms - b.ms);
  return shortest ?? { ms: SHORTEST_KEY_LIFE_MS, saidAt: [] };
}

/** A number of seconds in ms; 0 for any other value, which guarantees nothing. */
function msOf(seconds: Json): number {
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : 0;
}
