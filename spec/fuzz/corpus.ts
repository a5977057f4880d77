// What mutations start from: recorded Events and written configurations. Read once, by name, in a
// fixed order, so that a seed means the same wherever the same files are.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Recordings of other clusters, beside the checkout; not everybody has them. */
const RECORDINGS = join(ROOT, '..', 'shared', 'corpus');
const DEMO = join(ROOT, 'samples', 'demo.ndjson');

/** How many Events of one recording are taken, spread evenly over it. */
const OF_EACH = 150;

let events: readonly JsonObject[] | undefined;
let configurations: readonly string[] | undefined;

/** Recorded Events: those of the demo, and of the recordings beside the checkout where there are any. */
export function recordedEvents(): readonly JsonObject[] {
  events ??= [DEMO, ...recordings()].flatMap(readEvents);
  return events;
}

/** Configurations as people wrote them, right and wrong. */
export function writtenConfigurations(): readonly string[] {
  configurations ??= [
    'samples',
    'spec/data/configs/bad',
    'spec/data/configs/good',
    'spec/data/originals',
  ].flatMap((folder) =>
    filesOf(join(ROOT, folder))
      .filter((file) => /\.(?:ya?ml|json)$/.test(file))
      .map((file) => readFileSync(file, 'utf8')),
  );
  return configurations;
}

function recordings(): readonly string[] {
  return existsSync(RECORDINGS)
    ? filesOf(RECORDINGS).filter((file) => file.endsWith('.ndjson'))
    : [];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => join(folder, name));
}

function readEvents(file: string): readonly JsonObject[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const step = Math.max(1, Math.floor(lines.length / OF_EACH));
  return lines
    .filter((_, place) => place % step === 0)
    .flatMap((line) => {
      const value: unknown = JSON.parse(line);
      if (!isJsonObject(value)) return [];
      const { object } = value;
      return [isJsonObject(object) ? object : value];
    });
}
