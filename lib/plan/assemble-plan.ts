// Assembles the planned parts of either form into one Plan, with all permissions in one sorted list.

import { type Permission } from '../core/kind.ts';
import { type Chain } from '../filters/chain.ts';
import { type LoggingOptions } from '../telemetry/logging.ts';
import type {
  Plan,
  PlanContext,
  PlannedDelivery,
  PlannedGuard,
  PlannedHttp,
  PlannedLimits,
} from './plan.ts';
import { type PlannedSources } from './plan-sources.ts';
import { planStore, type StoreSection, settledMsOf } from './plan-store.ts';
import { type PlannedTriggers } from './plan-triggers.ts';

/** The parts of a plan, each planned and free of errors. */
interface PlanParts {
  readonly form: Plan['form'];
  readonly clusterName: string | null;
  readonly sources: PlannedSources;
  readonly chain: Chain;
  readonly triggers: PlannedTriggers;
  readonly delivery: PlannedDelivery;
  readonly limits: PlannedLimits;
  readonly guard: PlannedGuard;
  readonly http: PlannedHttp;
  readonly logging: LoggingOptions;
  /** `store:` as it is written. */
  readonly store: StoreSection;
  readonly originalProject: string | null;
}

/** Joins the parts into a plan. */
export function assemblePlan(parts: PlanParts, context: PlanContext): Plan {
  const { sources, triggers, chain } = parts;
  const permissions: readonly Permission[] = [
    ...ownPermissions(context.namespace),
    ...sources.permissions,
    ...triggers.permissions,
  ];
  const quietMs = Math.max(0, ...chain.rules.map(({ decision }) => decision.quietMs));
  return {
    form: parts.form,
    clusterName: parts.clusterName,
    sources: sources.sources,
    chain,
    triggers: triggers.triggers,
    limits: parts.limits,
    delivery: parts.delivery,
    guard: parts.guard,
    retention: {
      goneMs: quietMs + sources.eventTtlMs,
      settledMs: settledMsOf(parts.store),
    },
    store: planStore(parts.store),
    http: parts.http,
    logging: parts.logging,
    originalProject: parts.originalProject,
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
