// The lines about reading: watches, lists, gaps. Watches and lists of a path fail separately. A
// watch that cannot be opened while lists succeed is therefore logged once, not after every list.

import type { Json } from '../../core/event.ts';
import type { ReadingObserved } from '../../core/observation.ts';
import type { Gap, Position, TroubleReason } from '../../core/source.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import type { LineTable } from '../failure-log.ts';
import { counted } from '../log-value.ts';
import type { LogLevel, LogLine } from '../logging.ts';

// Debug: the normal end of a watch of Events, closed in time or with 410 after a quiet period.
// Error: retrying alone cannot help, so a human must act.
const REASON_LEVELS = {
  closed: 'debug',
  expired: 'debug',
  idle: 'debug',
  'closed-early': 'warn',
  cut: 'warn',
  silent: 'warn',
  'previous-value-lost': 'warn',
  'storage-read-error': 'warn',
  'version-too-large': 'warn',
  throttled: 'warn',
  unauthorized: 'error',
  forbidden: 'error',
  'not-found': 'error',
  'bad-request': 'error',
  unavailable: 'warn',
  unreachable: 'warn',
  'no-api-server': 'error',
  'too-large': 'error',
  'bad-list': 'warn',
  'bad-frame': 'warn',
  'server-error': 'warn',
} as const satisfies Record<TroubleReason, LogLevel>;

const GAP_LEVELS = {
  none: 'debug',
  coalesced: 'info',
  'possible-loss': 'error',
} as const satisfies Record<Gap['loss'], LogLevel>;

// Logged once, after a minute; before that, only the readiness mentions it.
const STALE_MS = 60_000;

/** Lines about reading a watch path. */
export const READING_LINES: LineTable<ReadingObserved> = {
  reading: ({ kind, source, path, state, why }) => {
    const text = `${source}: ${state} ${path}${after(why)}`;
    return { level: 'debug', kind, message: text, fields: { source, path, state, why } };
  },
  'watch-opened': ({ kind, source, path, resourceVersion }) => {
    const text = `${source}: watching ${path} from resourceVersion ${resourceVersion}`;
    return { level: 'debug', kind, message: text, fields: { source, path, resourceVersion } };
  },
  'path-current': ({ source, path }, failures) =>
    ['watch', 'stale'].map((what) => failures.ended(`${what} ${source} ${path}`)),
  'path-stale': ({ kind, source, path, ageMs }, failures) => {
    if (ageMs < STALE_MS) return null;
    const age = renderDuration(Math.round(ageMs / 1000) * 1000);
    const text = `${source}: ${path} is stale: no Event and no sign of a working watch for ${age}`;
    const line: LogLine = { level: 'warn', kind, message: text, fields: { source, path, ageMs } };
    return failures.failed({ key: `stale ${source} ${path}`, cause: 'stale', line });
  },
  'watch-ended': ({ kind, source, path, reason, detail, lastedMs, retryMs }, failures) => {
    const level = REASON_LEVELS[reason];
    const text = `${source}: watch of ${path} ended, ${reason}${after(detail)}; reconnect in ${renderDuration(retryMs)}`;
    const line = {
      level,
      kind,
      message: text,
      fields: { source, path, reason, detail, lastedMs, retryMs },
    };
    if (level === 'debug') return line;
    return failures.failed({ key: `watch ${source} ${path}`, cause: reason, line });
  },
  'list-ended': ({ kind, source, path, purpose, items, pages, durationMs }, failures) => {
    const read = `${counted(items, 'object')} on ${counted(pages, 'page')}`;
    const text = `${source}: ${purpose} list of ${path}: ${read} in ${renderDuration(durationMs)}`;
    const level = purpose === 'refresh' ? 'debug' : 'info';
    const fields = { source, path, purpose, items, pages, durationMs };
    return [{ level, kind, message: text, fields }, failures.ended(`list ${source} ${path}`)];
  },
  'list-failed': ({ kind, source, path, reason, detail, retryMs }, failures) => {
    const level = REASON_LEVELS[reason];
    const text = `${source}: cannot list ${path}, ${reason}${after(detail)}; retry in ${renderDuration(retryMs)}`;
    const line = { level, kind, message: text, fields: { source, path, reason, detail, retryMs } };
    if (level === 'debug') return line;
    return failures.failed({ key: `list ${source} ${path}`, cause: reason, line });
  },
  'frame-skipped': ({ kind, source, path, bytes, why }, failures) => {
    const text = `${source}: skipped one Event of ${path}: ${why} (${bytes} bytes)`;
    const line: LogLine = {
      level: 'error',
      kind,
      message: text,
      fields: { source, path, bytes, why },
    };
    return failures.passed({ key: `frame ${source} ${path}`, cause: why, line });
  },
  gap: ({ kind, gap: { source, path, loss, why, from, to } }) => {
    const bounds =
      from === null ? `before ${bound(to)}` : `between ${bound(from)} and ${bound(to)}`;
    const text = `${source}: gap in ${path} ${bounds}, ${loss}${after(why)}`;
    // Without an earlier position this is a first start, not a loss.
    const level = from === null && loss === 'possible-loss' ? 'warn' : GAP_LEVELS[loss];
    const fields = { source, path, loss, why, from: fieldsOf(from), to: fieldsOf(to) };
    return { level, kind, message: text, fields };
  },
  'path-retired': ({ kind, path, heirs }) => {
    const rest =
      heirs.length === 0 ? 'no path covers its Events' : `covered by ${heirs.join(', ')}`;
    const text = `${path} is no longer read; ${rest}`;
    return { level: 'info', kind, message: text, fields: { path, heirs: heirs.join(' ') } };
  },
  'events-read': () => null,
  'position-age': () => null,
};

function fieldsOf(position: Position | null): Json {
  return position === null ? null : { resourceVersion: position.resourceVersion, at: position.at };
}

function bound(position: Position): string {
  return `${position.resourceVersion} (${new Date(position.at).toISOString()})`;
}

function after(detail: string): string {
  return detail === '' ? '' : `: ${detail}`;
}
