// The lines about limits: one when a budget begins to hold deliveries and one when it holds none any
// more, and the same for shedding. The deliveries themselves have their decision lines.

import type { LimitObserved, LimitUser } from '../core/observation.ts';
import type { FailureLog } from './failure-log.ts';
import type { Line } from './logging.ts';
import { counted, ruleLabel, token } from './token.ts';

type Observed<K extends LimitObserved['kind']> = Extract<LimitObserved, { kind: K }>;

/** The lines about limits. */
export function limitLines(observed: LimitObserved, failures: FailureLog): readonly Line[] {
  switch (observed.kind) {
    case 'budget':
      return budgetLines(observed, failures);
    case 'shedding':
      return [observed.state === 'began' ? sheddingBegan(observed) : sheddingEnded(observed)];
    default:
      return observed satisfies never;
  }
}

function budgetLines(observed: Observed<'budget'>, failures: FailureLog): readonly Line[] {
  const { kind, budget, state, rate, user } = observed;
  const key = `budget ${budget}`;
  if (state === 'free') {
    const ended = failures.ended(key);
    return ended === null ? [] : [ended];
  }
  const name = `limits.${budget}`;
  const text = `${name} (${rate}) is used up${usedUpBy(user)}; narrow that rule, or raise ${name}`;
  const fields = { budget: name, rate, ...fieldsOf(user) };
  const line: Line = { level: 'error', kind, text, fields };
  return [
    failures.failed({ key, cause: `used up by ${user === null ? '-' : userText(user)}`, line }),
  ];
}

function usedUpBy(user: LimitUser | null): string {
  if (user === null) return ': deliveries are held';
  const who = userText(user);
  if (user.object !== null)
    return ` for ${token(user.object)}: deliveries are held; it is of ${who}`;
  if (user.taken === 0) return `: deliveries are held; the first one is of ${who}`;
  return `: deliveries are held; most of it went to ${who} (${counted(user.taken, 'token')})`;
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

function sheddingBegan(observed: Observed<'shedding'>): Line {
  const { kind, trigger, bound, longest } = observed;
  const most =
    longest === null
      ? ''
      : `, ${longest.held} of them of ${userText({ ...longest, trigger })}; narrow that rule, or raise the limits`;
  const text = `${token(trigger)}: shedding: ${bound} deliveries are held${most}; so far ${lossText(observed)}`;
  return { level: 'error', kind, text, fields: sheddingFields(observed) };
}

function sheddingEnded(observed: Observed<'shedding'>): Line {
  const text = `${token(observed.trigger)}: shedding is over: ${lossText(observed)}`;
  return { level: 'info', kind: observed.kind, text, fields: sheddingFields(observed) };
}

function lossText({ dropped, gaveWay }: Observed<'shedding'>): string {
  const parts = [
    ...(dropped === 0 ? [] : [`${dropped} new ones not taken`]),
    ...(gaveWay === 0 ? [] : [`${gaveWay} held ones gave way to other namespaces: dead (shed)`]),
  ];
  return parts.join(', ');
}

function sheddingFields(observed: Observed<'shedding'>): Readonly<Record<string, string | number>> {
  const { trigger, bound, dropped, gaveWay, longest } = observed;
  const shed = { trigger: token(trigger), bound, dropped, gaveWay };
  if (longest === null) return shed;
  const { namespace, rule, held } = longest;
  return { ...shed, namespace: token(namespace), rule: token(ruleLabel(rule)), held };
}
