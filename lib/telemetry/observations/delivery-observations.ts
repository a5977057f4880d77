// The rows about deliveries and limits. An attempt is a debug line unless it failed in a new way.
// The final state of a delivery is logged once: at info if it arrived, at error if it is not
// retried. A limit is logged when it begins and when it stops to hold or shed deliveries; the
// deliveries themselves have their decision lines.

import {
  type DeliveryState,
  isUnsettled,
  type Outcome,
  type PauseReason,
  pauseReasonOf,
  type RetryReason,
  type Started,
  type UnknownReason,
} from '../../core/delivery.ts';
import type { ByKind, DeliveryObserved, LimitObserved, LimitUser } from '../../core/observation.ts';
import { renderDuration } from '../../kit/text/quantity.ts';
import { originalDelivery } from '../brigade-format.ts';
import type { FailureLog } from '../failure-log.ts';
import { counted, ruleLabel, token } from '../log-value.ts';
import type { LogLevel, LogLine } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import type { ObservationLines, RowTable } from './row.ts';

const STATE_LEVELS = {
  waiting: 'debug',
  held: 'debug',
  open: 'debug',
  running: 'debug',
  delivered: 'info',
  refused: 'error',
  unknown: 'error',
  dead: 'error',
  orphaned: 'error',
  discarded: 'info',
} as const satisfies Record<DeliveryState, LogLevel>;

// Error: retrying alone cannot help, so a human must act; Sluice retries all the same.
const RETRY_LEVELS = {
  // The line about the pause of the lane reports these two.
  throttled: 'debug',
  unauthorized: 'debug',
  unavailable: 'warn',
  unreachable: 'warn',
  forbidden: 'error',
  'namespace-terminating': 'warn',
  quota: 'warn',
  admission: 'error',
  'asked-to': 'warn',
  redirected: 'error',
  'not-found': 'error',
  'not-permitted': 'error',
  'not-sent': 'warn',
  'secret-missing': 'error',
} as const satisfies Record<RetryReason, LogLevel>;

// An attempt with an unknown outcome may be retried for a day, and each repetition is a debug line.
// If it is not retried, the delivery moves to `unknown`, which has an error line of its own. A
// receiver that redirects every request needs another URL, and each retry may start a build.
const LOST_LEVELS = {
  timeout: 'warn',
  redirected: 'error',
  conflict: 'warn',
  stopped: 'warn',
  'connection-lost': 'warn',
  'server-error': 'warn',
  // The receiver or the configured expectation needs a human; each retry may start a build.
  'unexpected-answer': 'error',
  signal: 'warn',
  'process-died': 'warn',
  bug: 'warn',
} as const satisfies Record<UnknownReason, LogLevel>;

// Throttling ends by itself; a credential that is not accepted needs a human.
const PAUSE_LEVELS = {
  throttled: 'warn',
  unauthorized: 'error',
} as const satisfies Record<PauseReason, LogLevel>;

