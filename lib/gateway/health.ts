// Health: pure functions of the gateway's state. The gateway is ready if the cluster is known, every
// permitted path is read, and the store accepts commits. Otherwise health names what it waits for. A path
// that the server refuses is only a note while others are read. Whether a restart would help is decided
// in liveness.ts.

import type { Clock } from '../core/clock.ts';
import type { PauseReason } from '../core/delivery.ts';
import type { Health, HealthCheck } from '../core/observation.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import type { GatewayState, PathStanding } from '../telemetry/gateway-state.ts';

type Paths = ReadonlyMap<string, PathStanding>;

/** The current health; `stuck` lists the reasons that only a restart ends. */
export function healthOf(
  state: GatewayState,
  stuck: readonly string[],
  clock: Pick<Clock, 'monotonic'>,
): Health {
  const why = [...stuck, ...reasonsOf(state)];
  const notes = [...notesOf(state, clock)];
  return { live: stuck.length === 0, ready: why.length === 0, why, notes };
}

/** The checks that health joins, one by one, and one for each trigger. */
export function checksOf(state: GatewayState, stuck: readonly string[]): readonly HealthCheck[] {
  return [
    checkOf('progress', [...stuck, ...(state.isStopping ? ['stopping'] : [])]),
    checkOf('cluster', [state.clusterTrouble]),
    checkOf('store', storeReasons(state)),
    ...[...state.sources].map(([name, { paths }]) =>
      checkOf(`source ${name}`, unreadOf(state, paths)),
    ),
    ...[...state.triggers.keys()].map((name) =>
      checkOf(`trigger ${name}`, troublesOf(state, name)),
    ),
  ];
}

/** Whether every permitted path is read and the store accepts what is read. */
export function isReading(state: GatewayState): boolean {
  const reasons = [...unreadPaths(state), ...storeReasons(state)];
  return reasons.length === 0;
}

/** The watch paths that the API server refuses. */
export function refusedPaths(state: GatewayState): readonly string[] {
  return [...state.sources.values()]
    .flatMap(({ paths }) => [...paths])
    .filter(([, { isRefused }]) => isRefused)
    .map(([path]) => path);
}

function checkOf(name: string, troubles: Iterable<string>): HealthCheck {
  const message = [...troubles].join('; ');
  return { name, healthy: message === '', message };
}

function* troublesOf(state: GatewayState, trigger: string): Iterable<string> {
  const { breaker, pause, isShedding } = state.trigger(trigger);
  if (breaker !== 'closed') yield 'breaker open';
  if (pause !== null && pause.reason !== 'breaker') yield `paused: ${PAUSE_WORDS[pause.reason]}`;
  if (isShedding) yield 'some held deliveries are shed';
}

function* reasonsOf(state: GatewayState): Iterable<string> {
  if (state.isStopping) yield 'stopping';
  if (state.clusterTrouble !== '') yield state.clusterTrouble;
  yield* storeReasons(state);
  yield* unreadPaths(state);
}

function* storeReasons({ storeTrouble, full }: GatewayState): Iterable<string> {
  if (storeTrouble !== null) yield `the store is unavailable: ${storeTrouble}`;
  if (full === 'block') yield 'the store is full: reading waits for room';
}

function* unreadPaths(state: GatewayState): Iterable<string> {
  for (const [source, { paths }] of state.sources) {
    for (const why of unreadOf(state, paths)) yield `source ${source}: ${why}`;
  }
}

/** Why paths of a source are not read; refused paths count only if there are no others. */
function* unreadOf(state: GatewayState, paths: Paths): Iterable<string> {
  const isRefusedNote = !isAllRefused(state);
  if (paths.size === 0) yield 'reading has not started';
  for (const { unread, isRefused } of paths.values()) {
    if (unread !== '' && !(isRefused && isRefusedNote)) yield unread;
  }
}

function isAllRefused({ sources }: GatewayState): boolean {
  const all = [...sources.values()].flatMap(({ paths }) => [...paths.values()]);
  return all.every(({ isRefused }) => isRefused);
}

/** Every client of the probes can read notes, so answers and addresses of receivers are omitted. */
function* notesOf(state: GatewayState, clock: Pick<Clock, 'monotonic'>): Iterable<string> {
  const triggers = [...state.triggers];
  for (const [name, { breaker }] of triggers) {
    if (breaker !== 'closed') yield `trigger ${name}: breaker open; the log says why`;
  }
  yield* pathNotes(state, clock);
  yield* state.refusals.values();
  for (const [name] of triggers) yield* pauseNotes(state, name);
  if (state.full === 'shed') yield 'the store is full: new deliveries are shed';
  for (const budget of state.usedUp) {
    yield `limits.${budget} is used up: deliveries are held; the log says whose`;
  }
  for (const [name, { isShedding }] of triggers) {
    if (!isShedding) continue;
    yield `trigger ${name}: too many deliveries are held and some are shed; the log says whose`;
  }
}

function* pathNotes(state: GatewayState, clock: Pick<Clock, 'monotonic'>): Iterable<string> {
  const isNone = isAllRefused(state);
  for (const [source, { paths }] of state.sources) {
    for (const { unread, isRefused } of paths.values()) {
      if (isRefused && !isNone) yield `source ${source}: ${unread}; other paths are read`;
    }
  }
  for (const [source, { stale }] of state.sources) {
    for (const [path, since] of stale) {
      const age = renderDuration(Math.round((clock.monotonic() - since) / 1000) * 1000);
      yield `source ${source}: ${path}: may be incomplete; its position is ${age} old`;
    }
  }
}

const PAUSE_WORDS = {
  throttled: 'its receiver asked to wait',
  unauthorized: 'its receiver does not accept the credential',
} as const satisfies Record<PauseReason, string>;

function* pauseNotes(state: GatewayState, trigger: string): Iterable<string> {
  const { pause, pauseState } = state.trigger(trigger);
  if (pause === null || pause.reason === 'breaker') return;
  const at = new Date(pause.until).toISOString();
  const what =
    pauseState === 'paused' ? `paused, no attempt before ${at}` : 'paused, one attempt tests it';
  yield `trigger ${trigger}: ${what}: ${PAUSE_WORDS[pause.reason]}; the log says why`;
}
