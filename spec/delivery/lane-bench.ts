// A lane on a memory store, with a trigger whose attempts end when the spec says so.

import type { Delivery } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import type { Trigger } from '../../lib/core/ports/trigger.ts';
import type { AttemptSettings, LaneParts } from '../../lib/delivery/attempt-runner.ts';
import { Lane } from '../../lib/delivery/lane.ts';
import { SharedLock } from '../../lib/delivery/shared-lock.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FailingStore, recordingStore } from '../support/doubles/store.ts';
import { RecordingTrigger } from '../support/doubles/trigger.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Dependencies that replace the defaults. */
export interface LaneSurroundings {
  readonly clock?: FakeClock;
  readonly store?: Store;
  readonly attemptLock?: SharedLock;
  readonly downtimes?: LaneParts['downtimes'];
}

/** A running lane. */
export function setUp(
  settings: Partial<AttemptSettings> = {},
  trigger: Trigger = new RecordingTrigger(),
  given: LaneSurroundings = {},
) {
  const {
    clock = new FakeClock(),
    store: inner = createMemoryStore(),
    attemptLock = new SharedLock(),
  } = given;
  const recording = recordingObserve();
  const failing = new FailingStore(inner);
  const { store, calls } = recordingStore(failing.store);
  const stop = new AbortController();
  const abandon = new AbortController();
  const lane = new Lane(
    {
      trigger: 'build',
      concurrency: 2,
      timeoutMs: 10_000,
      order: 'none',
      onLostAnswer: 'atMostOnce',
      retry: { firstMs: 1_000, maxMs: 60_000, forMs: 3_600_000 },
      ...settings,
    },
    trigger,
    {
      ...store,
      attemptLock,
      downtimes: given.downtimes ?? [],
      clock,
      random: () => 1,
      incarnation: 'one',
      observe: recording.observe,
    },
  );
  const running = lane.run({ stop: stop.signal, abandon: abandon.signal });
  const add = async (added: readonly Delivery[]): Promise<void> => {
    await store.journal.commit(aCommit({ deliveries: added }));
    lane.wake();
    await clock.advance(0);
  };
  return { clock, store, failing, calls, lane, running, stop, abandon, add, ...recording };
}

/** State of a delivery. */
export async function stateOf(
  store: Store,
  delivery: Delivery | undefined,
): Promise<string | undefined> {
  return (await store.archive.get(delivery?.id ?? ''))?.state;
}
