// Intake over a memory store and a hand-made chain, with everything it says recorded.
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Occurrence } from '../../lib/core/occurrence.ts';
import type { Batch } from '../../lib/core/source.ts';
import type { Store } from '../../lib/core/store.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { Intake, type IntakeParts } from '../../lib/intake/intake.ts';
import { Limiter, type Limits } from '../../lib/intake/limit.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type RecordingObserve, recordingObserve } from '../support/recording-observe.ts';

/** What a spec may choose. */
export interface HarnessOptions {
  readonly rules?: readonly RuleSection[];
  readonly limits?: Limits;
  readonly parts?: Partial<IntakeParts>;
  readonly store?: Store;
}

/** Intake with everything around it. */
export interface IntakeHarness extends RecordingObserve {
  readonly intake: Intake;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly limiter: Limiter;
  readonly committed: Delivery[];
  readonly take: (...occurrences: readonly Occurrence[]) => Promise<void>;
  /** The dispositions so far: one list of words a decision. */
  readonly dispositions: () => readonly (readonly string[])[];
}

/** Nobody stops. */
export const NEVER = new AbortController().signal;

const ACCEPT_ALL: readonly RuleSection[] = [{ name: 'all', action: 'accept', triggers: ['build'] }];

/** A batch of the source `shop`. */
export function aBatch(overrides: Partial<Batch> = {}): Batch {
  return {
    source: 'shop',
    occurrences: [],
    gone: [],
    listed: [],
    positions: new Map(),
    gaps: [],
    ...overrides,
  };
}

/** Builds intake over a fresh memory store. */
export function intakeHarness(options: HarnessOptions = {}): IntakeHarness {
  const recording = recordingObserve();
  const clock = new FakeClock();
  const store = options.store ?? createMemoryStore();
  const now = (): number => clock.monotonic();
  const limits = options.limits ?? { perObject: null, total: null };
  const limiter = new Limiter(limits, { now, from: clock.monotonic() });
  const committed: Delivery[] = [];
  const { chain } = compileChain(options.rules ?? ACCEPT_ALL, {
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
    observe: recording.observe,
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
    committed,
    take: (...occurrences) => intake.take(aBatch({ occurrences }), NEVER),
    dispositions: () =>
      recording.of('decision').map(({ disposed }) => disposed.map((one) => one.disposition)),
  };
}
