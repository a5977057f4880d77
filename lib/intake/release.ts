// Held deliveries start by themselves: oldest first, as tokens come, and one object that has used up
// its own budget holds up no other. Who waits longer than `holdFor` becomes a dead letter.
import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Archive, Outbox } from '../core/store.ts';
import { Pauses, type Span } from '../delivery/pauses.ts';
import { walkPages } from '../delivery/walk.ts';
import { Alarm } from '../kit/alarm.ts';
import { renderDuration } from '../kit/duration.ts';
import type { Exhausted, Limiter } from './limit.ts';

/** What the release works with. */
export interface ReleaseParts {
  readonly archive: Archive;
  readonly outbox: Outbox;
  readonly limiter: Limiter;
  readonly holdForMs: number;
  /** Spans in which no gateway worked: they do not count for `holdFor`. */
  readonly without: readonly Span[];
  readonly clock: Clock;
  readonly observe: Observe;
  /** Told of deliveries that may be attempted now. */
  readonly released: (delivery: Delivery) => void;
}

/** However far away the next token seems: the wall clock by which `holdFor` counts may jump. */
const LONGEST_WAIT_MS = 60_000;

// Every batch with a held delivery rings; with ten thousand held, looking at all of them for each
// would leave no time for anything else. So it works at most a tenth of the time.
const REST_FOR_WORK = 9;

interface Pass {
  readonly objects: Map<string, Exhausted>;
  total: boolean;
  count: number;
  /** In how many ms to look again; null where nothing is held. */
  lookIn: number | null;
}

/** Lets held deliveries go. */
export class Release {
  readonly #parts: ReleaseParts;
  readonly #alarm = new Alarm();
  readonly #without = new Pauses();

  constructor(parts: ReleaseParts) {
    this.#parts = parts;
    for (const span of parts.without) this.#without.add(span);
  }

  /** Something was held: look. */
  wake(): void {
    this.#alarm.ring();
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const began = clock.monotonic();
      const { lookIn } = await this.pass();
      const restMs = (clock.monotonic() - began) * REST_FOR_WORK;
      await this.#alarm.wait(clock, lookIn, signal);
      if (restMs > 0) await clock.sleep(restMs, signal).catch(() => undefined);
    }
  }

  /** Looks at every held delivery once. */
  async pass(): Promise<{ readonly lookIn: number | null }> {
    const pass: Pass = { objects: new Map(), total: false, count: 0, lookIn: null };
    for await (const page of walkPages(this.#parts.archive, { states: ['held'] })) {
      // All at once, so that a store that writes to a disk writes once.
      await Promise.all(page.map((delivery) => this.#look(delivery, pass)));
    }
    this.#parts.limiter.setBacklog(pass);
    return { lookIn: pass.lookIn };
  }

  /** A token is asked for first: it may have come while nobody looked, for instance in a stop. */
  async #look(delivery: Delivery, pass: Pass): Promise<void> {
    const { clock, holdForMs, limiter } = this.#parts;
    const waits = pass.total ? 'total' : pass.objects.get(delivery.object);
    const exhausted = waits ?? limiter.takeAt(delivery.object, clock.monotonic());
    if (exhausted === null) return this.#start(delivery);
    const now = clock.now();
    const heldMs = now - delivery.dueAt - this.#without.within(delivery.dueAt, now);
    const restMs = holdForMs - heldMs;
    if (restMs <= 0) return this.#expire(delivery);
    pass.count += 1;
    pass.objects.set(delivery.object, exhausted);
    pass.total ||= exhausted === 'total';
    const tokenMs = waits === undefined ? limiter.msUntilToken(delivery.object) : restMs;
    pass.lookIn = Math.min(pass.lookIn ?? LONGEST_WAIT_MS, restMs, Math.max(1, tokenMs));
  }

  async #start(delivery: Delivery): Promise<void> {
    const now = this.#parts.clock.now();
    const answer = await this.#parts.outbox.change({
      id: delivery.id,
      from: ['held'],
      next: { state: 'waiting', dead: null, dueAt: now },
      now,
    });
    if (!answer.done) return;
    const why = 'a token came';
    const moved = { from: 'held', to: 'waiting', dead: null, why } as const;
    this.#parts.observe({ kind: 'delivery-moved', delivery: answer.delivery, ...moved });
    this.#parts.released(answer.delivery);
  }

  async #expire(delivery: Delivery): Promise<void> {
    const now = this.#parts.clock.now();
    const answer = await this.#parts.outbox.change({
      id: delivery.id,
      from: ['held'],
      next: { state: 'dead', dead: 'expired-held', dueAt: delivery.dueAt },
      now,
    });
    if (!answer.done) return;
    const why = `held for longer than ${renderDuration(this.#parts.holdForMs)} (limits.holdFor)`;
    const moved = { from: 'held', to: 'dead', dead: 'expired-held', why } as const;
    this.#parts.observe({ kind: 'delivery-moved', delivery: answer.delivery, ...moved });
  }
}
