// Assembles the planned parts of either form into one Plan, and adds the permissions of the gateway.

import type { Grant, Permission } from '../core/ports/kind.ts';
import { mergePermissions, permissionsOf } from '../kubernetes/access/permissions.ts';
import type { Plan, PlanContext } from './plan.ts';
import type { PlannedSources } from './plan-sources.ts';
import { planStore, type StoreSection, settledMsOf } from './plan-store.ts';
import type { PlannedTriggers } from './plan-triggers.ts';

/** The parts of a plan, each planned and free of errors. */
interface PlanParts
  extends Omit<Plan, 'sources' | 'triggers' | 'store' | 'retention' | 'secrets' | 'permissions'> {
  readonly sources: PlannedSources;
  readonly triggers: PlannedTriggers;
  /** `store:` as it is written. */
  readonly store: StoreSection;
}

/** Joins the parts into a plan. */
export function assemblePlan(parts: PlanParts, context: PlanContext): Plan {
  const { sources, triggers, chain, store } = parts;
  const quietMs = Math.max(0, ...chain.rules.map(({ decision }) => decision.quietMs));
  return {
    ...parts,
    sources: sources.sources,
    triggers: triggers.triggers,
    retention: {
      goneMs: quietMs + sources.eventTtlMs,
      settledMs: settledMsOf(store),
    },
    store: planStore(store),
    secrets: triggers.secrets,
    permissions: mergePermissions([
      ...gatewayPermissions(parts, context),
      ...sources.permissions,
      ...triggers.permissions,
    ]),
  };
}

/** Grants of the gateway itself. Their section is the whole configuration. */
export const GATEWAY_GRANTS: readonly Grant[] = [
  {
    namespaces: { otherwise: 'own' },
    group: '',
    resource: 'namespaces',
    names: 'own',
    verbs: ['get'],
    // The uid of kube-system is preferred, but a Role cannot grant that.
    why: 'recognizes the cluster by the uid of its own namespace',
  },
  {
    namespaces: { otherwise: 'own' },
    group: '',
    resource: 'events',
    verbs: ['create'],
    switchAt: '/logging/podEvents',
    why: 'reports failures as Events about its own pod',
  },
];

function gatewayPermissions(
  { logging }: Pick<Plan, 'logging'>,
  context: PlanContext,
): readonly Permission[] {
  // Without a namespace of its own it reads all, as the original did.
  if (context.namespace === '') return [];
  // Outside a cluster there is no pod to report about.
  const podEvents = logging.podEvents && context.runsIn !== 'machine';
  const section = { logging: { podEvents } };
  return permissionsOf(GATEWAY_GRANTS, { section, who: 'the gateway', context });
}
