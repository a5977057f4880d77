// The lines about the process, its configuration, its cluster, its store and the clock.

import { messageOf } from '../core/errors.ts';
import type { LifecycleObserved } from '../core/observation.ts';
import type { Problem, Severity } from '../core/problem.ts';
import type { StoreObserved } from '../core/store-observation.ts';
import { renderDuration, renderSize } from '../kit/text/quantity.ts';
import type { FailureLog } from './failure-log.ts';
import { counted } from './log-value.ts';
import type { LogLevel, LogLine } from './logging.ts';

const SEVERITY_LEVELS = {
  error: 'error',
  warning: 'warn',
  info: 'info',
} as const satisfies Record<Severity, LogLevel>;

const FORMS = {
  ours: '',
  original: " (the original's form)",
  none: '; every Event is logged and rejected',
} as const satisfies Record<Extract<LifecycleObserved, { kind: 'started' }>['form'], string>;

const CLUSTER_ID_FROM = {
  'kube-system': 'the uid of namespace kube-system',
  namespace: "the uid of the gateway's own namespace",
  random: 'random, because no namespace is readable',
} as const satisfies Record<Extract<LifecycleObserved, { kind: 'cluster-found' }>['from'], string>;

/** Makes the lines about the life of the process. */
export function lifecycleLines(
  observed: LifecycleObserved,
  failures: FailureLog,
): readonly LogLine[] {
  switch (observed.kind) {
    case 'started': {
      const { version, configuration, form } = observed;
      const named = configuration === '' ? 'no configuration' : configuration;
      const text = `sluice ${version} with ${named}${FORMS[form]}`;
      return [info(observed.kind, text, { version, configuration, form })];
    }
    case 'configuration-problem':
      return [problemLine(observed.problem)];
    case 'cluster-found':
      return clusterFound(observed, failures);
    case 'cluster-waiting': {
      const { kind, server, why } = observed;
      const text = `waiting for the API server ${server}: ${why}`;
      const line: LogLine = { level: 'warn', kind, text, fields: { server, why } };
      return [failures.failed({ key: 'cluster', cause: why, line })];
    }
    case 'cluster-changed': {
      const { kind, from, to, orphaned } = observed;
      const text = `another cluster: found ${to}, expected ${from}; everything is listed again, ${orphaned} deliveries orphaned`;
      return [{ level: 'error', kind, text, fields: { from, to, orphaned } }];
    }
    case 'configuration-kept': {
      const { kind, file, kept, since, problems } = observed;
      const name = kept === file ? '' : ` ${kept}`;
      const text = `configuration ${file} is refused (${counted(problems, 'problem')}); the last good one${name} of ${new Date(since).toISOString()} runs instead`;
      return [{ level: 'error', kind, text, fields: { file, kept, since, problems } }];
    }
    case 'credentials-reread': {
      const { why } = observed;
      return [info(observed.kind, `credentials read again: ${why}`, { why })];
    }
    case 'proxy-used':
      return [proxyUsed(observed)];
    case 'listening': {
      const { kind, listener, address, tokenFile } = observed;
      if (tokenFile === undefined)
        return [info(kind, `${listener} on ${address}`, { listener, address })];
      const text = `${listener} on ${address}, with the token in ${tokenFile}`;
      return [info(kind, text, { listener, address, tokenFile })];
    }
    case 'stopping': {
      const { why, limitMs } = observed;
      const text = `stopping: ${why}; deadline in ${renderDuration(limitMs)}`;
      return [info(observed.kind, text, { why, limitMs })];
    }
    case 'stopped':
      return [stopped(observed)];
    case 'bug':
      return [bugLine(observed.where, observed.error)];
    default:
      return observed satisfies never;
  }
}

/** Makes the line of an error that should not have happened. */
export function bugLine(where: string, error: unknown): LogLine {
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  const text = `bug in ${where}: ${messageOf(error)} (please report this line)`;
  const line: LogLine = { level: 'error', kind: 'bug', text, fields: { where } };
  return stack.length === 0 ? line : { ...line, more: stack.map((frame) => frame.trim()) };
}

function info(kind: string, text: string, fields: LogLine['fields']): LogLine {
  return { level: 'info', kind, text, fields };
}

type LifecycleOf<K extends LifecycleObserved['kind']> = Extract<LifecycleObserved, { kind: K }>;

function clusterFound(
  observed: LifecycleOf<'cluster-found'>,
  failures: FailureLog,
): readonly LogLine[] {
  const { kind, id, from, server } = observed;
  const text = `cluster ${id} at ${server} (${CLUSTER_ID_FROM[from]})`;
  const ended = failures.ended('cluster');
  return [...(ended === null ? [] : [ended]), info(kind, text, { id, from, server })];
}

function proxyUsed({ kind, trigger, proxy, from }: LifecycleOf<'proxy-used'>): LogLine {
  const server = trigger === null ? 'the API server' : `the receiver of trigger ${trigger}`;
  const text = `${server} is reached through the proxy ${proxy} (${from})`;
  return info(kind, text, { ...(trigger !== null && { trigger }), proxy, from });
}

function problemLine(problem: Problem): LogLine {
  const { severity, code, path, line, column, message, hint } = problem;
  const place = line === 0 ? path : `${path} (line ${line}, column ${column})`;
  const where = place === '' ? '' : `configuration ${place}: `;
  return {
    level: SEVERITY_LEVELS[severity],
    kind: 'configuration-problem',
    text: `${where}${message}${hint === '' ? '' : `; ${hint}`} [${code}]`,
    fields: { severity, code, path, line, column, message, hint },
  };
}

