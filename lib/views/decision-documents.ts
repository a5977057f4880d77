// Documents of recent activity: a decision with its dispositions, on request with its trail and Event,
// and a move of a delivery. Texts of Events are cut in lists and trails; a complete Event never is.

import { DISPOSITIONS, type TrailEntry } from '../core/decision.ts';
import { DELIVERY_STATES } from '../core/delivery.ts';
import type { Json } from '../core/json-object.ts';
import type { DecisionObserved } from '../core/observation.ts';
import type { ExplanationDocument } from '../filters/decide.ts';
import { jsonSize } from '../kit/data/json.ts';
import { ruleLabel } from '../telemetry/log-value.ts';
import { choice, flag, limit, type ParameterValues, sequence, text } from './parameters.ts';
import type { Happening, RecentActivity, RecentMove } from './recent-activity.ts';
import * as s from './typed-schema.ts';

// Enough for every name that an API server admits; other texts of an Event are unlimited.
const TEXT_CHARACTERS = 1024;
// Limit of a page with trails: with many rules a page has fewer decisions.
const PAGE_WEIGHT = 8 * 1024 * 1024;

/** The number of an entry. */
export const SEQUENCE = s.plain<number>({
  type: 'integer',
  minimum: 1,
  description: 'The number in the order of decisions and moves; it keeps growing across restarts.',
});

/** The decision of a rule. */
export const ACTION = s.words(['accept', 'reject']);

/** References to an Event and to a rule. */
const EVENT_REF = s.described(
  s.record({ namespace: s.TEXT, name: s.TEXT, uid: s.TEXT }),
  'The Event itself; a missing value is the empty text.',
);
const RULE_REF = s.described(
  s.nullable(s.record({ index: s.NUMBER, name: s.TEXT_OR_NULL })),
  'The rule that decided; its index counts from 0 in the order of the file. Null: no rule matched.',
);

/** Why earlier rules did not match. */
export const TRAIL = s.described(
  s.list(
    s.record({
      index: s.NUMBER,
      name: s.TEXT_OR_NULL,
      field: s.described(s.TEXT, 'The first condition that failed, or `not`.'),
      wanted: s.described(s.JSON_VALUE, 'The value in the rule, as written.'),
      found: s.described(s.JSON_VALUE, 'The value in the Event.'),
    }),
  ),
  'Why each rule before the deciding one did not match.',
);

const PROPERTIES = {
  sequence: SEQUENCE,
  time: s.TIME,
  event: EVENT_REF,
  involved: s.record({ kind: s.TEXT, namespace: s.TEXT, name: s.TEXT }),
  source: s.TEXT,
  reason: s.TEXT,
  type: s.TEXT,
  count: s.NUMBER,
  action: ACTION,
  rule: RULE_REF,
  dispositions: s.list(
    s.record({
      trigger: s.TEXT,
      disposition: s.words(DISPOSITIONS),
      id: s.described(s.TEXT_OR_NULL, 'Id of the delivery; null if none was made.'),
      why: s.TEXT,
    }),
  ),
};

/** A decision as lists and the feed show it. */
export const DECISION = s.recordWith(PROPERTIES, { trail: TRAIL });

/** A decision with its complete Event. */
export const WHOLE_DECISION = s.record({
  ...PROPERTIES,
  trail: TRAIL,
  object: s.described(s.JSON_OBJECT, 'The Event, without `metadata.managedFields`.'),
});

/** A state change of a delivery. */
export const MOVE = s.record({
  sequence: SEQUENCE,
  time: s.TIME,
  id: s.TEXT,
  trigger: s.TEXT,
  rule: s.record({ index: s.NUMBER, name: s.TEXT_OR_NULL }),
  object: s.TEXT,
  from: s.words(DELIVERY_STATES),
  to: s.words(DELIVERY_STATES),
  dead: s.TEXT_OR_NULL,
  attempts: s.NUMBER,
  possiblyTwice: s.BOOLEAN,
  why: s.TEXT,
});

/** An explanation: the decision on an Event that a client sent. */
export const EXPLANATION: s.Schema<ExplanationDocument> = s.record({
  event: EVENT_REF,
  action: ACTION,
  rule: RULE_REF,
  triggers: s.TEXTS,
  trail: TRAIL,
  source: s.described(s.TEXT, 'The source that the decision is for.'),
  readBy: s.described(s.TEXTS, 'The sources that would read the Event, in the order of the file.'),
  guard: s.described(
    s.nullable(s.record({ disposition: s.words(['foreign', 'loop']), why: s.TEXT })),
    'The guard that keeps an accepted Event from starting anything; null if there is none.',
  ),
});

/** Type of `DECISION`. */
type DecisionDocument = s.ValueOf<typeof DECISION>;
/** Type of `WHOLE_DECISION`. */
type WholeDecision = s.ValueOf<typeof WHOLE_DECISION>;

