// Time since a watch path was certainly complete. A quiet path and a dead connection look alike: a
// connection can die without notice to either side. So freshness is proved: by a frame, by a
// complete list, or by the silence of a stream that was just opened. Such a stream brings missed
// states at once. A stream that is silent for long is replaced by one on a new connection, which is
// cheap. Nothing is opened or closed here; that is in watch-session.ts and reflector.ts.

import type { Clock } from '../../core/clock.ts';
import type { Observe } from '../../core/observation.ts';
import type { IdleRelist } from './idle-relist.ts';
import type { Evidence } from './watch-errors.ts';
import { PROOF_MS, type WatchStream } from './watch-stream.ts';

/** Watch path, and the receiver of reports. */
interface FreshnessParts {
  readonly source: string;
  readonly path: string;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Called with each proved moment of the monotonic clock. */
  readonly proved: (at: number) => void;
}

/**
 * Ages of the last proof that are reported. A quiet path has a proof every 40 s. A silent stream is
 * replaced after 35 s, and 5 s of silence of the new one are a proof.
 */
const STALE_MS = [45_000, 60_000] as const;

/** Records the last proof for one watch path and reports its age. Times are monotonic, in ms. */
export class Freshness implements Disposable {
  readonly #parts: FreshnessParts;
  #provedAt: number;
  /** Time since which the consumer holds a batch; null while it holds none. */
  #heldAt: number | null = null;
  #isDoubted = true;
  #reports = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
    this.#provedAt = parts.clock.monotonic();
    this.#schedule();
  }

  /** Everything up to a moment, by default now, was read. */
  prove(at: number = this.#parts.clock.monotonic()): void {
    this.#provedAt = Math.max(this.#provedAt, at);
    this.#parts.proved(at);
    if (!this.#isDoubted) return;
    const { source, path, observe } = this.#parts;
    this.#isDoubted = false;
    this.#reports = 0;
    this.#schedule();
    observe({ kind: 'path-current', source, path });
  }

  /** A stream was opened or has ended: completeness must be proved again. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** The consumer works on a batch. Nothing can be read meanwhile, so this time does not count. */
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
    // The age does not grow while a batch is held.
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

/** A check of a stream that is due. */
export interface CheckDue {
  readonly kind: 'proof' | 'idle';
  readonly stream: WatchStream;
}

/** Dependencies of the checks of one session. */
export interface StreamCheckParts {
  readonly clock: Clock;
  /** How long a stream may be silent, in ms. */
  readonly idleMs: number;
  /** Called if everything up to a moment of the monotonic clock was certainly read. */
  readonly prove: (at: number) => void;
  /** Called when a check is due. */
  readonly notify: (check: CheckDue) => void;
}

/**
 * The end of a stream that brought nothing new. A clean end before missed states could arrive is an
 * answer about the position: some servers close the stream instead of answering 410.
 */
export function toEarlyEnd({ livedMs }: WatchStream, evidence: Evidence): Evidence {
  const isClean = evidence.seen === 'end' && evidence.how === 'closed';
  if (!isClean || livedMs >= PROOF_MS) return evidence;
  const detail = 'the server closed it at once and sent nothing';
  return { seen: 'end', how: 'closed-early', detail };
}

/** Checks the main stream until disposed of. */
export class StreamCheck implements Disposable {
  readonly #parts: StreamCheckParts;
  readonly #timers = new Map<CheckDue['kind'], () => void>();

  constructor(parts: StreamCheckParts) {
    this.#parts = parts;
  }

  /** Makes this stream the main one; the previous one is not checked any more. */
  begin(stream: WatchStream): void {
    this.#after(PROOF_MS, { kind: 'proof', stream });
    this.#after(this.#parts.idleMs, { kind: 'idle', stream });
  }

  /** Performs a check; evidence in the answer ends the stream. */
  look({ kind, stream }: CheckDue, relist: IdleRelist | null): Evidence | null {
    if (kind === 'idle') return this.#idle(stream, relist);
    const missingMs = PROOF_MS - stream.silentMs;
    if (missingMs > 0) this.#after(missingMs, { kind, stream });
    else this.#parts.prove(stream.openedAt);
    return null;
  }

  #idle(stream: WatchStream, relist: IdleRelist | null): Evidence | null {
    const { clock, idleMs } = this.#parts;
    // An idle relist reads over other connections meanwhile, and opens a second stream at its end.
    const relistMs = relist?.remainingMs(clock.monotonic()) ?? 0;
    const missingMs = Math.max(idleMs - stream.silentMs, relistMs);
    if (missingMs > 0) {
      this.#after(missingMs, { kind: 'idle', stream });
      return null;
    }
    const detail = `silent for ${Math.round(idleMs / 1000)} s; a new stream shows whether it was alive`;
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