/** Deliveries and their lanes. */
export const DELIVERY_ROWS: RowTable<DeliveryObserved> = {
  'attempt-started': {
    line: ({ kind, delivery: { id, trigger, attempts } }) => {
      const fields = { id, trigger, attempt: attempts.length };
      const message = `${trigger}: attempt ${attempts.length} of ${id}`;
      return { level: 'debug', kind, message, fields };
    },
    state: (observed, state) => state.attempts(observed),
    original: originalDelivery,
  },
  'attempt-ended': {
    line: attemptEnded,
    state: (observed, state) => state.attempted(observed),
    count: ({ delivery: { trigger }, outcome: { outcome }, durationMs }, metrics) =>
      metrics.time('sluice_attempt_duration_seconds', { trigger, outcome }, durationMs / 1000),
    original: originalDelivery,
  },
  'delivery-moved': { line: deliveryMoved, count: countMoved, original: originalDelivery },
  'command-output': {
    line: ({ kind, trigger, id, stream, line }) => {
      const message = `${trigger}: ${id} ${stream}: ${line}`;
      return { level: 'info', kind, message, fields: { trigger, id, stream, line } };
    },
  },
  // Logged when it opens and when it closes; the probes in between are debug lines.
  breaker: {
    line: ({ kind, trigger, from, to, why, retryMs }) => {
      const pause = to === 'open' ? `, ${noAttemptsFor(retryMs)}` : '';
      const message = `${trigger}: breaker ${to}${pause}: ${why}`;
      const fields = { trigger, breaker: to, why, retryMs };
      if (to === 'closed') return { level: 'info', kind, message, fields };
      return { level: from === 'closed' ? 'error' : 'debug', kind, message, fields };
    },
    state: (observed, state) => state.breaks(observed),
    count: ({ trigger, to }, metrics) => {
      if (to === 'open') metrics.add('sluice_breaker_opened_total', { trigger });
    },
  },
  // Logged when it begins and when it ends; at debug if the lane is paused again soon.
  pause: {
    line: ({ kind, trigger, reason, state, why, retryMs }, failures) => {
      const key = `pause ${trigger}`;
      const fields = { trigger, state, reason, why, retryMs };
      if (state === 'paused') {
        const message = `${trigger}: paused (${reason}), ${noAttemptsFor(retryMs)}: ${why}`;
        const line: LogLine = { level: PAUSE_LEVELS[reason], kind, message, fields };
        return failures.failed(key, reason, line);
      }
      const message = `${trigger}: pause ${state} (${reason}): ${why}`;
      const ended = state === 'over' ? failures.ended(key) : null;
      if (ended === null) return { level: 'debug', kind, message, fields };
      return { ...ended, fields: { ...ended.fields, state, why } };
    },
    state: (observed, state) => state.pauses(observed),
  },
  'queue-depth': { state: (observed, state) => state.counts(observed) },
};

function noAttemptsFor(ms: number): string {
  return `no attempts for ${renderDuration(Math.ceil(ms / 1000) * 1000)}`;
}

function attemptEnded(
  observed: ByKind<DeliveryObserved>['attempt-ended'],
  failures: FailureLog,
): ObservationLines {
  const { kind, delivery, outcome, durationMs } = observed;
  const { id, trigger, attempts } = delivery;
  const attempt = attempts.length;
  const fields = { id, trigger, attempt, durationMs, ...outcomeFields(outcome) };
  const took = renderDuration(durationMs);
  const message = `${trigger}: attempt ${attempt} of ${id}: ${outcomeText(outcome)} (${took})`;
  const key = `attempt ${trigger}`;
  const line: LogLine = { level: 'debug', kind, message, fields };
  if (outcome.outcome === 'delivered') return [line, failures.ended(key)];
  if (outcome.outcome === 'refused') return line;
  // The line about the pause of the lane reports it once for all attempts with such an answer.
  if (outcome.outcome === 'retry' && pauseReasonOf(outcome) !== null) return line;
  const level =
    outcome.outcome === 'retry' ? RETRY_LEVELS[outcome.reason] : LOST_LEVELS[outcome.reason];
  return failures.failed(key, outcome.reason, { ...line, level });
}

function outcomeText(outcome: Outcome): string {
  if (outcome.outcome !== 'delivered') {
    return `${outcome.outcome}, ${outcome.reason}: ${outcome.detail}`;
  }
  const note = outcome.note === undefined ? '' : ` (${outcome.note})`;
  return `delivered${started(outcome.started ?? null)}${note}`;
}

function outcomeFields(outcome: Outcome): Readonly<Record<string, string>> {
  if (outcome.outcome !== 'delivered') {
    return { outcome: outcome.outcome, reason: outcome.reason, detail: outcome.detail };
  }
  const { outcome: verdict, note } = outcome;
  return note === undefined ? { outcome: verdict } : { outcome: verdict, note };
}

type Moved = ByKind<DeliveryObserved>['delivery-moved'];

function deliveryMoved(observed: Moved): LogLine {
  const { kind, delivery, from, to, dead, possiblyTwice = false, why } = observed;
  const { id, trigger } = delivery;
  const state = dead === null ? to : `${to} (${dead})`;
  const made = delivery.attempts.length;
  const tries = made > 1 ? ` at attempt ${made}` : '';
  const twice = possiblyTwice ? ', possibly twice: an earlier attempt has an unknown outcome' : '';
  const startedText = started(delivery.started);
  const object = delivery.started && { ...delivery.started };
  const fields = { id, trigger, from, to, dead, why, started: object };
  return {
    level: movedLevel(observed),
    kind,
    message: `${trigger}: ${id} ${state}${startedText}${tries}${twice}${why === '' ? '' : `: ${why}`}`,
    fields: possiblyTwice ? { ...fields, possiblyTwice } : fields,
  };
}

