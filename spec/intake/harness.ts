// Intake over a memory store and a simple chain, with its observations recorded.

import type { Delivery } from '../../lib/core/delivery.ts';
import { stringAt } from '../../lib/core/json-object.ts';
import type { Occurrence } from '../../lib/core/occurrence.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import type { PauseSpan } from '../../lib/delivery/retry-age.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { HeldRelease } from '../../lib/intake/held-release.ts';
import { Intake, type IntakeParts } from '../../lib/intake/intake.ts';
import type { Limits } from '../../lib/intake/limit-watch.ts';
import { Limiter } from '../../lib/intake/limiter.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aBatch } from '../support/builders.ts';
import { type RecordingObserve, recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';

/** Options of a spec. */
export interface HarnessOptions {
  readonly rules?: readonly RuleSection[];
  readonly limits?: Limits;
  readonly heldAtMost?: number;
  readonly holdForMs?: number;
  /** Spans in which no gateway ran. */
  readonly downtimes?: readonly PauseSpan[];
  readonly clock?: FakeClock;
  readonly parts?: Partial<IntakeParts>;
  readonly store?: Store;
}

/** Intake with its dependencies. */
export interface IntakeHarness extends RecordingObserve {
  readonly intake: Intake;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly limiter: Limiter;
  readonly release: HeldRelease;
  /** Names of the Events whose held deliveries were started, in their order. */
  readonly released: string[];
  readonly committed: Delivery[];
  readonly take: (...occurrences: readonly Occurrence[]) => Promise<void>;
  /** The dispositions so far: one list of words a decision. */
  readonly dispositions: () => readonly (readonly string[])[];
}

const ACCEPT_ALL: readonly RuleSection[] = [{ name: 'all', action: 'accept', triggers: ['build'] }];

/** The name of a delivery's first Event. */
export function eventNameOf({ occurrences: [{ event }] }: Delivery): string {
  return stringAt(event, 'metadata', 'name');
}

/** Builds intake over a fresh memory store. */
export function intakeHarness(options: HarnessOptions = {}): IntakeHarness {
  const recording = recordingObserve();
  const clock = options.clock ?? new FakeClock();
  const { observe } = recording;
  const store = options.store ?? createMemoryStore();
  const now = (): number => clock.monotonic();
  const limits = options.limits ?? { perObject: null, total: null };
  const { heldAtMost = 10_000, holdForMs = 36_000_000, downtimes = [] } = options;
  const limiter = new Limiter(limits, { now, from: clock.monotonic(), observe, heldAtMost });
  const released: string[] = [];
  const release = new HeldRelease({
    archive: store.archive,
    outbox: store.outbox,
    keyValues: store.keyValues,
    limiter,
    holdForMs,
    downtimes,
    clock,
    observe,
    released: (delivery) => void released.push(eventNameOf(delivery)),
  });
  const committed: Delivery[] = [];
  const { chain } = compileChain(options.rules ?? ACCEPT_ALL, {
    vocabulary: EVENT_FIELDS,
    triggers: ['build', 'report'],
    sources: ['shop'],
    defaultQuietMs: 3_600_000,
  });
  const intake = new Intake({
    chain,
    cluster: { id: 'c1', name: null },
    triggers: new Map(['build', 'report'].map((name) => [name, { name, identity: name }])),
    guard: { namespaces: [], prefixes: [] },
    foreignSources: new Set(),
    journal: store.journal,
    limiter,
    clock,
    random: () => 1,
    observe,
    overflow: 'block',
    readMs: () => 0,
    answered: () => undefined,
    committed: (deliveries) => void committed.push(...deliveries),
    ...options.parts,
  });
  return {
    ...recording,
    intake,
    clock,
    store,
    limiter,
    release,
    released,
    committed,
    take: (...occurrences) => intake.take(aBatch({ occurrences }), NEVER),
    dispositions: () =>
      recording.of('decision').map(({ disposed }) => disposed.map((one) => one.disposition)),
  };
}
