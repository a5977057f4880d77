// Dispatch: a lane for each trigger, started and ended together, and the deliveries whose trigger
// is no longer configured set aside where people can see them.
import type { Delivery } from '../core/delivery.ts';
import type { Archive, Outbox } from '../core/store.ts';
import type { Observe } from '../core/observation.ts';
import type { Lane, LaneSignals } from './lane.ts';
import { walkDeliveries } from './walk.ts';

/** All lanes by the name of their trigger. */
export class Dispatch {
  readonly #lanes: ReadonlyMap<string, Lane>;

  constructor(lanes: ReadonlyMap<string, Lane>) {
    this.#lanes = lanes;
  }

  /** How many attempts are being made. */
  get running(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.running;
    return sum;
  }

  /** Deliveries were committed or released: their lanes look. */
  wake(deliveries: readonly Delivery[]): void {
    for (const { trigger } of deliveries) this.#lanes.get(trigger)?.wake();
  }

  /** Runs every lane until stopped; one that fails stops the others, and is thrown when all ended. */
  async run({ stop, abandon }: LaneSignals): Promise<void> {
    const failed = new AbortController();
    const signals = { stop: AbortSignal.any([stop, failed.signal]), abandon };
    const lanes = [...this.#lanes.values()].map((lane) =>
      lane.run(signals).catch((error: unknown) => failed.abort(error)),
    );
    await Promise.all(lanes);
    if (failed.signal.aborted) throw failed.signal.reason;
  }
}

/** Sets the waiting and held deliveries aside whose trigger is not configured any more. */
export async function orphan(
  parts: { archive: Archive; outbox: Outbox; observe: Observe; now: number },
  triggers: ReadonlySet<string>,
): Promise<void> {
  for await (const delivery of walkDeliveries(parts.archive, ['waiting', 'held'])) {
    if (!triggers.has(delivery.trigger)) await setAside(parts, delivery);
  }
}

async function setAside(
  { outbox, observe, now }: { outbox: Outbox; observe: Observe; now: number },
  { id, state, trigger }: Delivery,
): Promise<void> {
  const next = { state: 'orphaned', dead: null, dueAt: now } as const;
  const answer = await outbox.change({ id, from: [state], next, now });
  if (!answer.done) return;
  const why = `trigger ${trigger} is not configured`;
  const moved = { from: state, to: 'orphaned', dead: null, why } as const;
  observe({ kind: 'delivery-moved', delivery: answer.delivery, ...moved });
}