/** Parameters of a list of decisions. */
export const DECISION_PARAMETERS = {
  limit: limit('Largest number of items; a page with trails may be shorter.', 50),
  after: sequence('Only decisions older than this one: `next` of the previous page.'),
  action: choice(['accept', 'reject'], 'Only decisions with this action.'),
  rule: text('Only decisions by this rule: its name, `#` and its index, or `default`.'),
  namespace: text('Only decisions on an involved object in this namespace.'),
  kind: text('Only decisions on an involved object of this kind.'),
  trail: flag('Whether to add why each earlier rule did not match.'),
};

type DecisionQuery = ParameterValues<typeof DECISION_PARAMETERS>;

/** Lists matching decisions, newest first; `next` is `after` of the next page, null on the last one. */
export function listDecisions(
  recent: RecentActivity,
  query: DecisionQuery,
): { readonly items: readonly DecisionDocument[]; readonly next: number | null } {
  const items: DecisionDocument[] = [];
  let weight = 0;
  let sequence = Math.min(query.after ?? Number.POSITIVE_INFINITY, recent.next) - 1;
  for (; sequence >= recent.oldest; sequence -= 1) {
    const happening = recent.get(sequence);
    if (!isDecision(happening) || !isAskedFor(happening.what, query)) continue;
    if (items.length === query.limit || weight > PAGE_WEIGHT) {
      return { items, next: items.at(-1)?.sequence ?? null };
    }
    const item = toDecisionDocument(happening);
    const shown = query.trail ? { ...item, trail: shortTrail(happening.what) } : item;
    weight += query.trail ? jsonSize(shown) : 0;
    items.push(shown);
  }
  return { items, next: null };
}

/** Finds a decision with its trail and its complete Event; null if it is not in memory. */
export function findDecision(recent: RecentActivity, sequence: number): WholeDecision | null {
  const happening = recent.get(sequence);
  if (!isDecision(happening)) return null;
  const { what } = happening;
  return {
    ...toDecisionDocument(happening),
    trail: shortTrail(what),
    object: what.occurrence.event,
  };
}

/** Makes the document of a decision for lists and the feed. */
export function toDecisionDocument({ sequence, at, what }: DecisionHappening): DecisionDocument {
  const { occurrence, decision, disposed } = what;
  const { namespace, name, uid, object, fields, source, count } = occurrence;
  const { action, rule } = decision;
  return {
    sequence,
    time: new Date(at).toISOString(),
    event: { namespace: cut(namespace), name: cut(name), uid: cut(uid) },
    involved: {
      kind: cut(object.kind),
      namespace: cut(object.namespace),
      name: cut(object.name),
    },
    source,
    reason: cut(fields.reason),
    type: cut(fields.type),
    count,
    action,
    rule: rule === null ? null : { index: rule.index, name: rule.name },
    dispositions: disposed.map(({ trigger, disposition, id, why }) => ({
      trigger,
      disposition,
      id,
      why: cut(why),
    })),
  };
}

/** Makes the document of a move for the feed. */
export function toMoveDocument(
  move: Happening & { readonly what: RecentMove },
): s.ValueOf<typeof MOVE> {
  const { sequence, at, what } = move;
  const { kind: _, why, object, ...rest } = what;
  const time = new Date(at).toISOString();
  return { sequence, time, ...rest, object: cut(object), why: cut(why) };
}

type DecisionHappening = Happening & { readonly what: DecisionObserved };

function isDecision(happening: Happening | null): happening is DecisionHappening {
  return happening?.what.kind === 'decision';
}

function isAskedFor({ occurrence, decision }: DecisionObserved, query: DecisionQuery): boolean {
  const { object } = occurrence;
  const { action, rule } = decision;
  if (query.action !== undefined && query.action !== action) return false;
  if (query.namespace !== undefined && query.namespace !== object.namespace) return false;
  if (query.kind !== undefined && query.kind !== object.kind) return false;
  if (query.rule === undefined) return true;
  if (rule === null) return query.rule === 'default';
  return query.rule === ruleLabel(rule) || query.rule === `#${rule.index}`;
}

function shortTrail(observed: DecisionObserved): readonly TrailEntry[] {
  return observed.explain().map((entry) => ({ ...entry, found: shortened(entry.found) }));
}

/** Cuts the value that a rule compared: a text, a number, or an object of them. */
function shortened(found: Json): Json {
  if (typeof found === 'string') return cut(found);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return found;
  return Object.fromEntries(
    Object.entries(found).map(([field, value]) => [
      field,
      typeof value === 'string' ? cut(value) : value,
    ]),
  );
}

/** Cuts a text to the length of lists. */
export function cut(text: string): string {
  if (text.length <= TEXT_CHARACTERS) return text;
  return `${text.slice(0, TEXT_CHARACTERS - 1)}…`;
}
