// Dispatch: a lane for each trigger, started and ended together, and the deliveries whose trigger
// is no longer configured set aside where people can see them.

import type { Delivery, DeliveryState } from '../core/delivery.ts';
import type { Observe } from '../core/observation.ts';
import type { Archive, Outbox } from '../core/store.ts';
import type { Lane, LaneSignals } from './lane.ts';
import { walkPages } from './pages.ts';

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

  /** A person asks for an attempt of this delivery; a paused lane lets one through to see. */
  askedFor({ trigger }: Delivery): void {
    this.#lanes.get(trigger)?.askedFor();
  }

  /** The clock that was handed in was just moved by so much. */
  jumped(byMs: number): void {
    for (const lane of this.#lanes.values()) lane.jumped(byMs);
  }

  /** Tells of deliveries whose attempt was running when its process died, as a beginning found them. */
  tellLost(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#lanes.get(delivery.trigger)?.tellLost(delivery);
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

/** What setting deliveries aside needs. */
interface OrphanParts {
  readonly archive: Pick<Archive, 'list' | 'counts'>;
  readonly outbox: Pick<Outbox, 'change'>;
  readonly observe: Observe;
  /** Wall clock, ms since 1970. */
  readonly now: number;
}

/** What is set aside; what runs is somebody's. */
const SET_ASIDE = ['waiting', 'held', 'open'] as const satisfies readonly DeliveryState[];

/**
 * Sets the unsettled deliveries aside whose trigger is not configured any more; answers how many.
 *
 * **Order and time**: looks only at those, however many others wait.
 */
export async function orphan(parts: OrphanParts, configured: ReadonlySet<string>): Promise<number> {
  const counts = await parts.archive.counts();
  const left = counts.filter(({ trigger, state }) => !configured.has(trigger) && isSetAside(state));
  let sum = 0;
  for (const trigger of new Set(left.map((one) => one.trigger))) {
    const why = `trigger ${trigger} is not configured`;
    sum += await setAllAside(parts, { trigger, why });
  }
  return sum;
}

/** Sets every unsettled delivery of these triggers aside, for a reason; answers how many. */
export async function orphanAll(
  parts: OrphanParts,
  triggers: Iterable<string>,
  why: string,
): Promise<number> {
  let sum = 0;
  for (const trigger of triggers) sum += await setAllAside(parts, { trigger, why });
  return sum;
}

async function setAllAside(
  parts: OrphanParts,
  { trigger, why }: { trigger: string; why: string },
): Promise<number> {
  let sum = 0;
  for await (const page of walkPages(parts.archive, { states: SET_ASIDE, trigger })) {
    // All at once, so that a store that writes to a disk writes once.
    const done = await Promise.all(page.map((one) => setAside(parts, one, why)));
    sum += done.filter(Boolean).length;
  }
  return sum;
}

async function setAside(
  { outbox, observe, now }: OrphanParts,
  { id, state }: Delivery,
  why: string,
): Promise<boolean> {
  const next = { state: 'orphaned', dead: null, dueAt: now } as const;
  const answer = await outbox.change({ id, from: [state], next, now });
  if (!answer.done) return false;
  const moved = { from: state, to: 'orphaned', dead: null, why } as const;
  observe({ kind: 'delivery-moved', delivery: answer.delivery, ...moved });
  return true;
}

function isSetAside(state: DeliveryState): boolean {
  return SET_ASIDE.some((one) => one === state);
}
