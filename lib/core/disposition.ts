// What became of an accepted occurrence at one trigger of its rule.

/** Every disposition, in the order in which intake can reach them. */
export const DISPOSITIONS = [
  'foreign',
  'loop',
  'repeat',
  'joined',
  'held',
  'shed',
  'queued',
] as const;

/** What became of an accepted occurrence at one trigger. */
export type Disposition = (typeof DISPOSITIONS)[number];

/** A disposition together with what it speaks of. */
export interface Disposed {
  readonly trigger: string;
  readonly disposition: Disposition;
  /** The delivery's id; null where none was made (`foreign`, `loop`, `shed`). */
  readonly id: string | null;
  /** Which guard or limit acted and on what, for people; '' where the disposition says it all. */
  readonly why: string;
}
