// The rows about the process, its configuration, its cluster and its permissions there, its store and the
// clock.

import { messageOf } from '../../core/errors.ts';
import type { AccessObserved, ByKind, LifecycleObserved } from '../../core/observation.ts';
import type { Problem, Severity } from '../../core/problem.ts';
import type { StoreObserved } from '../../core/store-observation.ts';
import { renderDuration, renderSize } from '../../kit/text/quantity.ts';
import type { FailureLog } from '../failure-log.ts';
import { accessText, counted } from '../log-value.ts';
import type { LogLevel, LogLine } from '../logging.ts';
import type { RowTable } from './row.ts';

const SEVERITY_LEVELS = {
  error: 'error',
  warning: 'warn',
  info: 'info',
} as const satisfies Record<Severity, LogLevel>;

const FORMS = {
  ours: '',
  original: " (the original's form)",
  none: '; every Event is logged and rejected',
} as const satisfies Record<ByKind<LifecycleObserved>['started']['form'], string>;

const CLUSTER_ID_FROM = {
  'kube-system': 'the uid of namespace kube-system',
  namespace: "the uid of the gateway's own namespace",
  random: 'random, because no namespace is readable',
} as const satisfies Record<ByKind<LifecycleObserved>['cluster-found']['from'], string>;

/** The life of the process. */
export const LIFECYCLE_ROWS: RowTable<LifecycleObserved> = {
  started: {
    line: ({ kind, version, configuration, form }) => {
      const named = configuration === '' ? 'no configuration' : configuration;
      const message = `sluice ${version} with ${named}${FORMS[form]}`;
      return { level: 'info', kind, message, fields: { version, configuration, form } };
    },
    state: ({ version }, state) => state.set({ version }),
  },
  'configuration-problem': { line: ({ problem }) => problemLine(problem) },
  'cluster-found': {
    line: ({ kind, id, from, server }, failures) => {
      const message = `cluster ${id} at ${server} (${CLUSTER_ID_FROM[from]})`;
      return [
        failures.ended('cluster'),
        { level: 'info', kind, message, fields: { id, from, server } },
      ];
    },
    state: (cluster, state) => state.set({ cluster, clusterTrouble: '' }),
  },
  'cluster-waiting': {
    line: ({ kind, server, why }, failures) => {
      const message = `waiting for the API server ${server}: ${why}`;
      const line: LogLine = { level: 'warn', kind, message, fields: { server, why } };
      return failures.failed('cluster', why, line);
    },
    state: ({ server, why }, state) =>
      state.set({ clusterTrouble: `waiting for ${server}: ${why}` }),
  },
  'cluster-changed': {
    line: ({ kind, from, to, orphaned }) => {
      const message = `another cluster: found ${to}, expected ${from}; everything is listed again, ${orphaned} deliveries orphaned`;
      return { level: 'error', kind, message, fields: { from, to, orphaned } };
    },
  },
  'configuration-kept': {
    line: ({ kind, file, kept, since, problems }) => {
      const name = kept === file ? '' : ` ${kept}`;
      const message = `configuration ${file} is refused (${counted(problems, 'problem')}); the last good one${name} of ${new Date(since).toISOString()} runs instead`;
      return { level: 'error', kind, message, fields: { file, kept, since, problems } };
    },
    state: (_, state) => state.set({ isConfigurationKept: true }),
  },
  'credentials-reread': {
    line: ({ kind, why }) => {
      return { level: 'info', kind, message: `credentials read again: ${why}`, fields: { why } };
    },
  },
  'proxy-used': {
    line: ({ kind, trigger, proxy, from }) => {
      const server = trigger === null ? 'the API server' : `the receiver of trigger ${trigger}`;
      const message = `${server} is reached through the proxy ${proxy} (${from})`;
      const fields = { ...(trigger !== null && { trigger }), proxy, from };
      return { level: 'info', kind, message, fields };
    },
  },
  listening: {
    line: ({ kind, listener, address, tokenFile }) => {
      const token = tokenFile === undefined ? '' : `, with the token in ${tokenFile}`;
      const fields = { listener, address, ...(tokenFile !== undefined && { tokenFile }) };
      return { level: 'info', kind, message: `${listener} on ${address}${token}`, fields };
    },
  },
  'pod-event': {
    line: ({ kind, reason, message: said, failure }, failures) => {
      const fields = { reason, message: said, failure };
      if (failure === null) {
        const message = `Event about this pod: ${reason}: ${said}`;
        return [{ level: 'debug', kind, message, fields }, failures.ended('pod-event')];
      }
      const message = `cannot report ${reason} as an Event about this pod: ${failure}`;
      return failures.failed('pod-event', failure, { level: 'warn', kind, message, fields });
    },
  },
  'heartbeat-file': { line: unwritable('heartbeat file', '') },
  'log-file': { line: unwritable('log file', '; its lines are lost until it can be written') },
  stopping: {
    line: ({ kind, why, limitMs }) => {
      const message = `stopping: ${why}; deadline in ${renderDuration(limitMs)}`;
      return { level: 'info', kind, message, fields: { why, limitMs } };
    },
    state: (_, state) => state.set({ isStopping: true }),
  },
  stopped: {
    line: ({ kind, durable, waiting, abandoned }) => {
      const waits =
        waiting === null ? 'number of waiting deliveries unknown' : `${waiting} waiting`;
      const left = `${counted(abandoned, 'attempt')} abandoned, ${waits}`;
      const fields = { durable, waiting, abandoned };
      if (!durable && (waiting ?? 0) + abandoned > 0) {
        const message = `stopped: ${left}: lost, because this store is not durable`;
        return { level: 'error', kind, message, fields };
      }
      const kept = (waiting ?? 0) > 0 ? '; waiting deliveries resume at the next start' : '';
      const message = `stopped: ${left}${kept}`;
      return { level: abandoned === 0 ? 'info' : 'warn', kind, message, fields };
    },
  },
  bug: {
    line: ({ where, error }) => bugLine(where, error),
    count: (_, metrics) => metrics.add('sluice_bugs_found_total', {}),
  },
};

