// Frames that can not be read: above the cap, or no JSON, or no frame of a watch. A frame does not
// say where it stands, so it is known by its place: the n-th unreadable one since the position.
// Without that, one bad frame would either end every stream at the same place for ever, or be
// counted again at each reconnect.

/** What to do about an unreadable frame. */
export type UnreadableAnswer =
  /** Break the stream and read it again: it may have been damaged on its way. */
  | 'end'
  /** Go on without it, and count it. */
  | 'skip'
  /** Go on without it; it was counted before. */
  | 'skip-known';

/** How many unreadable frames one stream brought since its position. */
export interface Tally {
  at: string;
  count: number;
}

/** Remembers unreadable frames across the streams of one watch path. */
export class Unreadables {
  #at = '';
  #failed = 0;
  #counted = 0;

  /** Takes note of one; a frame that is too long will be too long again and is not asked for twice. */
  meet(kind: 'too-long' | 'bad', position: string, tally: Tally): UnreadableAnswer {
    if (tally.at !== position) {
      tally.at = position;
      tally.count = 0;
    }
    this.#forget(position);
    tally.count += 1;
    if (kind === 'bad' && tally.count > this.#failed) {
      this.#failed = tally.count;
      return 'end';
    }
    this.#failed = Math.max(this.#failed, tally.count);
    if (tally.count <= this.#counted) return 'skip-known';
    this.#counted = tally.count;
    return 'skip';
  }

  /** How many were counted since this position: a list that shows them need not count them again. */
  countedSince(position: string): number {
    return this.#at === position ? this.#counted : 0;
  }

  #forget(position: string): void {
    if (this.#at === position) return;
    this.#at = position;
    this.#failed = 0;
    this.#counted = 0;
  }
}
