// Assembles the planned parts of either form into one Plan, with all permissions in one sorted list.

import type { Permission } from '../core/kind.ts';
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
  const permissions: readonly Permission[] = [
    ...ownPermissions(context.namespace),
    ...sources.permissions,
    ...triggers.permissions,
  ];
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
    permissions: mergePermissions(permissions),
  };
}

/** Joins permissions on the same objects and sorts them. */
function mergePermissions(permissions: readonly Permission[]): readonly Permission[] {
  const groups = Map.groupBy(permissions, ({ namespace, group, resource, names }) =>
    JSON.stringify([namespace, group, resource, names ?? null]),
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, same]) => join(same));
}

/** Permissions of the gateway itself: its namespace's uid, if that of the cluster is unreadable. */
function ownPermissions(namespace: string): readonly Permission[] {
  if (namespace === '') return [];
  return [
    {
      namespace,
      group: '',
      resource: 'namespaces',
      verbs: ['get'],
      names: [namespace],
      why: 'the identity of the cluster',
    },
  ];
}

function join(same: readonly Permission[]): readonly Permission[] {
  const [first] = same;
  if (first === undefined) return [];
  const verbs = [...new Set(same.flatMap((one) => one.verbs))].toSorted();
  return [{ ...first, verbs, why: [...new Set(same.map(({ why }) => why))].join('; ') }];
}