/** The lines of a file that cannot be written, and of the end of that. */
function unwritable(what: string, so: string) {
  return (
    { kind, file, failure }: ByKind<LifecycleObserved>['heartbeat-file' | 'log-file'],
    failures: FailureLog,
  ): LogLine | null => {
    if (failure === null) return failures.ended(kind);
    const message = `cannot write the ${what} ${file}: ${failure}${so}`;
    const line: LogLine = { level: 'error', kind, message, fields: { file, failure } };
    return failures.failed(kind, failure, line);
  };
}

/** Makes the line of an error that should not have happened. */
export function bugLine(where: string, error: unknown): LogLine {
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  const message = `bug in ${where}: ${messageOf(error)} (please report this line)`;
  const line: LogLine = { level: 'error', kind: 'bug', message, fields: { where } };
  return stack.length === 0 ? line : { ...line, more: stack.map((frame) => frame.trim()) };
}

function problemLine(problem: Problem): LogLine {
  const { severity, code, path, line, column, message, hint } = problem;
  const place = line === 0 ? path : `${path} (line ${line}, column ${column})`;
  const where = place === '' ? '' : `configuration ${place}: `;
  return {
    level: SEVERITY_LEVELS[severity],
    kind: 'configuration-problem',
    message: `${where}${message}${hint === '' ? '' : `; ${hint}`} [${code}]`,
    fields: { severity, code, path, line, column, message, hint },
  };
}

type Usage = ByKind<StoreObserved>['store-usage'];

const USAGE_LEVELS = { fine: 'info', near: 'warn', full: 'error' } as const satisfies Record<
  Usage['level'],
  LogLevel
>;

const WHEN_FULL = {
  block: 'reading stops until deliveries are settled',
  shed: 'new deliveries are shed',
} as const satisfies Record<Usage['overflow'], string>;

