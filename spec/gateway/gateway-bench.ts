// A gateway over a store, a source and a trigger that a spec controls, on a fake clock.

import type { Observation, Observe } from '../../lib/core/observation.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { Gateway, type GatewayParts } from '../../lib/gateway/gateway.ts';
import type { ApiClient } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import type { Plan, PlannedTrigger } from '../../lib/plan/plan.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { record } from '../../lib/telemetry/observations/table.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { RecordingSource } from '../support/doubles/source.ts';
import { RecordingTrigger } from '../support/doubles/trigger.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { stateOf } from '../support/gateway-state.ts';
import { VALIDATORS } from '../support/validators.ts';

const CONFIG = `
sources: { shop: { events: { namespaces: [shop] } } }
filters: [{ name: all, action: accept }]
triggers: { build: { exec: { command: [never] } } }
`;

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
  const { plan } = loadPlan({ ...context, text: CONFIG, validators: VALIDATORS });
  if (plan === null) throw new Error('the configuration of the spec is refused');
  const source = new RecordingSource();
  const trigger = new RecordingTrigger();
  const clock = new FakeClock();
  const store: Store = createMemoryStore();
  const recording = recordingObserve();
  const state = stateOf(plan, clock);
  const observe: Observe = (observation) => {
    record(observation, state);
    recording.observe(observation);
  };
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
    observe,
    state,
    environment: {},
    folder: '/',
    incarnation: 'one',
    drainMs: 5_000,
    ...overrides,
  });
  const stop = new AbortController();
  return { gateway, source, trigger, clock, store, recording, stop };
}

/** The observation that a watch path of the source is read. */
export function reading(path: string, state: 'watching' | 'listing' | 'waiting'): Observation {
  return { kind: 'reading', source: 'shop', path, state, why: state === 'waiting' ? 'away' : '' };
}
