// How long to wait after trouble before the next try. It only counts and computes; who waits is the
// reader. The numbers are those of client-go's reflector (0.8 s doubling to 30 s, healthy again after
// two minutes), so that a fleet of clients behaves alike when an API server comes back.
import type { Random } from '../core/clock.ts';
import { backoffMs } from '../kit/backoff.ts';
import type { Trouble } from './trouble.ts';

/** What came of the try that ended in trouble. */
export interface Life {
  /** How long the stream was open; 0 where none was. */
  readonly livedMs: number;
  /** Whether it brought anything. */
  readonly progressed: boolean;
}

const BACKOFF = { firstMs: 800, maxMs: 30_000 } as const;
/** A server that closes cleanly again and again is not in trouble, merely impatient. */
const CLEAN_BACKOFF = { firstMs: 800, maxMs: 5_000 } as const;
const HEALTHY_AFTER_MS = 120_000;
/** From here on a clean close is the server's time limit and no sign of anything. */
const LONG_LIVED_MS = 10_000;
/**
 * Permissions come back by a person's hand, and each try costs the server an audit line. But an API
 * server that has just started answers 403 for a second, until it has read its roles (seen on 1.36).
 */
const SLOW_BACKOFF = { firstMs: 2_000, maxMs: 60_000 } as const;

/** Counts failures in a row and says how long to wait. */
export class Patience {
  readonly #random: Random;
  #failures = 0;
  #reason = '';
  #sameReason = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Takes note of a trouble and answers how many ms to wait. */
  delayMs(trouble: Trouble, life: Life): number {
    if (life.livedMs >= HEALTHY_AFTER_MS || life.progressed) this.recovered();
    this.#failures += 1;
    this.#sameReason = trouble.reason === this.#reason ? this.#sameReason + 1 : 1;
    this.#reason = trouble.reason;
    switch (trouble.wait) {
      case 'free':
        return this.#failures === 1 ? 0 : this.#backoff();
      case 'jitter':
        return this.#afterCleanClose(life);
      case 'backoff':
        return this.#backoff();
      case 'asked':
        return this.#asked(trouble.askedMs ?? 0);
      case 'slow':
        return backoffMs(this.#failures, SLOW_BACKOFF, this.#random);
    }
  }

  /** Whether this trouble came so often in a row that only a relist helps. */
  wantsRelist(trouble: Trouble): boolean {
    return trouble.relistAfter !== null && this.#sameReason >= trouble.relistAfter;
  }

  /** Forgets earlier failures. */
  recovered(): void {
    this.#failures = 0;
    this.#sameReason = 0;
    this.#reason = '';
  }

  #backoff(): number {
    return backoffMs(this.#failures, BACKOFF, this.#random);
  }

  /** Who asks for no wait, or for one that is over already, must not be asked in a loop. */
  #asked(ms: number): number {
    return ms < BACKOFF.firstMs ? this.#backoff() : this.#jittered(ms);
  }

  #afterCleanClose(life: Life): number {
    if (life.livedMs >= LONG_LIVED_MS) {
      this.recovered();
      return 0;
    }
    return this.#random() * backoffMs(this.#failures, CLEAN_BACKOFF, this.#random);
  }

  /** The time that was asked for, and up to a quarter more, so that not all come back at once. */
  #jittered(ms: number): number {
    return Math.ceil(ms * (1 + this.#random() / 4));
  }
}
