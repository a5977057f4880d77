// Explains how a run would treat one Event: the sources that read it, the decision, the guard that
// stops it, previews of deliveries, and a sample delivery for dry runs. The command and the API share
// this code, so they cannot disagree. Ledger and limits are left out, because both live in a store.

import type { Decision, Explanation, RuleRef } from '../core/decision.ts';
import type { Delivery } from '../core/delivery.ts';
import { type EventObject, type Occurrence, toOccurrence } from '../core/occurrence.ts';
import type { Preview } from '../core/ports/trigger.ts';
import { type ExplanationFacts, explain } from '../filters/decide.ts';
import { guarded } from '../intake/stages.ts';
import { toDelivery, toStartRequest } from '../intake/start-request.ts';
import type { Plan, PlannedTrigger } from './plan.ts';

/** The parts of a plan that explain an Event. */
export type ExplainPlan = Pick<Plan, 'chain' | 'sources' | 'guard'>;

/** An Event with the decision that a run would make about it. */
export interface ExplainedEvent {
  /** The Event as the source reads it for which the rules decide. */
  readonly occurrence: Occurrence;
  readonly explanation: Explanation;
  readonly facts: ExplanationFacts;
}

/** The preview of one trigger. */
export type TriggerPreview = Preview & { readonly trigger: string };

/**
 * Explains one Event.
 *
 * **Shape**: the rules decide for the source that is named. Without a name that is the first source
 * that reads the Event, and if none does, the first one of the configuration.
 */
export function explainEvent(
  event: EventObject,
  plan: ExplainPlan,
  { source, now }: { readonly source: string | undefined; readonly now: number },
): ExplainedEvent {
  const readBy = plan.sources.filter((one) => one.reads(event)).map(({ name }) => name);
  const judgedFor = source ?? readBy[0] ?? plan.sources[0]?.name ?? '';
  const read = { source: judgedFor, path: '', from: 'list', readAt: now } as const;
  const reader = plan.sources.find(({ name }) => name === judgedFor);
  const occurrence = toOccurrence(reader?.shape.apply(event) ?? event, read);
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

// A delivery's id depends on the id of the cluster, which only a cluster knows. Neither placeholder
// can be mistaken for a real id.
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

// Its length is that of an id, so that names of objects are as long as those of real deliveries. An id
// has no `-`, so no delivery has it.
const DRY_RUN_ID = 'dry-run-of-a-sample-event0';

/** An Event as the kubelet writes it, for a Pod that does not exist. */
const SAMPLE_EVENT: EventObject = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: {
    name: 'sample.17a6b2c3d4e5f607',
    namespace: 'default',
    uid: '00000000-0000-4000-8000-000000000000',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  involvedObject: {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'default',
    name: 'sample',
    uid: '00000000-0000-4000-8000-000000000001',
    resourceVersion: '1',
    fieldPath: 'spec.containers{sample}',
  },
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container sample',
  source: { component: 'kubelet', host: 'node-1' },
  reportingComponent: 'kubelet',
  reportingInstance: 'node-1',
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:00Z',
  count: 1,
};

/** Makes a delivery of a sample Event, under an id that no delivery has; null if no rule starts it. */
export function sampleDelivery(
  { chain, sources, clusterName }: Pick<Plan, 'chain' | 'sources' | 'clusterName'>,
  trigger: PlannedTrigger,
  now: number,
): Delivery | null {
  const decisions = chain.rules.map((rule) => rule.decision).filter(hasRule);
  const decision = decisions.find(({ triggers }) => triggers.includes(trigger.name));
  if (decision === undefined) return null;
  const [source] = sources;
  const read = { source: source?.name ?? '', path: '', from: 'list', readAt: now } as const;
  const occurrence = toOccurrence(source?.shape.apply(SAMPLE_EVENT) ?? SAMPLE_EVENT, read);
  const delivery = firstDelivery({ occurrence, decision, trigger, clusterName });
  return { ...delivery, id: DRY_RUN_ID };
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

/** Makes the delivery as its first attempt gets it. */
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
