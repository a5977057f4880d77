// Documents of recent activity: a decision with its dispositions, on request with its trail and Event,
// and a move of a delivery. Texts of Events are cut in lists and trails; a complete Event never is.

import type { TrailEntry } from '../core/decision.ts';
import type { Json } from '../core/event.ts';
import type { DecisionObserved } from '../core/observation.ts';
import { jsonSize } from '../kit/data/json.ts';
import { ruleLabel } from '../telemetry/log-value.ts';
import type { Happening, RecentActivity, RecentMove } from './recent-activity.ts';

// Enough for every name that an API server admits; other texts of an Event are unlimited.
const TEXT_CHARACTERS = 1024;
// Limit of a page with trails: with many rules a page has fewer decisions.
const PAGE_WEIGHT = 8 * 1024 * 1024;

/** A decision as lists and the feed show it. Its schema is in schemas.ts. */
type DecisionDocument = Readonly<ReturnType<typeof toDecisionDocument>>;

/** Filters of a list of decisions; null does not restrict it. */
export interface DecisionQuery {
  readonly limit: number;
  /** Only decisions older than this one: the last of the previous page. */
  readonly after: number | null;
  readonly action: string | null;
  /** Name of the rule, `#` and its index, or `default`. */
  readonly rule: string | null;
  /** Namespace of the involved object; `kind` is its kind. */
  readonly namespace: string | null;
  readonly kind: string | null;
  readonly trail: boolean;
}

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
export function findDecision(recent: RecentActivity, sequence: number): object | null {
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
export function toDecisionDocument({ sequence, at, what }: DecisionHappening) {
  const { occurrence, decision, disposed } = what;
  const { fields, series, uid, source, count } = occurrence;
  const { action, rule } = decision;
  return {
    sequence,
    time: new Date(at).toISOString(),
    event: { namespace: cut(series.namespace), name: cut(series.name), uid: cut(uid) },
    involved: {
      kind: cut(fields.kind),
      namespace: cut(fields.namespace),
      name: cut(fields.objectName),
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
export function toMoveDocument(move: Happening & { readonly what: RecentMove }): object {
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
  const { fields } = occurrence;
  const { action, rule } = decision;
  if (query.action !== null && query.action !== action) return false;
  if (query.namespace !== null && query.namespace !== fields.namespace) return false;
  if (query.kind !== null && query.kind !== fields.kind) return false;
  if (query.rule === null) return true;
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