function countMoved({ delivery, to, dead, possiblyTwice }: Moved, metrics: Metrics): void {
  const { trigger } = delivery;
  if (isUnsettled(to)) return;
  if (to === 'delivered') metrics.delivered(delivery);
  metrics.add('sluice_deliveries_settled_total', { trigger, state: to, reason: dead ?? '' });
  if (possiblyTwice) metrics.add('sluice_deliveries_doubted_total', { trigger });
}

function movedLevel({ to, dead, possiblyTwice }: Moved): LogLevel {
  // Shedding has one error line of its own for any number of evicted deliveries.
  if (dead === 'shed') return 'info';
  return possiblyTwice === true && STATE_LEVELS[to] === 'info' ? 'warn' : STATE_LEVELS[to];
}

function started(object: Started | null): string {
  if (object === null) return '';
  const url = object.url === undefined ? '' : ` ${object.url}`;
  return `, ${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}${url}`;
}

/** Limits. */
export const LIMIT_ROWS: RowTable<LimitObserved> = {
  budget: {
    line: ({ kind, budget, state, rate, user }, failures) => {
      const key = `budget ${budget}`;
      if (state === 'free') return failures.ended(key);
      const name = `limits.${budget}`;
      const message = `${name} (${rate}) is used up${usedUpBy(user)}; narrow that rule, or raise ${name}`;
      const fields = { budget: name, rate, ...fieldsOf(user) };
      const line: LogLine = { level: 'error', kind, message, fields };
      const cause = `used up by ${user === null ? '-' : userText(user)}`;
      return failures.failed(key, cause, line);
    },
    state: (observed, state) => state.holds(observed),
  },
  shedding: {
    line: (observed) => {
      const { kind, trigger, state, bound, dropped, gaveWay, longest } = observed;
      const shed = { trigger: token(trigger), bound, dropped, gaveWay };
      const fields = longest === null ? shed : { ...shed, ...longestFields(longest) };
      const loss = lossText(observed);
      if (state === 'ended') {
        const message = `${token(trigger)}: shedding is over: ${loss}`;
        return { level: 'info', kind, message, fields };
      }
      const most =
        longest === null
          ? ''
          : `, ${longest.held} of them from ${userText({ ...longest, trigger })}; narrow that rule, or raise the limits`;
      const message = `${token(trigger)}: shedding: ${bound} deliveries are held${most}; so far ${loss}`;
      return { level: 'error', kind, message, fields };
    },
    state: ({ trigger, state: found }, state) =>
      state.setTrigger(trigger, { isShedding: found === 'began' }),
  },
};

function usedUpBy(user: LimitUser | null): string {
  if (user === null) return ': deliveries are held';
  const who = userText(user);
  if (user.object !== null)
    return ` for ${token(user.object)}: deliveries are held; used by ${who}`;
  if (user.taken === 0) return `: deliveries are held; the first one is from ${who}`;
  return `: deliveries are held; most of it was used by ${who} (${counted(user.taken, 'token')})`;
}

function userText({ rule, trigger, namespace }: Omit<LimitUser, 'object' | 'taken'>): string {
  return `rule ${token(ruleLabel(rule))}, trigger ${token(trigger)}, namespace ${token(namespace)}`;
}

function fieldsOf(user: LimitUser | null): Readonly<Record<string, string | number>> {
  if (user === null) return {};
  const { rule, trigger, namespace, object, taken } = user;
  return {
    rule: token(ruleLabel(rule)),
    ...{ trigger: token(trigger), namespace: token(namespace), taken },
    ...(object === null ? {} : { object: token(object) }),
  };
}

function lossText({ dropped, gaveWay }: ByKind<LimitObserved>['shedding']): string {
  return [
    ...(dropped === 0 ? [] : [`${dropped} new ones dropped`]),
    ...(gaveWay === 0 ? [] : [`${gaveWay} held ones evicted for other namespaces: dead (shed)`]),
  ].join(', ');
}

type Longest = NonNullable<ByKind<LimitObserved>['shedding']['longest']>;

function longestFields({ namespace, rule, held }: Longest) {
  return { namespace: token(namespace), rule: token(ruleLabel(rule)), held };
}
