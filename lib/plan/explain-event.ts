// One Event as a run would take it: which sources read it, what the rules decide, and whether a guard
// stops it. On demand it shows what the triggers would send. The command and the API both ask here, so
// they cannot disagree. Rulings of ledger and limits are left out, because both live in a store.

import type { Decision, Explanation, RuleRef } from '../core/decision.ts';
import type { Delivery } from '../core/delivery.ts';
import type { EventObject } from '../core/event.ts';
import { type Occurrence, toOccurrence } from '../core/occurrence.ts';
import type { Preview } from '../core/trigger.ts';
import { type ExplanationFacts, explain } from '../filters/decide.ts';
import { guarded } from '../intake/stages.ts';
import { toDelivery, toStartRequest } from '../intake/start-request.ts';
import type { Plan, PlannedTrigger } from './plan.ts';

/** The parts of a plan by which an Event is explained. */
export type ExplainPlan = Pick<Plan, 'chain' | 'sources' | 'guard'>;

/** One Event, and what a run would do with it. */
export interface ExplainedEvent {
  /** As read by the source that it is judged for. */
  readonly occurrence: Occurrence;
  readonly explanation: Explanation;
  readonly facts: ExplanationFacts;
}

/** The preview of one trigger. */
export type TriggerPreview = Preview & { readonly trigger: string };

/**
 * Explains one Event.
 *
 * **Shape**: it is judged for the source that is named. Without a name it is the first source that
 * reads it, and if none does, the first one of the configuration.
 */
export function explainEvent(
  event: EventObject,
  plan: ExplainPlan,
  { source, now }: { readonly source: string | undefined; readonly now: number },
): ExplainedEvent {
  const readBy = plan.sources.filter((one) => one.reads(event)).map(({ name }) => name);
  const judgedFor = source ?? readBy[0] ?? plan.sources[0]?.name ?? '';
  const read = { source: judgedFor, path: '', from: 'list', readAt: now } as const;
  const occurrence = toOccurrence(event, read);
  const explanation = explain(plan.chain, occurrence);
  const isAccepted = explanation.decision.action === 'accept';
  const guard = isAccepted ? guardOf(occurrence, plan) : null;
  return { occurrence, explanation, facts: { readBy, guard } };
}

function guardOf(
  occurrence: Occurrence,
  { sources, guard }: ExplainPlan,
): ExplanationFacts['guard'] {
  const source = sources.find(({ name }) => name === occurrence.source);
  const ruling = guarded(occurrence, { ...guard, allowForeign: source?.allowForeign ?? false });
  return ruling === null ? null : { disposition: ruling.disposition, why: ruling.why };
}

// A delivery's id depends on the cluster's, which only a cluster can tell. Both stand for themselves
// in a way that cannot be taken for a real one.
const PLACEHOLDER_ID = '0'.repeat(26);
const PLACEHOLDER_CLUSTER = 'id-of-the-cluster';

/** The previews of the triggers that an Event would start; none if a guard stops it. */
export function previewsOf(
  { occurrence, explanation, facts }: ExplainedEvent,
  { triggers, clusterName }: Pick<Plan, 'triggers' | 'clusterName'>,
  folder: string,
): readonly TriggerPreview[] {
  const { decision } = explanation;
  if (facts.guard !== null || !hasRule(decision)) return [];
  return decision.triggers.flatMap((name): readonly TriggerPreview[] => {
    const trigger = triggers.find((one) => one.name === name);
    if (trigger === undefined) return [];
    const delivery = firstDelivery({ occurrence, decision, trigger, clusterName });
    return [{ trigger: name, ...trigger.preview(delivery, folder) }];
  });
}

function hasRule(decision: Decision): decision is Decision & { readonly rule: RuleRef } {
  return decision.rule !== null;
}

interface Previewed {
  readonly occurrence: Occurrence;
  readonly decision: Decision & { readonly rule: RuleRef };
  readonly trigger: PlannedTrigger;
  readonly clusterName: string | null;
}

/** The delivery as its first attempt sees it. */
function firstDelivery({ occurrence, decision, trigger, clusterName }: Previewed): Delivery {
  const candidate = toStartRequest(occurrence, decision, {
    clusterId: PLACEHOLDER_CLUSTER,
    trigger,
  });
  const now = occurrence.readAt;
  const cluster = { id: PLACEHOLDER_CLUSTER, name: clusterName };
  const first = { number: 1, at: now, incarnation: '', outcome: null, durationMs: null };
  const delivery = toDelivery(candidate, { cluster, state: 'running', now });
  return { ...delivery, id: PLACEHOLDER_ID, attempts: [first] };
}
