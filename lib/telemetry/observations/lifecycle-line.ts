// The lines about the process, its configuration, its cluster and its permissions there, its store and the
// clock.

import { messageOf } from '../../core/errors.ts';
import type { AccessObserved, LifecycleObserved } from '../../core/observation.ts';
import type { Problem, Severity } from '../../core/problem.ts';
import type { StoreObserved } from '../../core/store-observation.ts';
import { renderDuration, renderSize } from '../../kit/text/quantity.ts';
import type { LineTable } from '../failure-log.ts';
import { accessText, counted } from '../log-value.ts';
import type { ByKind, LogLevel, LogLine } from '../logging.ts';

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

/** Lines about the life of the process. */
export const LIFECYCLE_LINES: LineTable<LifecycleObserved> = {
  started: ({ kind, version, configuration, form }) => {
    const named = configuration === '' ? 'no configuration' : configuration;
    const text = `sluice ${version} with ${named}${FORMS[form]}`;
    return { level: 'info', kind, message: text, fields: { version, configuration, form } };
  },
  'configuration-problem': ({ problem }) => problemLine(problem),
  'cluster-found': ({ kind, id, from, server }, failures) => {
    const text = `cluster ${id} at ${server} (${CLUSTER_ID_FROM[from]})`;
    return [
      failures.ended('cluster'),
      { level: 'info', kind, message: text, fields: { id, from, server } },
    ];
  },
  'cluster-waiting': ({ kind, server, why }, failures) => {
    const text = `waiting for the API server ${server}: ${why}`;
    const line: LogLine = { level: 'warn', kind, message: text, fields: { server, why } };
    return failures.failed({ key: 'cluster', cause: why, line });
  },
  'cluster-changed': ({ kind, from, to, orphaned }) => {
    const text = `another cluster: found ${to}, expected ${from}; everything is listed again, ${orphaned} deliveries orphaned`;
    return { level: 'error', kind, message: text, fields: { from, to, orphaned } };
  },
  'configuration-kept': ({ kind, file, kept, since, problems }) => {
    const name = kept === file ? '' : ` ${kept}`;
    const text = `configuration ${file} is refused (${counted(problems, 'problem')}); the last good one${name} of ${new Date(since).toISOString()} runs instead`;
    return { level: 'error', kind, message: text, fields: { file, kept, since, problems } };
  },
  'credentials-reread': ({ kind, why }) => {
    return { level: 'info', kind, message: `credentials read again: ${why}`, fields: { why } };
  },
  'proxy-used': ({ kind, trigger, proxy, from }) => {
    const server = trigger === null ? 'the API server' : `the receiver of trigger ${trigger}`;
    const text = `${server} is reached through the proxy ${proxy} (${from})`;
    const fields = { ...(trigger !== null && { trigger }), proxy, from };
    return { level: 'info', kind, message: text, fields };
  },
  listening: ({ kind, listener, address, tokenFile }) => {
    const token = tokenFile === undefined ? '' : `, with the token in ${tokenFile}`;
    const fields = { listener, address, ...(tokenFile !== undefined && { tokenFile }) };
    return { level: 'info', kind, message: `${listener} on ${address}${token}`, fields };
  },
  'pod-event': ({ kind, reason, message, failure }, failures) => {
    const fields = { reason, message, failure };
    if (failure === null) {
      const text = `Event about this pod: ${reason}: ${message}`;
      return [{ level: 'debug', kind, message: text, fields }, failures.ended('pod-event')];
    }
    const text = `cannot report ${reason} as an Event about this pod: ${failure}`;
    const line: LogLine = { level: 'warn', kind, message: text, fields };
    return failures.failed({ key: 'pod-event', cause: failure, line });
  },
  'heartbeat-file': ({ kind, file, failure }, failures) => {
    if (failure === null) return failures.ended(kind);
    const text = `cannot write the heartbeat file ${file}: ${failure}`;
    const line: LogLine = { level: 'error', kind, message: text, fields: { file, failure } };
    return failures.failed({ key: kind, cause: failure, line });
  },
  'log-file': ({ kind, file, failure }, failures) => {
    if (failure === null) return failures.ended(kind);
    const text = `cannot write the log file ${file}: ${failure}; its lines are lost until it can be written`;
    const line: LogLine = { level: 'error', kind, message: text, fields: { file, failure } };
    return failures.failed({ key: kind, cause: failure, line });
  },
  stopping: ({ kind, why, limitMs }) => {
    const text = `stopping: ${why}; deadline in ${renderDuration(limitMs)}`;
    return { level: 'info', kind, message: text, fields: { why, limitMs } };
  },
  stopped: ({ kind, durable, waiting, abandoned }) => {
    const waits = waiting === null ? 'number of waiting deliveries unknown' : `${waiting} waiting`;
    const left = `${counted(abandoned, 'attempt')} abandoned, ${waits}`;
    const fields = { durable, waiting, abandoned };
    if (!durable && (waiting ?? 0) + abandoned > 0) {
      const text = `stopped: ${left}: lost, because this store is not durable`;
      return { level: 'error', kind, message: text, fields };
    }
    const kept = (waiting ?? 0) > 0 ? '; waiting deliveries resume at the next start' : '';
    const text = `stopped: ${left}${kept}`;
    return { level: abandoned === 0 ? 'info' : 'warn', kind, message: text, fields };
  },
  bug: ({ where, error }) => bugLine(where, error),
};

