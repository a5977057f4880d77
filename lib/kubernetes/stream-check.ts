// Whether a silent stream still lives. A connection can die so that neither side is told, and a quiet
// stream looks the same. Two facts help: a stream that was just opened brings what was missed at
// once, so its silence proves that nothing was; and opening another one is cheap, so a stream that is
// silent for long is replaced by one on a new connection. It opens and closes nothing itself.

import type { Clock } from '../core/clock.ts';
import type { Refresh } from './refresh.ts';
import type { Evidence } from './trouble.ts';
import { PROOF_MS, type WatchStream } from './watch-stream.ts';

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
  readonly proved: (at: number) => void;
  /** Called when a stream is to be looked at. */
  readonly due: (check: CheckDue) => void;
}

/**
 * How a stream ended that moved nothing. A clean end within the time in which it would have brought
 * what was missed is an answer about the position: some servers close so instead of saying 410.
 */
export function unlessEarly({ livedMs }: WatchStream, evidence: Evidence): Evidence {
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
  look({ kind, stream }: CheckDue, refresh: Refresh | null): Evidence | null {
    return kind === 'proof' ? this.#prove(stream) : this.#idle(stream, refresh);
  }

  #prove(stream: WatchStream): null {
    const missingMs = PROOF_MS - stream.silentMs;
    if (missingMs > 0) this.#after(missingMs, { kind: 'proof', stream });
    else this.#parts.proved(stream.openedAt);
    return null;
  }

  #idle(stream: WatchStream, refresh: Refresh | null): Evidence | null {
    const { clock, idleMs } = this.#parts;
    // A refresh asks over other connections meanwhile, and opens a second stream in the end.
    const refreshMs = refresh?.remainingMs(clock.monotonic()) ?? 0;
    const missingMs = Math.max(idleMs - stream.silentMs, refreshMs);
    if (missingMs > 0) {
      this.#after(missingMs, { kind: 'idle', stream });
      return null;
    }
    const detail = `silent for ${Math.round(idleMs / 1000)} s; a new one shows whether it lived`;
    return { seen: 'end', how: 'idle', detail };
  }

  #after(ms: number, check: CheckDue): void {
    const { clock, due } = this.#parts;
    this.#timers.get(check.kind)?.();
    this.#timers.set(
      check.kind,
      clock.after(ms, () => due(check)),
    );
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#timers.values()) cancel();
  }
}
