// Runs a plan on a cluster with telemetry, listeners, store and gateway. `run` and `demo` both use it;
// they differ only in the origin of the plan and the cluster.

import { randomUUID } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import type { ApiParts } from '../api/api.ts';
import { openProbes } from '../api/probes.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import type { Health, Observation, Observe } from '../core/observation.ts';
import type { Store } from '../core/ports/store.ts';
import { originalTrace } from '../filters/brigade-rules.ts';
import { nearest } from '../filters/decide.ts';
import { followAccess } from '../gateway/cluster-check.ts';
import { Gateway, type Stopped } from '../gateway/gateway.ts';
import { keepHeartbeatFile } from '../gateway/heartbeat-file.ts';
import { PodEvents, podOf } from '../gateway/pod-events.ts';
import { retryingStore } from '../gateway/retrying-store.ts';
import { version } from '../kit/version.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { findCluster } from '../kubernetes/cluster-id.ts';
import type { Plan } from '../plan/plan.ts';
import { historyPathOf } from '../stores/store-location.ts';
import { GatewayState } from '../telemetry/gateway-state.ts';
import type { MetricNames } from '../telemetry/known-series.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { Activity } from '../views/activity.ts';
import { openApiListener } from './api-listener.ts';
import type { ProcessContext } from './command.ts';
import type { FoundConfiguration } from './configuration.ts';
import { type DataFolder, makeDataFolder, storeToMove } from './data-folder.ts';
import { type KeptConfiguration, keepConfiguration } from './last-good.ts';

/** Plan, configuration and environment of a run. */
export interface RunRequest {
  readonly plan: Plan;
  /** It is stored as the last good one, unless its text is null or `kept` is set. */
  readonly configuration: Omit<FoundConfiguration, 'plan' | 'secrets' | 'store'>;
  /** The last good configuration, if it runs instead of the file. */
  readonly kept: Pick<KeptConfiguration, 'file' | 'since'> | null;
  /** Namespace of the gateway, for the cluster id. */
  readonly namespace: string;
  readonly drainMs: number;
  /** Folder of the gateway's own files and base of relative paths of the store. */
  readonly dataFolder: DataFolder;
  /** Path of the store; '' for one without a file. */
  readonly storeAt: string;
  /** Connects to the cluster. */
  readonly connect: (observe: Observe) => Promise<ApiClient>;
  /** A recording is as new as this run and has no accounts. */
  readonly cluster: 'real' | 'recording';
  /** Receives every observation after telemetry. */
  readonly alsoObserve?: Observe;
}

/**
 * Runs until the signal aborts, then drains.
 *
 * **Errors**: throws if a start is impossible, after it closed everything that was open.
 */
export async function runPlan(
  request: RunRequest,
  context: ProcessContext,
  stop: AbortSignal,
): Promise<Stopped> {
  const { file } = request.plan.logging;
  if (file !== null && !isAbsolute(file.path)) await makeDataFolder(request.dataFolder);
  const { plan, alsoObserve } = request;
  const { clock } = context;
  const state = new GatewayState(namesOf(plan), clock);
  const telemetry = telemetryOf(request, context, state);
  const watch = plan.http.api === null ? null : new Activity(plan.chain, clock, state);
  const observe = (observation: Observation): void => {
    telemetry.observe(observation);
    watch?.observe(observation);
    podEvents?.observe(observation);
    alsoObserve?.(observation);
  };
  const podEvents = podEventsOf(plan, context, observe);
  try {
    observeStart(request, observe);
    const observation = { context, telemetry, state, watch, podEvents, observe };
    return await runObserved(request, observation, stop);
  } finally {
    await telemetry.close();
  }
}

interface RunObservation {
  readonly context: ProcessContext;
  readonly telemetry: Telemetry;
  readonly state: GatewayState;
  /** Null if there is no API. */
  readonly watch: Activity | null;
  /** Null outside of a pod, or if they are switched off. */
  readonly podEvents: PodEvents | null;
  readonly observe: Observe;
}