/** Makes the line of an error that should not have happened. */
export function bugLine(where: string, error: unknown): LogLine {
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  const text = `bug in ${where}: ${messageOf(error)} (please report this line)`;
  const line: LogLine = { level: 'error', kind: 'bug', message: text, fields: { where } };
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

/** Lines about the store, the clock and the work of earlier processes. */
export const STORE_LINES: LineTable<StoreObserved> = {
  'store-opened': ({ kind, store, durable, at, history }) => {
    const where = at === '' ? '' : ` in ${at}, its history in ${history}`;
    const fields = { store, durable, at, history };
    return { level: 'info', kind, message: `store ${store}${where}`, fields };
  },
  'store-to-move': ({ kind, at, to, command }) => {
    const what = `the store ${at} is in the working directory, the default of earlier versions`;
    const next =
      command === ''
        ? `${to} exists too and is not used; move one of the two away`
        : `to move it to ${to}, stop the gateway and run: ${command}`;
    const text = `${what}; set SLUICE_DATA=. to keep it here without this warning; ${next}`;
    return { level: 'warn', kind, message: text, fields: { at, to, command } };
  },
  'store-trouble': ({ kind, state, why }, failures) => {
    if (state === 'available') return failures.ended('store');
    const text = `the store accepts no changes: ${why}; free space or repair the disk; failed calls are retried automatically`;
    const line: LogLine = { level: 'error', kind, message: text, fields: { state, why } };
    return failures.failed({ key: 'store', cause: why, line });
  },
  'store-usage': ({ kind, scrape, level, overflow, bytes, maxBytes }) => {
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
  'work-resumed': ({ kind, lost, unattempted, downMs }) => {
    if (downMs === null && lost + unattempted === 0) return null;
    const down = downMs === null ? '' : renderDuration(Math.round(downMs / 1000) * 1000);
    const after = down === '' ? '' : ` after ${down} of downtime`;
    const unknown = `${counted(lost, 'attempt')} with unknown outcome: the process died before the answer was stored`;
    const text = `resumed${after}${lost === 0 ? '' : `: ${unknown}`}`;
    const fields = { lost, unattempted, downMs };
    return { level: lost === 0 ? 'info' : 'warn', kind, message: text, fields };
  },
  'history-lost': ({ kind, file, movedTo, why }) => {
    const where =
      movedTo === null ? 'decisions are not stored until it can be opened' : `moved to ${movedTo}`;
    const text = `cannot use the history ${file}: ${why}; ${where}; deliveries are not affected`;
    return { level: 'error', kind, message: text, fields: { file, movedTo: movedTo ?? '', why } };
  },
  'clock-jumped': ({ kind, byMs }) => {
    const by = renderDuration(Math.round(Math.abs(byMs) / 1000) * 1000);
    const text = `the clock jumped ${byMs < 0 ? 'back' : 'forward'} ${by}; waiting deliveries are due as before`;
    return { level: 'warn', kind, message: text, fields: { byMs } };
  },
};

/** Lines about permissions and manifests that the cluster refuses. */
export const ACCESS_LINES: LineTable<AccessObserved> = {
  permission: ({ kind, state, needed, detail }, failures) => {
    const access = accessText(needed);
    if (state === 'granted') return failures.ended(`permission ${access}`);
    const said = detail === '' ? '' : `: ${detail}`;
    const text = `permission missing: ${access} (${needed.why})${said}; sluice rbac prints the Roles that grant it`;
    const line: LogLine = {
      level: 'error',
      kind,
      message: text,
      fields: { state, ...needed, detail },
    };
    return failures.failed({ key: `permission ${access}`, cause: 'missing', line });
  },
  'access-review': ({ kind, state, why }, failures) => {
    if (state === 'answered') return failures.ended('access-review');
    const text = `cannot review the permissions of this account: ${why}; reading begins without that`;
    const line: LogLine = { level: 'info', kind, message: text, fields: { state, why } };
    return failures.failed({ key: 'access-review', cause: why, line });
  },
  'dry-run': ({ kind, trigger, state, fault, detail }, failures) => {
    if (state === 'accepted') return failures.ended(`dry-run ${trigger}`);
    const text = `trigger ${trigger}: the API server refuses its manifest in a dry run, ${fault}: ${detail}; it would refuse each delivery`;
    const line: LogLine = {
      level: 'warn',
      kind,
      message: text,
      fields: { trigger, state, fault, detail },
    };
    return failures.failed({ key: `dry-run ${trigger}`, cause: `${fault} ${detail}`, line });
  },
};
