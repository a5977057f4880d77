// Puts the planned parts of any form together into one Plan.

import type { Permission } from '../core/kind.ts';
import type { Chain } from '../filters/chain.ts';
import type { LoggingOptions } from '../telemetry/logging.ts';
import type { PlanContext } from './context.ts';
import { mergePermissions, ownPermissions } from './permissions.ts';
import type { Plan, PlannedDelivery, PlannedGuard, PlannedHttp, PlannedLimits } from './plan.ts';
import type { PlannedSources } from './sources.ts';
import { planStore, type StoreSection, settledMsOf } from './store.ts';
import type { PlannedTriggers } from './triggers.ts';

/** The parts of a plan, each planned and free of errors. */
export interface PlanParts {
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

/** The plan that these parts make. */
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