async function runObserved(
  request: RunRequest,
  { context, telemetry, state, watch, podEvents, observe }: RunObservation,
  stop: AbortSignal,
): Promise<Stopped> {
  const { plan, configuration, kept, namespace, drainMs, dataFolder } = request;
  const { clock, environment, random } = context;
  const { folder } = configuration;
  await using opened = new AsyncDisposableStack();
  const api = opened.use(await connected(request, observe, stop));
  opened.use(podEvents?.start(api));
  const store = await openStore(request, { context, observe, opened });
  const gateway = new Gateway({
    plan,
    api,
    store,
    findCluster: (asking, signal) =>
      findCluster(api, { ...asking, namespace, clock, random }, signal),
    clock,
    random,
    observe,
    state,
    environment,
    folder,
    incarnation: randomUUID(),
    drainMs,
    ...(request.cluster === 'recording'
      ? { before: 'none' }
      : {
          followAccess: (heard, signal) =>
            followAccess({ plan, api, clock, folder, observe: heard }, signal),
        }),
  });
  const health: ApiParts['health'] = () => noted(gateway.health(), kept);
  opened.use(await probesOf(plan, gateway, { telemetry, observe, health, clock }));
  if (watch !== null) {
    const tokenFolder = dataFolder.from === 'nothing' ? null : dataFolder.path;
    const shown = { plan, configuration, kept, tokenFolder, store, health, watch, clock, observe };
    const listener = await openApiListener({
      ...shown,
      measure: () => gateway.measure(),
      act: (name, id) => gateway.act(name, id),
      forecasts: () => gateway.forecasts(),
    });
    opened.use(listener);
  }
  opened.use(heartbeatOf(request, gateway, { clock, observe }));
  opened.use(keepGood(request, store, { context, observe }));
  return await gateway.run(stop);
}

/** Connects; it also reports a stop during that time, because the gateway does not run yet. */
async function connected(
  { connect }: RunRequest,
  observe: Observe,
  stop: AbortSignal,
): Promise<ApiClient> {
  try {
    return await connect(observe);
  } catch (error) {
    if (stop.aborted) observe({ kind: 'stopping', why: messageOf(stop.reason), limitMs: 0 });
    throw error;
  }
}

/**
 * Creates the data folder. If the folder is for the token only, a failure is ignored: the API listener
 * then reports that it cannot store a token.
 */
async function prepareFolder({ plan, dataFolder }: RunRequest): Promise<void> {
  if (dataFolder.holdsStore) return makeDataFolder(dataFolder);
  const { api, tokenFile } = plan.http;
  if (api !== null && tokenFile === null) await makeDataFolder(dataFolder).catch(unlessBug);
}

async function openStore(
  request: RunRequest,
  parts: Pick<RunObservation, 'context' | 'observe'> & { readonly opened: AsyncDisposableStack },
): Promise<Store> {
  const { plan, dataFolder, storeAt: at } = request;
  const { context, observe, opened } = parts;
  const { aroundStore, clock } = context;
  await prepareFolder(request);
  const folder = dataFolder.path;
  const own = opened.use(await plan.store.create({ folder, observe, clock }).open());
  const store = aroundStore?.(own) ?? own;
  const history = at === '' ? '' : historyPathOf(at);
  const { durable } = store.journal;
  observe({ kind: 'store-opened', store: plan.store.kind, durable, at, history });
  const misplaced = await storeToMove(dataFolder, at);
  if (misplaced !== null) observe({ kind: 'store-to-move', ...misplaced });
  return store;
}

/**
 * Stores the configuration as the last good one, unless a stored one runs. This happens beside the
 * gateway, because a full disk must not prevent it from settling deliveries. Disposing stops the retries.
 */
