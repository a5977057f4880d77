// `again: { per: series }`: a series starts a rule's build once. The ledger decides, and for an
// Event that was re-created under its old name the reporter's own times do, never our clock.

import { millisecondsOf, parseMicroTime } from '../core/event.ts';
import { renderDuration } from '../kit/duration.ts';
import type { Candidate } from './candidate.ts';
import type { Facts, Ruling } from './stages.ts';

/**
 * Stops a state of a series that was started before: always within one life of the Event, and in
 * another life while less than `quiet` lies between it and the last accepted state.
 */
export function again({ occurrence, quietMs }: Candidate, { entry }: Facts): Ruling | null {
  if (entry === undefined) return null;
  if (entry.life === occurrence.life) return { disposition: 'repeat', id: entry.id, why: '' };
  const silence = silenceMs(entry.lastHappenedAt, occurrence.happenedAt);
  // A time that can not be read proves no silence: better one build too few than one too many.
  if (silence !== undefined && silence >= quietMs) return null;
  return {
    disposition: 'repeat',
    id: entry.id,
    why: `re-created less than ${renderDuration(quietMs)} after its last state`,
  };
}

function silenceMs(before: string, after: string): number | undefined {
  const from = parseMicroTime(before);
  const to = parseMicroTime(after);
  return from === undefined || to === undefined ? undefined : millisecondsOf(to - from);
}
