// The lines about the store and about time: what is taken, what is not, and what earlier processes
// left behind.

import type { StoreObserved } from '../core/store-observation.ts';
import { renderDuration } from '../kit/duration.ts';
import { renderSize } from '../kit/size.ts';
import type { FailureLog } from './failure-log.ts';
import type { Line, LogLevel } from './logging.ts';
import { counted } from './token.ts';

type Usage = Extract<StoreObserved, { kind: 'store-usage' }>;

const USAGE_LEVELS = { fine: 'info', near: 'warn', full: 'error' } as const satisfies Record<
  Usage['level'],
  LogLevel
>;

const WHEN_FULL = {
  block: 'reading stops until deliveries are settled',
  shed: 'new deliveries are shed',
} as const satisfies Record<Usage['overflow'], string>;

/** The lines about the store. */
export function storeLines(observed: StoreObserved, failures: FailureLog): readonly Line[] {
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
          ? 'no decision is kept until it can be opened again'
          : `it lies in ${movedTo} now`;
      const text = `the history ${file} can not be used: ${why}; ${where}; deliveries are not touched`;
      return [{ level: 'error', kind, text, fields: { file, movedTo: movedTo ?? '', why } }];
    }
    case 'clock-jumped': {
      const { kind, byMs } = observed;
      const by = renderDuration(Math.round(Math.abs(byMs) / 1000) * 1000);
      const text = `the clock jumped ${byMs < 0 ? 'back' : 'forward'} ${by}; what waits is due as before`;
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
}: Extract<StoreObserved, { kind: 'store-to-move' }>): Line {
  const what = `the store ${at} lies in the working directory, as earlier versions had it`;
  const next =
    command === ''
      ? `${to} is there too and is not used; move one of the two away`
      : `to move it to ${to}, stop the gateway and run: ${command}`;
  const text = `${what}; with SLUICE_DATA=. it stays here without this line; ${next}`;
  return { level: 'warn', kind, text, fields: { at, to, command } };
}

function trouble(
  observed: Extract<StoreObserved, { kind: 'store-trouble' }>,
  failures: FailureLog,
): readonly Line[] {
  const { kind, state, why } = observed;
  if (state === 'available') {
    const ended = failures.ended('store');
    return ended === null ? [] : [ended];
  }
  const text = `the store takes nothing: ${why}; make room or mend the disk; it goes on by itself`;
  const line: Line = { level: 'error', kind, text, fields: { state, why } };
  return [failures.failed({ key: 'store', cause: why, line })];
}

function usage({ kind, level, overflow, bytes, maxBytes }: Usage): readonly Line[] {
  const share = `${renderSize(bytes)} of ${renderSize(maxBytes)}`;
  const texts = {
    fine: `the store has room again: ${share}`,
    near: `the store is nearly full: ${share}; then ${WHEN_FULL[overflow]}`,
    full: `the store is full: ${share}; ${WHEN_FULL[overflow]}`,
  };
  const fields = { level, overflow, bytes, maxBytes };
  return [{ level: USAGE_LEVELS[level], kind, text: texts[level], fields }];
}

function resumed(observed: Extract<StoreObserved, { kind: 'work-resumed' }>): readonly Line[] {
  const { kind, lost, unattempted, downMs } = observed;
  if (downMs === null && lost + unattempted === 0) return [];
  const away =
    downMs === null
      ? ''
      : ` after ${renderDuration(Math.round(downMs / 1000) * 1000)} without a gateway`;
  const left =
    lost === 0
      ? ''
      : `: ${counted(lost, 'attempt')} whose process died before the answer was written down`;
  const fields = { lost, unattempted, downMs };
  return [{ level: lost === 0 ? 'info' : 'warn', kind, text: `resumed${away}${left}`, fields }];
}
