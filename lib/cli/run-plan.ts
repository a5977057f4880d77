// Runs a plan on a cluster with everything around it: telemetry, listeners, store, gateway.
// `run` and `demo` differ in where the plan and the cluster come from, and in nothing else.
import { randomUUID } from 'node:crypto';
import type { Found } from './configuration.ts';
import type { Plan } from '../assembly/plan.ts';
import type { Health } from '../core/health.ts';
import type { Observation, Observe } from '../core/observation.ts';
import { nearest } from '../filters/decide.ts';
import { originalTrace } from '../filters/original-trace.ts';
import { Gateway, type Stopped } from '../gateway/gateway.ts';
import { openProbes } from '../http/probes.ts';
import { ApiWatch } from '../http/watch.ts';
import type { ApiClient } from '../kubernetes/api.ts';
import { findCluster } from '../kubernetes/cluster.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { openApiListener } from './api-listener.ts';
import type { Surroundings } from './command.ts';
import { version } from './version.ts';

/** What is run, and where. */
export interface RunRequest {
  readonly plan: Plan;
  readonly configuration: Pick<Found, 'file' | 'folder' | 'form' | 'problems'>;
  /** The gateway's own namespace, for the cluster id. */
  readonly namespace: string;
  readonly drainMs: number;
  /** Where the store lies, unless it says otherwise. */
  readonly dataFolder: string;
  /** Where the API may keep a token of its own; null: nowhere. */
  readonly tokenFolder: string | null;
  /** Makes the connection, with where to observe. */
  readonly connect: (observe: Observe) => Promise<ApiClient>;
  /** Sees every observation after telemetry did. */
  readonly alsoObserve?: Observe;
}

/**
 * Runs until the signal aborts, then drains.
 *
 * **Errors**: whatever makes a start impossible, after everything opened was closed again.
 */
export async function runPlan(
  request: RunRequest,
  surroundings: Surroundings,
  stop: AbortSignal,
): Promise<Stopped> {
  const telemetry = telemetryOf(request.plan, surroundings);
  const { plan, alsoObserve } = request;
  const watch = plan.http.api === null ? null : new ApiWatch(plan.chain, surroundings.clock);
  const observe = (observation: Observation): void => {
    telemetry.observe(observation);
    watch?.observe(observation);
    alsoObserve?.(observation);
  };
  try {
    observeStart(request, observe);
    return await runObserved(request, { surroundings, telemetry, watch, observe }, stop);
  } finally {
    await telemetry.close();
  }
}

interface Observed {
  readonly surroundings: Surroundings;
  readonly telemetry: Telemetry;
  /** Null where there is no API. */
  readonly watch: ApiWatch | null;
  readonly observe: Observe;
}

async function runObserved(
  request: RunRequest,
  { surroundings, telemetry, watch, observe }: Observed,
  stop: AbortSignal,
): Promise<Stopped> {
  const { plan, configuration, namespace, drainMs, tokenFolder, dataFolder } = request;
  const { clock, environment, random } = surroundings;
  await using opened = new AsyncDisposableStack();
  const api = opened.use(await request.connect(observe));
  const closed = plan.store.create({ folder: dataFolder });
  const store = opened.use(await closed.open());
  observe({ kind: 'store-opened', store: plan.store.kind, durable: store.journal.durable, at: '' });
  const gateway = new Gateway({
    plan,
    api,
    store,
    findCluster: (heard, signal) =>
      findCluster(api, { namespace, clock, random, observe: heard }, signal),
    clock,
    random,
    observe,
    environment,
    folder: configuration.folder,
    incarnation: randomUUID(),
    drainMs,
  });
  opened.use(await probesOf(plan, gateway, { telemetry, observe }));
  if (watch !== null) {
    const health = (): Health => gateway.health();
    const shown = { plan, configuration, tokenFolder, store, health, watch, clock, observe };
    opened.use(await openApiListener(shown));
  }
  return await gateway.run(stop);
}

async function probesOf(
  { http }: Plan,
  gateway: Gateway,
  { telemetry, observe }: Pick<Observed, 'telemetry' | 'observe'>,
): Promise<AsyncDisposable | null> {
  if (http.probes === null) return null;
  const listener = await openProbes(http.probes, {
    health: () => gateway.health(),
    metrics: async () => {
      await gateway.measure();
      return telemetry.metrics();
    },
  });
  observe({ kind: 'listening', listener: 'probes', address: listener.address });
  return listener;
}

function telemetryOf(
  { chain, logging, originalProject }: Plan,
  { clock, stdout, stderr }: Surroundings,
): Telemetry {
  return createTelemetry(logging, {
    clock,
    stdout,
    stderr,
    nearest: (trail) => nearest(chain, trail),
    originalTrace: (occurrence) => originalTrace(chain, occurrence),
    ...(originalProject === null ? {} : { originalProject }),
  });
}

function observeStart({ configuration }: RunRequest, observe: Observe): void {
  const { file, form, problems } = configuration;
  observe({ kind: 'started', version: version(), configuration: file, form });
  for (const problem of problems) observe({ kind: 'configuration-problem', problem });
}
