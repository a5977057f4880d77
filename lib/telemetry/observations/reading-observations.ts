// The rows about reading: watches, lists, gaps. Watches and lists of a path fail separately. A
// watch that cannot be opened while lists succeed is therefore logged once, not after every list.

import type { Json } from '../../core/json-object.ts';
import type { ReadingObserved } from '../../core/observation.ts';
import type { Gap, Position, TroubleReason } from '../../core/ports/source.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import { counted } from '../log-value.ts';
import type { LogLevel, LogLine } from '../logging.ts';
import type { RowTable } from './row.ts';

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

/** The reading of a watch path. */
export const READING_ROWS: RowTable<ReadingObserved> = {
  reading: {
    line: ({ kind, source, path, state, why }) => {
      const message = `${source}: ${state} ${path}${after(why)}`;
      return { level: 'debug', kind, message, fields: { source, path, state, why } };
    },
    state: (observed, state) => state.reads(observed),
  },
  'watch-opened': {
    line: ({ kind, source, path, resourceVersion }) => {
      const message = `${source}: watching ${path} from resourceVersion ${resourceVersion}`;
      return { level: 'debug', kind, message, fields: { source, path, resourceVersion } };
    },
  },
  'path-current': {
    line: ({ source, path }, failures) =>
      ['watch', 'stale'].map((what) => failures.ended(`${what} ${source} ${path}`)),
    state: (observed, state) => state.ages(observed, null),
  },
  'path-stale': {
    line: ({ kind, source, path, ageMs }, failures) => {
      if (ageMs < STALE_MS) return null;
      const age = renderDuration(Math.round(ageMs / 1000) * 1000);
      const message = `${source}: ${path} is stale: no Event and no sign of a working watch for ${age}`;
      const line: LogLine = { level: 'warn', kind, message, fields: { source, path, ageMs } };
      return failures.failed(`stale ${source} ${path}`, 'stale', line);
    },
    state: (observed, state) => state.ages(observed, observed.ageMs),
  },
  'watch-ended': {
    line: ({ kind, source, path, reason, detail, lastedMs, retryMs }, failures) => {
      const level = REASON_LEVELS[reason];
      const message = `${source}: watch of ${path} ended, ${reason}${after(detail)}; reconnect in ${renderDuration(retryMs)}`;
      const line = {
        level,
        kind,
        message,
        fields: { source, path, reason, detail, lastedMs, retryMs },
      };
      if (level === 'debug') return line;
      return failures.failed(`watch ${source} ${path}`, reason, line);
    },
    count: ({ source, reason }, metrics) =>
      metrics.add('sluice_watch_restarts_total', { source, reason }),
  },
  'list-ended': {
    line: ({ kind, source, path, purpose, items, pages, durationMs }, failures) => {
      const read = `${counted(items, 'object')} on ${counted(pages, 'page')}`;
      const message = `${source}: ${purpose} list of ${path}: ${read} in ${renderDuration(durationMs)}`;
      const level = purpose === 'refresh' ? 'debug' : 'info';
      const fields = { source, path, purpose, items, pages, durationMs };
      return [{ level, kind, message, fields }, failures.ended(`list ${source} ${path}`)];
    },
    count: ({ source, purpose }, metrics) =>
      metrics.add('sluice_lists_made_total', { source, purpose }),
  },
  'list-failed': {
    line: ({ kind, source, path, reason, detail, retryMs }, failures) => {
      const level = REASON_LEVELS[reason];
      const message = `${source}: cannot list ${path}, ${reason}${after(detail)}; retry in ${renderDuration(retryMs)}`;
      const line = { level, kind, message, fields: { source, path, reason, detail, retryMs } };
      if (level === 'debug') return line;
      return failures.failed(`list ${source} ${path}`, reason, line);
    },
    count: ({ source, reason }, metrics) =>
      metrics.add('sluice_lists_failed_total', { source, reason }),
  },
  'frame-skipped': {
    line: ({ kind, source, path, bytes, why }, failures) => {
      const message = `${source}: skipped one Event of ${path}: ${why} (${bytes} bytes)`;
      const line: LogLine = { level: 'error', kind, message, fields: { source, path, bytes, why } };
      return failures.passed(`frame ${source} ${path}`, why, line);
    },
    count: ({ source }, metrics) => metrics.add('sluice_frames_skipped_total', { source }),
  },
  gap: {
    line: ({ kind, gap: { source, path, loss, why, from, to } }) => {
      const bounds =
        from === null ? `before ${bound(to)}` : `between ${bound(from)} and ${bound(to)}`;
      const message = `${source}: gap in ${path} ${bounds}, ${loss}${after(why)}`;
      // Without an earlier position this is a first start, not a loss.
      const level = from === null && loss === 'possible-loss' ? 'warn' : GAP_LEVELS[loss];
      const fields = { source, path, loss, why, from: fieldsOf(from), to: fieldsOf(to) };
      return { level, kind, message, fields };
    },
    count: ({ gap: { source, loss } }, metrics) =>
      metrics.add('sluice_gaps_found_total', { source, loss }),
  },
  'path-retired': {
    line: ({ kind, path, heirs }) => {
      const rest =
        heirs.length === 0 ? 'no path covers its Events' : `covered by ${heirs.join(', ')}`;
      const message = `${path} is no longer read; ${rest}`;
      return { level: 'info', kind, message, fields: { path, heirs: heirs.join(' ') } };
    },
  },
  'events-read': {
    count: ({ source, from, count }, metrics) =>
      metrics.add('sluice_events_read_total', { source, from }, count),
  },
  'position-age': { state: (observed, state) => state.measures(observed) },
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