function keepGood(
  { configuration, kept }: RunRequest,
  store: Store,
  { context, observe }: Pick<RunObservation, 'context' | 'observe'>,
): AsyncDisposable | null {
  const { text, file, folder, form } = configuration;
  if (text === null || kept !== null) return null;
  const over = new AbortController();
  const until = { stop: over.signal, limit: over.signal };
  const { keyValues } = retryingStore(store, { ...context, observe, ...until });
  const good = { text, file, folder, form, since: context.clock.now() };
  // A store that fails permanently ends the gateway, which reports it.
  const keeping = keepConfiguration(keyValues, good).catch(unlessBug);
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await keeping;
    },
  };
}

function unlessBug(error: unknown): void {
  if (!(error instanceof SluiceError)) throw error;
}

/** Adds a note to the health if the last good configuration runs instead of the file. */
function noted(health: Health, kept: RunRequest['kept']): Health {
  if (kept === null) return health;
  const since = new Date(kept.since).toISOString();
  const note = `configuration: refused; the last good one of ${since} runs instead; see the log`;
  return { ...health, notes: [...health.notes, note] };
}

async function probesOf(
  { http }: Plan,
  gateway: Gateway,
  parts: Pick<RunObservation, 'telemetry' | 'observe'> & Pick<ApiParts, 'health' | 'clock'>,
): Promise<AsyncDisposable | null> {
  if (http.probes === null) return null;
  const { telemetry, observe } = parts;
  const listener = await openProbes(http.probes, {
    ...parts,
    checks: () => gateway.checks(),
    paths: http.probePaths,
    version: version(),
    metrics: async () => {
      await gateway.measure();
      return telemetry.metrics();
    },
  });
  observe({ kind: 'listening', listener: 'probes', address: listener.address });
  return listener;
}

function telemetryOf(
  { plan, dataFolder }: RunRequest,
  { clock, stdout, stderr }: ProcessContext,
  state: GatewayState,
): Telemetry {
  const { chain, logging, originalProject } = plan;
  const { file } = logging;
  const placed = file && { ...file, path: resolve(dataFolder.path, file.path) };
  return createTelemetry(
    { ...logging, file: placed },
    {
      clock,
      stdout,
      stderr,
      state,
      ...(plan.http.probes !== null && { names: namesOf(plan) }),
      nearest: (trail) => nearest(chain, trail),
      originalTrace: (occurrence) => originalTrace(chain, occurrence),
      ...(originalProject === null ? {} : { originalProject }),
    },
  );
}

function namesOf({ sources, triggers, chain }: Plan): MetricNames {
  return {
    sources: sources.map(({ name }) => name),
    triggers: triggers.map(({ name }) => name),
    rules: chain.rules.map(({ decision }) => decision),
  };
}

function heartbeatOf(
  { plan, dataFolder }: RunRequest,
  gateway: Gateway,
  parts: { readonly clock: Clock; readonly observe: Observe },
): AsyncDisposable | null {
  const { heartbeat } = plan.http;
  if (heartbeat === null) return null;
  const { everyMs } = heartbeat;
  const file = resolve(dataFolder.path, heartbeat.file);
  return keepHeartbeatFile({ ...parts, file, everyMs, isLive: () => gateway.health().live });
}

function podEventsOf(
  { logging }: Plan,
  { environment, clock, random }: ProcessContext,
  observe: Observe,
): PodEvents | null {
  const pod = logging.podEvents ? podOf(environment) : null;
  return pod === null ? null : new PodEvents({ pod, clock, random, observe });
}

function observeStart({ configuration, kept }: RunRequest, observe: Observe): void {
  const { file, form, problems } = configuration;
  observe({ kind: 'started', version: version(), configuration: file, form });
  for (const problem of problems) observe({ kind: 'configuration-problem', problem });
  if (kept === null) return;
  const { since } = kept;
  observe({ kind: 'configuration-kept', file, kept: kept.file, since, problems: problems.length });
}
