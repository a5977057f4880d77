// A gateway over a store, a source and a trigger that a spec controls, on a fake clock.

import type { Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { Observation } from '../../lib/core/observation.ts';
import type { Batch, Positions, Source, WatchPath } from '../../lib/core/source.ts';
import type { Store } from '../../lib/core/store.ts';
import type { Trigger } from '../../lib/core/trigger.ts';
import { Gateway, type GatewayParts } from '../../lib/gateway/gateway.ts';
import type { ApiClient } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import type { Plan, PlannedTrigger } from '../../lib/plan/plan.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aDelivery } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { recordingObserve } from '../support/recording-observe.ts';

const CONFIG = `
sources: { shop: { events: { namespaces: [shop] } } }
filters: [{ name: all, action: accept }]
triggers: { build: { exec: { command: [never] } } }
`;

/** A source whose batches the spec provides. */
export class HandSource implements Source {
  readonly name = 'shop';
  readonly #batches: Batch[] = [];
  #wake: () => void = () => undefined;
  #broken: Error | undefined;
  ended = false;
  /** Resolves when every batch was taken and the next one is requested. */
  isIdle = false;

  hand(batch: Batch): void {
    this.#batches.push(batch);
    this.isIdle = false;
    this.#wake();
  }

  /** Successors of earlier paths; its own path by default. */
  successors: (path: string) => readonly WatchPath[] = (path) => [{ path, namespace: null }];
  /** The positions from which it was asked to resume. */
  positions: Positions = new Map();

  /** Monotonic; null: never. */
  provedAt: number | null = null;

  successorsOf(path: string): readonly WatchPath[] {
    return this.successors(path);
  }

  break(error: Error): void {
    this.#broken = error;
    this.#wake();
  }

  async *batches(positions: Positions, signal: AbortSignal): AsyncGenerator<Batch, void> {
    this.positions = positions;
    signal.addEventListener('abort', () => this.#wake());
    try {
      while (!signal.aborted) {
        const batch = this.#batches.shift();
        if (this.#broken !== undefined) throw this.#broken;
        this.isIdle = batch === undefined;
        if (batch !== undefined) yield batch;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.ended = true;
    }
  }
}

/** A trigger whose attempts end when the spec says so, or when they are aborted. */
export class HandTrigger implements Trigger {
  readonly keyLifeMs = 0;
  readonly delivered: Delivery[] = [];
  end: (outcome: Outcome) => void = () => undefined;

  get fired(): number {
    return this.delivered.length;
  }

  async fire(deliveries: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]> {
    this.delivered.push(...deliveries);
    return [
      await new Promise<Outcome>((resolve) => {
        this.end = resolve;
        const cut: Outcome = { outcome: 'unknown', reason: 'timeout', detail: 'cut off' };
        signal.addEventListener('abort', () => resolve(cut));
      }),
    ];
  }
}

const API: ApiClient = {
  server: 'https://spec',
  request: () => Promise.reject(new Error('no request is expected')),
  open: () => Promise.reject(new Error('no stream is expected')),
  [Symbol.asyncDispose]: async () => undefined,
};

/** Options of a spec. */
export interface BenchOptions extends Partial<GatewayParts> {
  /** Changes the plan. */
  readonly planned?: (plan: Plan) => Plan;
}

/** A gateway whose dependencies the spec controls. */
export function gatewayBench({ planned = (plan) => plan, ...overrides }: BenchOptions = {}) {
  const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'allowed' as const };
  const { plan } = loadPlan({ ...context, text: CONFIG });
  if (plan === null) throw new Error('the configuration of the spec is refused');
  const source = new HandSource();
  const trigger = new HandTrigger();
  const clock = new FakeClock();
  const store: Store = createMemoryStore();
  const recording = recordingObserve();
  const gateway = new Gateway({
    plan: planned({
      ...plan,
      sources: plan.sources.map((one) => ({ ...one, create: () => source })),
      triggers: plan.triggers.map((one): PlannedTrigger => ({ ...one, create: () => trigger })),
    }),
    api: API,
    store,
    findCluster: async () => ({ id: 'c1', from: 'kube-system' }),
    clock,
    random: () => 1,
    observe: recording.observe,
    environment: {},
    folder: '/',
    incarnation: 'one',
    drainMs: 5_000,
    ...overrides,
  });
  const stop = new AbortController();
  return { gateway, source, trigger, clock, store, recording, stop };
}

/** A complete store with some of its ports changed. */
export function storeWith(store: Store, changes: Partial<Store>): Store {
  const { journal, outbox, archive, keyValues, upkeep } = store;
  const disposal = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };
  return { journal, outbox, archive, keyValues, upkeep, ...disposal, ...changes };
}

/** The observation that a watch path of the source is read. */
export function reading(path: string, state: 'watching' | 'listing' | 'waiting'): Observation {
  return { kind: 'reading', source: 'shop', path, state, why: state === 'waiting' ? 'away' : '' };
}

/** A delivery about the object of `anOccurrence`, created at this time. */
export function deliveryOf(number: number, createdAt: number): Delivery {
  const id = number.toString().padStart(26, '0');
  return aDelivery({ id, state: 'delivered', createdAt, dueAt: createdAt });
}
