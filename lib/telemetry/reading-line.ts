// The lines about reading: watches, lists, gaps. Watches and lists of a path fail separately. A
// watch that cannot be opened while lists succeed is therefore logged once, not after every list.

import type { ReadingObserved, TroubleReason } from '../core/observation.ts';
import type { Gap, Position } from '../core/source.ts';
import { renderDuration } from '../kit/text/quantity.ts';
import type { FailureLog } from './failure-log.ts';
import { counted } from './log-value.ts';
import type { LogLevel, LogLine } from './logging.ts';

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

/** Makes the lines about reading a watch path. */
export function readingLines(observed: ReadingObserved, failures: FailureLog): readonly LogLine[] {
  switch (observed.kind) {
    case 'reading': {
      const { source, path, state, why } = observed;
      const text = `${source}: ${state} ${path}${why === '' ? '' : `: ${why}`}`;
      return [{ level: 'debug', kind: observed.kind, text, fields: { source, path, state, why } }];
    }
    case 'watch-opened': {
      const { source, path, resourceVersion } = observed;
      const text = `${source}: watching ${path} from resourceVersion ${resourceVersion}`;
      const fields = { source, path, resourceVersion };
      return [{ level: 'debug', kind: observed.kind, text, fields }];
    }
    case 'path-current': {
      const { source, path } = observed;
      const keys = [`watch ${source} ${path}`, `stale ${source} ${path}`];
      return keys.flatMap((key) => listed(failures.ended(key)));
    }
    case 'path-stale':
      return stale(observed, failures);
    case 'watch-ended':
      return [watchEnded(observed, failures)];
    case 'list-ended':
      return [
        listEnded(observed),
        ...listed(failures.ended(`list ${observed.source} ${observed.path}`)),
      ];
    case 'list-failed':
      return [listFailed(observed, failures)];
    case 'frame-skipped':
      return [frameSkipped(observed, failures)];
    case 'gap':
      return [gap(observed.gap)];
    case 'path-retired':
      return [retired(observed)];
    case 'events-read':
      return [];
    default:
      return observed satisfies never;
  }
}

function listed(line: LogLine | null): readonly LogLine[] {
  return line === null ? [] : [line];
}

type ReadingOf<K extends ReadingObserved['kind']> = Extract<ReadingObserved, { kind: K }>;

function watchEnded(observed: ReadingOf<'watch-ended'>, failures: FailureLog): LogLine {
  const { kind, source, path, reason, detail, lastedMs, retryMs } = observed;
  const level = REASON_LEVELS[reason];
  const text = `${source}: watch of ${path} ended, ${reason}${after(detail)}; reconnect in ${renderDuration(retryMs)}`;
  const line = { level, kind, text, fields: { source, path, reason, detail, lastedMs, retryMs } };
  if (level === 'debug') return line;
  return failures.failed({ key: `watch ${source} ${path}`, cause: reason, line });
}

// Logged once, after a minute; before that, only the readiness mentions it.
const STALE_MS = 60_000;

function stale(observed: ReadingOf<'path-stale'>, failures: FailureLog): readonly LogLine[] {
  const { kind, source, path, ageMs } = observed;
  if (ageMs < STALE_MS) return [];
  const age = renderDuration(Math.round(ageMs / 1000) * 1000);
  const text = `${source}: ${path} is stale: no Event and no sign of a working watch for ${age}`;
  const line = { level: 'warn', kind, text, fields: { source, path, ageMs } } as const;
  return [failures.failed({ key: `stale ${source} ${path}`, cause: 'stale', line })];
}

function listEnded(observed: ReadingOf<'list-ended'>): LogLine {
  const { kind, source, path, purpose, items, pages, durationMs } = observed;
  const read = `${counted(items, 'object')} on ${counted(pages, 'page')}`;
  return {
    level: purpose === 'refresh' ? 'debug' : 'info',
    kind,
    text: `${source}: ${purpose} list of ${path}: ${read} in ${renderDuration(durationMs)}`,
    fields: { source, path, purpose, items, pages, durationMs },
  };
}

function listFailed(observed: ReadingOf<'list-failed'>, failures: FailureLog): LogLine {
  const { kind, source, path, reason, detail, retryMs } = observed;
  const level = REASON_LEVELS[reason];
  const text = `${source}: cannot list ${path}, ${reason}${after(detail)}; retry in ${renderDuration(retryMs)}`;
  const line = { level, kind, text, fields: { source, path, reason, detail, retryMs } };
  if (level === 'debug') return line;
  return failures.failed({ key: `list ${source} ${path}`, cause: reason, line });
}

function frameSkipped(observed: ReadingOf<'frame-skipped'>, failures: FailureLog): LogLine {
  const { kind, source, path, bytes, why } = observed;
  const text = `${source}: skipped one Event of ${path}: ${why} (${bytes} bytes)`;
  const line = { level: 'error' as const, kind, text, fields: { source, path, bytes, why } };
  return failures.passed({ key: `frame ${source} ${path}`, cause: why, line });
}

function retired({ kind, path, heirs }: ReadingOf<'path-retired'>): LogLine {
  const rest = heirs.length === 0 ? 'no path covers its Events' : `covered by ${heirs.join(', ')}`;
  const text = `${path} is no longer read; ${rest}`;
  return { level: 'info', kind, text, fields: { path, heirs: heirs.join(' ') } };
}

function gap({ source, path, loss, why, from, to }: Gap): LogLine {
  const bounds = from === null ? `before ${bound(to)}` : `between ${bound(from)} and ${bound(to)}`;
  return {
    // Without an earlier position this is a first start, not a loss.
    level: from === null && loss === 'possible-loss' ? 'warn' : GAP_LEVELS[loss],
    kind: 'gap',
    text: `${source}: gap in ${path} ${bounds}, ${loss}${after(why)}`,
    fields: { source, path, loss, why, from: fields(from), to: fields(to) },
  };
}

function fields(
  position: Position | null,
): { readonly resourceVersion: string; readonly at: number } | null {
  return position === null ? null : { resourceVersion: position.resourceVersion, at: position.at };
}

function bound(position: Position): string {
  return `${position.resourceVersion} (${new Date(position.at).toISOString()})`;
}

function after(detail: string): string {
  return detail === '' ? '' : `: ${detail}`;
}