function stopped({ kind, durable, waiting, abandoned }: LifecycleOf<'stopped'>): LogLine {
  const waits = waiting === null ? 'number of waiting deliveries unknown' : `${waiting} waiting`;
  const left = `${counted(abandoned, 'attempt')} abandoned, ${waits}`;
  const fields = { durable, waiting, abandoned };
  if (!durable && (waiting ?? 0) + abandoned > 0) {
    const text = `stopped: ${left}: lost, because this store is not durable`;
    return { level: 'error', kind, text, fields };
  }
  const level = abandoned === 0 ? 'info' : 'warn';
  const kept = (waiting ?? 0) > 0 ? '; waiting deliveries resume at the next start' : '';
  return { level, kind, text: `stopped: ${left}${kept}`, fields };
}

type Usage = Extract<StoreObserved, { kind: 'store-usage' }>;

const USAGE_LEVELS = { fine: 'info', near: 'warn', full: 'error' } as const satisfies Record<
  Usage['level'],
  LogLevel
>;

const WHEN_FULL = {
  block: 'reading stops until deliveries are settled',
  shed: 'new deliveries are shed',
} as const satisfies Record<Usage['overflow'], string>;

/** Makes the lines about the store, the clock and the work of earlier processes. */
export function storeLines(observed: StoreObserved, failures: FailureLog): readonly LogLine[] {
  switch (observed.kind) {
    case 'store-opened': {
      const { kind, store, durable, at, history } = observed;
      const where = at === '' ? '' : ` in ${at}, its history in ${history}`;
      const fields = { store, durable, at, history };
      return [{ level: 'info', kind, text: `store ${store}${where}`, fields }];
    }
    case 'store-to-move':
      return [toMove(observed)];
    case 'store-trouble':
      return trouble(observed, failures);
    case 'store-usage':
      return observed.scrape === true ? [] : usage(observed);
    case 'work-resumed':
      return resumed(observed);
    case 'history-lost': {
      const { kind, file, movedTo, why } = observed;
      const where =
        movedTo === null
          ? 'decisions are not stored until it can be opened'
          : `moved to ${movedTo}`;
      const text = `cannot use the history ${file}: ${why}; ${where}; deliveries are not affected`;
      return [{ level: 'error', kind, text, fields: { file, movedTo: movedTo ?? '', why } }];
    }
    case 'clock-jumped': {
      const { kind, byMs } = observed;
      const by = renderDuration(Math.round(Math.abs(byMs) / 1000) * 1000);
      const text = `the clock jumped ${byMs < 0 ? 'back' : 'forward'} ${by}; waiting deliveries are due as before`;
      return [{ level: 'warn', kind, text, fields: { byMs } }];
    }
    default:
      return observed satisfies never;
  }
}

function toMove({
  kind,
  at,
  to,
  command,
}: Extract<StoreObserved, { kind: 'store-to-move' }>): LogLine {
  const what = `the store ${at} is in the working directory, the default of earlier versions`;
  const next =
    command === ''
      ? `${to} exists too and is not used; move one of the two away`
      : `to move it to ${to}, stop the gateway and run: ${command}`;
  const text = `${what}; set SLUICE_DATA=. to keep it here without this warning; ${next}`;
  return { level: 'warn', kind, text, fields: { at, to, command } };
}

function trouble(
  observed: Extract<StoreObserved, { kind: 'store-trouble' }>,
  failures: FailureLog,
): readonly LogLine[] {
  const { kind, state, why } = observed;
  if (state === 'available') {
    const ended = failures.ended('store');
    return ended === null ? [] : [ended];
  }
  const text = `the store accepts no changes: ${why}; free space or repair the disk; failed calls are retried automatically`;
  const line: LogLine = { level: 'error', kind, text, fields: { state, why } };
  return [failures.failed({ key: 'store', cause: why, line })];
}

function usage({ kind, level, overflow, bytes, maxBytes }: Usage): readonly LogLine[] {
  const share = `${renderSize(bytes)} of ${renderSize(maxBytes)}`;
  const texts = {
    fine: `the store has room again: ${share}`,
    near: `the store is nearly full: ${share}; once it is full, ${WHEN_FULL[overflow]}`,
    full: `the store is full: ${share}; ${WHEN_FULL[overflow]}`,
  };
  const fields = { level, overflow, bytes, maxBytes };
  return [{ level: USAGE_LEVELS[level], kind, text: texts[level], fields }];
}

function resumed(observed: Extract<StoreObserved, { kind: 'work-resumed' }>): readonly LogLine[] {
  const { kind, lost, unattempted, downMs } = observed;
  if (downMs === null && lost + unattempted === 0) return [];
  const down = downMs === null ? '' : renderDuration(Math.round(downMs / 1000) * 1000);
  const after = down === '' ? '' : ` after ${down} of downtime`;
  const unknown = `${counted(lost, 'attempt')} with unknown outcome: the process died before the answer was stored`;
  const text = `resumed${after}${lost === 0 ? '' : `: ${unknown}`}`;
  const fields = { lost, unattempted, downMs };
  return [{ level: lost === 0 ? 'info' : 'warn', kind, text, fields }];
}
