// The Event for all recipes, from the demo's recording: a container of the
// namespace `shop` that keeps crashing, in all its states.

import { fileURLToPath } from 'node:url';
import { stringAt } from '../../lib/core/json-object.ts';
import { openRecording, type RecordingEntry } from '../../lib/playback/recording.ts';

/** The name of the Event. */
export const EVENT_NAME = 'checkout-674555b6f9-fggwc.36eb2dcd.backoff';

const DEMO = fileURLToPath(new URL('../../samples/demo.ndjson', import.meta.url));

/** Its states in their order. */
export async function statesOfSeries(): Promise<readonly RecordingEntry[]> {
  const states: RecordingEntry[] = [];
  for await (const entry of openRecording(DEMO)) {
    if (stringAt(entry.object, 'metadata', 'name') === EVENT_NAME) states.push(entry);
  }
  return states;
}
