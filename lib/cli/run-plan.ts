// Runs a plan on a cluster with everything around it: telemetry, listeners, store, gateway.
// `run` and `demo` differ in where the plan and the cluster come from, and in nothing else.

import { randomUUID } from 'node:crypto';
import type { ApiParts } from '../api/api.ts';
import { Activity } from '../api/documents/activity.ts';
import { openProbes } from '../api/probes.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, SluiceError } from '../core/errors.ts';
import type { Health, Observation, Observe } from '../core/observation.ts';
import type { Store } from '../core/store.ts';
import { originalTrace } from '../filters/brigade-rules.ts';
import { nearest } from '../filters/decide.ts';
import { Gateway, type Stopped } from '../gateway/gateway.ts';
import { patientStore } from '../gateway/retrying-store.ts';
import { version } from '../kit/version.ts';
import { findCluster } from '../kubernetes/client/cluster-id.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { Plan } from '../plan/plan.ts';
import { historyPathOf } from '../stores/store-location.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { openApiListener } from './api-listener.ts';
import type { ProcessContext } from './command.ts';
import type { FoundConfiguration } from './configuration.ts';
import { type DataFolder, makeDataFolder, storeToMove } from './data-folder.ts';
import { type KeptConfiguration, keepConfiguration } from './last-good.ts';

/** What is run, and where. */
interface RunRequest {
  readonly plan: Plan;
  /** Without a text, or where the last good one runs, there is none to be kept. */
  readonly configuration: Pick<
    FoundConfiguration,
    'text' | 'file' | 'folder' | 'form' | 'problems'
  >;
  /** There where the last good configuration runs instead of the file. */
  readonly kept: Pick<KeptConfiguration, 'file' | 'since'> | null;
  /** The gateway's own namespace, for the cluster id. */
  readonly namespace: string;
  readonly drainMs: number;
  /** The gateway's own files; relative paths of the store begin there. */
  readonly dataFolder: DataFolder;
  /** Where the store is; '' for one that is no file. */
  readonly storeAt: string;
  /** Makes the connection, with where to observe. */
  readonly connect: (observe: Observe) => Promise<ApiClient>;
  /** As the gateway takes it: `none` if the cluster begins with this run. */
  readonly before?: 'none';
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
  surroundings: ProcessContext,
  stop: AbortSignal,
): Promise<Stopped> {
  const telemetry = telemetryOf(request.plan, surroundings);
  const { plan, alsoObserve } = request;
  const watch = plan.http.api === null ? null : new Activity(plan.chain, surroundings.clock);
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

interface RunObservation {
  readonly surroundings: ProcessContext;
  readonly telemetry: Telemetry;
  /** Null where there is no API. */
  readonly watch: Activity | null;
  readonly observe: Observe;
}

async function runObserved(
  request: RunRequest,
  { surroundings, telemetry, watch, observe }: RunObservation,
  stop: AbortSignal,
): Promise<Stopped> {
  const { plan, configuration, kept, namespace, drainMs, dataFolder } = request;
  const { clock, environment, random } = surroundings;
  await using opened = new AsyncDisposableStack();
  const api = opened.use(await connected(request, observe, stop));
  const store = await openStore(request, { surroundings, observe, opened });
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
    ...(request.before !== undefined && { before: request.before }),
  });
  const health = (): Health => noted(gateway.health(), kept);
  opened.use(await probesOf(plan, gateway, { telemetry, observe, health, clock }));
  if (watch !== null) {
    const tokenFolder = dataFolder.from === 'nothing' ? null : dataFolder.path;
    const shown = { plan, configuration, kept, tokenFolder, store, health, watch, clock, observe };
    const measure = (): Promise<void> => gateway.measure();
    const act: ApiParts['act'] = (name, id) => gateway.act(name, id);
    const forecasts: ApiParts['forecasts'] = () => gateway.forecasts();
    opened.use(await openApiListener({ ...shown, measure, act, forecasts }));
  }
  opened.use(keepGood(request, store, { surroundings, observe }));
  return await gateway.run(stop);
}

/** Connects; a stop that cuts this short is said here, because nothing runs yet that would say it. */
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
 * Makes the folder of the gateway's own files. If it holds only the API's token, it can be missing: then
 * no token is kept, and the API listener says so.
 */
async function prepareFolder({ plan, dataFolder }: RunRequest): Promise<void> {
  if (dataFolder.holdsStore) return makeDataFolder(dataFolder);
  const { api, tokenFile } = plan.http;
  if (api !== null && tokenFile === null) await makeDataFolder(dataFolder).catch(unlessBug);
}

async function openStore(
  request: RunRequest,
  {
    surroundings,
    observe,
    opened,
  }: Pick<RunObservation, 'surroundings' | 'observe'> & { readonly opened: AsyncDisposableStack },
): Promise<Store> {
  const { plan, dataFolder, storeAt: at } = request;
  const { aroundStore, clock } = surroundings;
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
 * Keeps the configuration in the store where it is the file's own, beside what the gateway does: a
 * disk without room need not keep it from settling what waits. Disposing ends the waiting for room.
 */
function keepGood(
  { configuration, kept }: RunRequest,
  store: Store,
  { surroundings, observe }: Pick<RunObservation, 'surroundings' | 'observe'>,
): AsyncDisposable {
  const { clock, random } = surroundings;
  const { text, file, folder, form } = configuration;
  const over = new AbortController();
  const { signal } = over;
  const { keep } = patientStore(store, { clock, random, observe, stop: signal, limit: signal });
  const keeping =
    text === null || kept !== null
      ? Promise.resolve()
      : // A store that fails for good ends the gateway, which says so.
        keepConfiguration(keep, { text, file, folder, form, since: clock.now() }).catch(unlessBug);
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

/** Whoever asks how it is hears that the file is not what runs. */
function noted(health: Health, kept: RunRequest['kept']): Health {
  if (kept === null) return health;
  const since = new Date(kept.since).toISOString();
  const note = `configuration: refused; the last good one of ${since} runs instead; the log says why`;
  return { ...health, notes: [...health.notes, note] };
}

async function probesOf(
  { http }: Plan,
  gateway: Gateway,
  {
    telemetry,
    observe,
    health,
    clock,
  }: Pick<RunObservation, 'telemetry' | 'observe'> & { health: () => Health; clock: Clock },
): Promise<AsyncDisposable | null> {
  if (http.probes === null) return null;
  const listener = await openProbes(http.probes, {
    health,
    clock,
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
  { clock, stdout, stderr }: ProcessContext,
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

function observeStart({ configuration, kept }: RunRequest, observe: Observe): void {
  const { file, form, problems } = configuration;
  observe({ kind: 'started', version: version(), configuration: file, form });
  for (const problem of problems) observe({ kind: 'configuration-problem', problem });
  if (kept === null) return;
  const { since } = kept;
  observe({ kind: 'configuration-kept', file, kept: kept.file, since, problems: problems.length });
}
