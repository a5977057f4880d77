// How long ago it was certain that everything of a watch path had been read. A quiet path and a dead
// connection look alike, so this is proved, not assumed: by what a stream brings, by the silence of
// one that was just opened, by a complete list. It reports when the last proof is long ago. What
// makes a proof is watch-session.ts and reader.ts.

import type { Clock } from '../../core/clock.ts';
import type { Observe } from '../../core/observation.ts';
import type { IdleRelist } from './idle-relist.ts';
import { type Evidence } from './watch-errors.ts';
import { PROOF_MS, type WatchStream } from './watch-stream.ts';

/** Whose freshness it is, and where it is reported. */
interface FreshnessParts {
  readonly source: string;
  readonly path: string;
  readonly clock: Clock;
  readonly observe: Observe;
}

/**
 * When it is reported that the last proof is old. A quiet path is proved every 40 s: a stream that
 * is silent for 35 s is opened again, and its silence proves after 5 s.
 */
const STALE_MS = [45_000, 60_000] as const;

/** Follows the last proof for one watch path. Times are monotonic, in ms. */
export class Freshness implements Disposable {
  readonly #parts: FreshnessParts;
  #provedAt: number;
  /** Since when the batch is held by the consumer; null while it is not. */
  #heldAt: number | null = null;
  #isDoubted = true;
  #reports = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    this.#provedAt = parts.clock.monotonic();
    this.#schedule();
  }

  /** Everything up to a moment was read; the moment is now unless it is given. */
  prove(at: number = this.#parts.clock.monotonic()): void {
    this.#provedAt = Math.max(this.#provedAt, at);
    if (!this.#isDoubted) return;
    const { source, path, observe } = this.#parts;
    this.#isDoubted = false;
    this.#reports = 0;
    this.#schedule();
    observe({ kind: 'path-current', source, path });
  }

  /** A stream begins or ended: whether everything is read has to be proved again. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** The consumer works on a batch: meanwhile nothing can be read, and that is its own affair. */
  hold(): void {
    this.#heldAt = this.#parts.clock.monotonic();
  }

  /** The consumer asks for the next batch. */
  release(): void {
    if (this.#heldAt !== null) this.#provedAt += this.#parts.clock.monotonic() - this.#heldAt;
    this.#heldAt = null;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel();
    const limitMs = STALE_MS[this.#reports];
    if (limitMs === undefined) return;
    const dueMs = Math.max(0, limitMs - this.#ageMs);
    // While a batch is held the age stands still.
    const waitMs = dueMs === 0 && this.#heldAt !== null ? limitMs : dueMs;
    this.#cancel = this.#parts.clock.after(waitMs, () => this.#look());
  }

  #look(): void {
    const { source, path, observe } = this.#parts;
    const limitMs = STALE_MS[this.#reports];
    if (limitMs !== undefined && this.#ageMs >= limitMs) {
      this.#reports += 1;
      this.#isDoubted = true;
      observe({ kind: 'path-stale', source, path, ageMs: Math.round(this.#ageMs) });
    }
    this.#schedule();
  }

  get #ageMs(): number {
    return (this.#heldAt ?? this.#parts.clock.monotonic()) - this.#provedAt;
  }
}

/** A moment at which a stream is looked at. */
export interface CheckDue {
  readonly kind: 'proof' | 'idle';
  readonly stream: WatchStream;
}

/** Dependencies of the checks of one session. */
export interface StreamCheckParts {
  readonly clock: Clock;
  /** How long a stream may be silent, in ms. */
  readonly idleMs: number;
  /** Called when everything up to a moment of the monotonic clock is certain to have been read. */
  readonly prove: (at: number) => void;
  /** Called when a stream is to be looked at. */
  readonly notify: (check: CheckDue) => void;
}

/**
 * How a stream ended that moved nothing. A clean end within the time in which it would have brought
 * what was missed is an answer about the position: some servers close so instead of saying 410.
 */
export function toEarlyEnd({ livedMs }: WatchStream, evidence: Evidence): Evidence {
  const isClean = evidence.seen === 'end' && evidence.how === 'closed';
  if (!isClean || livedMs >= PROOF_MS) return evidence;
  const detail = 'the server closed it at once and sent nothing';
  return { seen: 'end', how: 'closed-early', detail };
}

/** Looks at the stream that leads. Disposing of it stops that. */
export class StreamCheck implements Disposable {
  readonly #parts: StreamCheckParts;
  readonly #timers = new Map<CheckDue['kind'], () => void>();

  constructor(parts: StreamCheckParts) {
    this.#parts = parts;
  }

  /** A stream leads from now on; the one before is not looked at any more. */
  begin(stream: WatchStream): void {
    this.#after(PROOF_MS, { kind: 'proof', stream });
    this.#after(this.#parts.idleMs, { kind: 'idle', stream });
  }

  /** A check is due; the answer ends the stream. */
  look({ kind, stream }: CheckDue, relist: IdleRelist | null): Evidence | null {
    return kind === 'proof' ? this.#prove(stream) : this.#idle(stream, relist);
  }

  #prove(stream: WatchStream): null {
    const missingMs = PROOF_MS - stream.silentMs;
    if (missingMs > 0) this.#after(missingMs, { kind: 'proof', stream });
    else this.#parts.prove(stream.openedAt);
    return null;
  }

  #idle(stream: WatchStream, relist: IdleRelist | null): Evidence | null {
    const { clock, idleMs } = this.#parts;
    // A refresh asks over other connections meanwhile, and opens a second stream in the end.
    const relistMs = relist?.remainingMs(clock.monotonic()) ?? 0;
    const missingMs = Math.max(idleMs - stream.silentMs, relistMs);
    if (missingMs > 0) {
      this.#after(missingMs, { kind: 'idle', stream });
      return null;
    }
    const detail = `silent for ${Math.round(idleMs / 1000)} s; a new one shows whether it lived`;
    return { seen: 'end', how: 'idle', detail };
  }

  #after(ms: number, check: CheckDue): void {
    const { clock, notify } = this.#parts;
    this.#timers.get(check.kind)?.();
    this.#timers.set(
      check.kind,
      clock.after(ms, () => notify(check)),
    );
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#timers.values()) cancel();
  }
}
