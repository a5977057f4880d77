// What an occurrence and the chain promise of any Event: normalised, total, explained as decided, and
// decided as two naive evaluators decide that share nothing with the chain.

import type { Decision } from '../../../lib/core/decision.ts';
import { stringAt } from '../../../lib/core/json-object.ts';
import {
  type EventObject,
  type Occurrence,
  type ReadFrom,
  toOccurrence,
} from '../../../lib/core/occurrence.ts';
import { compileOriginal, originalTrace } from '../../../lib/filters/brigade-rules.ts';
import type { Chain } from '../../../lib/filters/chain.ts';
import { compileChain } from '../../../lib/filters/compile.ts';
import { decide, explain, nearest } from '../../../lib/filters/decide.ts';
import type { BlockSection, RuleSection } from '../../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../../lib/sources/event-fields.ts';
import { matchesBlock, naiveRule } from '../../filters/naive.ts';
import { acceptEvent, type NaiveFilter } from '../../filters/naive-original.ts';
import { must, mustBePrintable, mustBeSame, shown } from '../target.ts';

const READ: ReadFrom = {
  source: 'shop',
  path: '/api/v1/namespaces/shop/events',
  from: 'watch',
  readAt: Date.UTC(2026, 0, 31, 12),
};
const MICRO_TIME = /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)?$/;

/** The occurrence of an Event, held to what occurrences promise. */
export function judgedOccurrence(event: EventObject): Occurrence {
  const occurrence = toOccurrence(event, READ);
  const { namespace, name, key, firstTime, count, fields, happenedAt } = occurrence;
  must(Object.isFrozen(occurrence) && Object.isFrozen(fields), 'an occurrence is frozen');
  must(Number.isSafeInteger(count) && count > 0, () => `a count is from 1: ${count}`);
  must(key === `${namespace}/${name}`, 'a key is namespace/name');
  for (const [field, value] of Object.entries(fields) as readonly [string, unknown][]) {
    must(typeof value === 'string', () => `${field} is a text: ${shown(value)}`);
  }
  for (const time of [firstTime, happenedAt]) {
    must(MICRO_TIME.test(time), () => `a time has six digits and Z: ${shown(time)}`);
  }
  const metadata = occurrence.event['metadata'];
  must(
    typeof metadata !== 'object' || metadata === null || !('managedFields' in metadata),
    'an occurrence has no managedFields',
  );
  const first = timeOf(event, [['eventTime'], ['firstTimestamp'], CREATED]);
  must(sameMs(firstTime, first), () => `the first time ${firstTime} is ${first}`);
  const last = timeOf(event, [
    ['series', 'lastObservedTime'],
    ['lastTimestamp'],
    ['eventTime'],
    ['firstTimestamp'],
    CREATED,
  ]);
  must(sameMs(happenedAt, last), () => `it happened at ${happenedAt}, not ${last}`);
  return occurrence;
}

const CREATED = ['metadata', 'creationTimestamp'] as const;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The first of several times that is one, in whole ms; NaN where none is. */
function timeOf(event: EventObject, paths: readonly (readonly string[])[]): number {
  for (const path of paths) {
    const text = stringAt(event, ...path);
    const whole = RFC3339.exec(text);
    if (whole === null) continue;
    const plain = text.slice(0, 19).toUpperCase();
    const fraction = (whole[1] ?? '.').slice(1, 4).padEnd(3, '0');
    const at = Date.parse(`${plain}.${fraction}Z`) - offsetMs(whole[2] ?? 'Z');
    const year = Number.isNaN(at) ? -1 : new Date(at).getUTCFullYear();
    if (year >= 0 && year <= 9999) return at;
  }
  return Number.NaN;
}

function offsetMs(zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -ms : ms;
}

function sameMs(rendered: string, wanted: number): boolean {
  if (rendered === '') return Number.isNaN(wanted);
  return Date.parse(`${rendered.slice(0, 23)}Z`) === wanted;
}

/** A decision of our rules, with the chain that made it. */
export interface Judged {
  readonly chain: Chain;
  readonly decision: Decision;
}

/** Decides by our rules and holds decision and trail to the naive evaluator. */
export function judge(rules: readonly RuleSection[], occurrence: Occurrence): Judged {
  const { chain, findings } = compileChain(rules, {
    vocabulary: EVENT_FIELDS,
    triggers: ['build'],
    defaultQuietMs: 1,
  });
  const wrong = findings.find(({ severity }) => severity === 'error');
  must(wrong === undefined, () => `the fuzzer made a wrong rule: ${shown(wrong)}`);
  const decision = decide(chain, occurrence);
  const naive = naiveRule(rules, occurrence);
  const found = decision.rule?.index ?? -1;
  must(found === naive, () => `rule ${found} decided, the naive evaluator says ${naive}`);
  must(decision.action === (rules[naive]?.action ?? 'reject'), 'the action is that of the rule');
  mustExplain(chain, occurrence, decision);
  return { chain, decision };
}

/** Holds a trail to the decision: one entry for each rule before, each of which really fails. */
export function mustExplain(chain: Chain, occurrence: Occurrence, decision: Decision): void {
  const explained = explain(chain, occurrence);
  must(explained.decision === decision, 'explain decides what decide decides');
  const { trail } = explained;
  const before = chain.rules.findIndex(({ decision: one }) => one === decision);
  const wanted = before < 0 ? chain.rules.length : before;
  must(trail.length === wanted, () => `${trail.length} rules passed over, not ${wanted}`);
  for (const [place, entry] of trail.entries()) {
    must(entry.index === chain.rules[place]?.decision.rule.index, 'a trail is in file order');
    must(
      chain.vocabulary.some(({ name }) => name === entry.field) || entry.field === 'not',
      () => `${entry.field} is a field of a rule`,
    );
  }
  const near = nearest(chain, trail);
  must(near === null || trail.includes(near), 'the nearest rule is in the trail');
}

/** Holds each entry of a trail to what is written: the condition fails, the block matches. */
export function mustFailAlone(chain: Chain, occurrence: Occurrence): void {
  for (const { field, wanted } of explain(chain, occurrence).trail) {
    const alone = field === 'not' ? wanted : { [field]: wanted };
    const held = matchesBlock(alone as BlockSection, occurrence);
    must(held === (field === 'not'), () => `${field} ${shown(wanted)} is why the rule failed`);
  }
}

/** Decides by the original's filters and holds decision and trace to its naive twin. */
export function judgeOriginal(filters: readonly NaiveFilter[], occurrence: Occurrence): Decision {
  const { chain, findings } = compileOriginal(filters, {
    vocabulary: EVENT_FIELDS,
    trigger: 'brigade',
  });
  must(
    findings.every(({ severity }) => severity !== 'error'),
    'the original reads its own filters',
  );
  const decision = decide(chain, occurrence);
  const { namespace, kind } = occurrence.object;
  const { reason } = occurrence.fields;
  const naive = acceptEvent(filters, { namespace, kind, reason });
  must((decision.action === 'accept') === naive.accepted, 'the original accepts as it did');
  must((decision.rule?.index ?? -1) === naive.by, 'the original decides by the same rule');
  mustBeSame(originalTrace(chain, occurrence), naive.lines, 'the trace of the original');
  mustExplain(chain, occurrence, decision);
  return decision;
}

/** Holds the trace of any chain to being lines that may be shown. */
export function mustTrace(chain: Chain, occurrence: Occurrence): void {
  for (const line of originalTrace(chain, occurrence)) mustBePrintable(line, 'a trace');
}
