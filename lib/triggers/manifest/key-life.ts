// How long an object that was created is there at least, and so how long its name protects from a
// second one: only what the manifest itself guarantees counts.
// Source: docs/guarantees.md; batch/v1 Job ttlSecondsAfterFinished, Argo Workflow spec.ttlStrategy.

import { isJsonObject, type Json, type JsonObject, jsonAt, stringAt } from '../../core/event.ts';

/** What an object's life must be at least, so that a lost answer can be repeated. */
export const SHORTEST_KEY_LIFE_MS = 3_600_000;

// A Job without a TTL stays until somebody deletes it; a day is what somebody is trusted with.
const JOB_WITHOUT_TTL_MS = 24 * 3_600_000;

/** The guaranteed life of an object, and where the manifest says so. */
export interface KeyLife {
  readonly ms: number;
  /** The steps to what says so; empty where nothing does. */
  readonly saidAt: readonly string[];
}

/** The guaranteed life of an object made from a manifest. */
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
  const strategy = jsonAt(manifest, 'spec', 'ttlStrategy');
  const lives = isJsonObject(strategy)
    ? Object.entries(strategy).map(([key, value]) => ({
        ms: msOf(value),
        saidAt: ['spec', 'ttlStrategy', key],
      }))
    : [];
  const [shortest] = lives.toSorted((a, b) => a.ms - b.ms);
  return shortest ?? { ms: SHORTEST_KEY_LIFE_MS, saidAt: [] };
}

/** A number of seconds in ms; anything else guarantees nothing. */
function msOf(seconds: Json): number {
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : 0;
}