/** The store, the clock and the work of earlier processes. */
export const STORE_ROWS: RowTable<StoreObserved> = {
  'store-opened': {
    line: ({ kind, store, durable, at, history }) => {
      const where = at === '' ? '' : ` in ${at}, its history in ${history}`;
      const fields = { store, durable, at, history };
      return { level: 'info', kind, message: `store ${store}${where}`, fields };
    },
    state: ({ at }, state) => state.set({ isStoreOpen: true, storeAt: at }),
  },
  'store-to-move': {
    line: ({ kind, at, to, command }) => {
      const what = `the store ${at} is in the working directory, the default of earlier versions`;
      const next =
        command === ''
          ? `${to} exists too and is not used; move one of the two away`
          : `to move it to ${to}, stop the gateway and run: ${command}`;
      const message = `${what}; set SLUICE_DATA=. to keep it here without this warning; ${next}`;
      return { level: 'warn', kind, message, fields: { at, to, command } };
    },
  },
  'store-trouble': {
    line: ({ kind, state, why }, failures) => {
      if (state === 'available') return failures.ended('store');
      const message = `the store accepts no changes: ${why}; free space or repair the disk; failed calls are retried automatically`;
      const line: LogLine = { level: 'error', kind, message, fields: { state, why } };
      return failures.failed('store', why, line);
    },
    state: ({ state: found, why }, state) =>
      state.set({ isStoreOpen: true, storeTrouble: found === 'unavailable' ? why : null }),
  },
  'store-usage': {
    line: ({ kind, scrape, level, overflow, bytes, maxBytes }) => {
      if (scrape === true) return null;
      const share = `${renderSize(bytes)} of ${renderSize(maxBytes)}`;
      const texts = {
        fine: `the store has room again: ${share}`,
        near: `the store is nearly full: ${share}; once it is full, ${WHEN_FULL[overflow]}`,
        full: `the store is full: ${share}; ${WHEN_FULL[overflow]}`,
      };
      const fields = { level, overflow, bytes, maxBytes };
      return { level: USAGE_LEVELS[level], kind, message: texts[level], fields };
    },
    state: (usage, state) => state.set({ usage }),
    count: ({ commits = 0 }, metrics) => metrics.add('sluice_store_commits_total', {}, commits),
  },
  'work-resumed': {
    line: ({ kind, lost, unattempted, downMs }) => {
      if (downMs === null && lost + unattempted === 0) return null;
      const down = downMs === null ? '' : renderDuration(Math.round(downMs / 1000) * 1000);
      const after = down === '' ? '' : ` after ${down} of downtime`;
      const unknown = `${counted(lost, 'attempt')} with unknown outcome: the process died before the answer was stored`;
      const message = `resumed${after}${lost === 0 ? '' : `: ${unknown}`}`;
      const fields = { lost, unattempted, downMs };
      return { level: lost === 0 ? 'info' : 'warn', kind, message, fields };
    },
    count: ({ lost }, metrics) => metrics.add('sluice_attempts_lost_total', {}, lost),
  },
  'history-lost': {
    line: ({ kind, file, movedTo, why }) => {
      const where =
        movedTo === null
          ? 'decisions are not stored until it can be opened'
          : `moved to ${movedTo}`;
      const message = `cannot use the history ${file}: ${why}; ${where}; deliveries are not affected`;
      return { level: 'error', kind, message, fields: { file, movedTo: movedTo ?? '', why } };
    },
  },
  'clock-jumped': {
    line: ({ kind, byMs }) => {
      const by = renderDuration(Math.round(Math.abs(byMs) / 1000) * 1000);
      const message = `the clock jumped ${byMs < 0 ? 'back' : 'forward'} ${by}; waiting deliveries are due as before`;
      return { level: 'warn', kind, message, fields: { byMs } };
    },
    count: (_, metrics) => metrics.add('sluice_clock_jumps_total', {}),
  },
};

/** Permissions and manifests that the cluster refuses. */
export const ACCESS_ROWS: RowTable<AccessObserved> = {
  permission: {
    line: ({ kind, state, needed, detail }, failures) => {
      const access = accessText(needed);
      if (state === 'granted') return failures.ended(`permission ${access}`);
      const said = detail === '' ? '' : `: ${detail}`;
      const message = `permission missing: ${access} (${needed.why})${said}; sluice rbac prints the Roles that grant it`;
      const line: LogLine = { level: 'error', kind, message, fields: { state, ...needed, detail } };
      return failures.failed(`permission ${access}`, 'missing', line);
    },
    state: ({ state: found, needed }, state) => {
      const access = accessText(needed);
      const note = `permission missing: ${access} (${needed.why}); see sluice rbac`;
      state.refuses(`permission ${access}`, found === 'missing' ? note : null);
    },
  },
  'access-review': {
    line: ({ kind, state, why }, failures) => {
      if (state === 'answered') return failures.ended('access-review');
      const message = `cannot review the permissions of this account: ${why}; reading begins without that`;
      const line: LogLine = { level: 'info', kind, message, fields: { state, why } };
      return failures.failed('access-review', why, line);
    },
    state: ({ state: found }, state) => {
      const note = 'the permissions could not be reviewed; the log says why';
      state.refuses('access-review', found === 'failed' ? note : null);
    },
  },
  'dry-run': {
    line: ({ kind, trigger, state, fault, detail }, failures) => {
      if (state === 'accepted') return failures.ended(`dry-run ${trigger}`);
      const message = `trigger ${trigger}: the API server refuses its manifest in a dry run, ${fault}: ${detail}; it would refuse each delivery`;
      const line: LogLine = {
        level: 'warn',
        kind,
        message,
        fields: { trigger, state, fault, detail },
      };
      return failures.failed(`dry-run ${trigger}`, `${fault} ${detail}`, line);
    },
    state: ({ trigger, state: found, fault }, state) => {
      const note = `trigger ${trigger}: the API server refuses its manifest (${fault}); the log says why`;
      state.refuses(`dry-run ${trigger}`, found === 'refused' ? note : null);
    },
  },
};
