// Puts the planned parts of any form together into one Plan.
import type { Kind, Permission } from '../core/kind.ts';
import type { ClosedStore } from '../core/store.ts';
import type { Chain } from '../filters/chain.ts';
import type { StoreParts } from '../stores/parts.ts';
import { storeKinds } from '../stores/registry.ts';
import type { LoggingOptions } from '../telemetry/logging.ts';
import type { PlanContext } from './context.ts';
import { SETTLED_FOR } from './defaults.ts';
import { durationOr } from './delivery.ts';
import { mergePermissions, ownPermissions } from './permissions.ts';
import type {
  Plan,
  PlannedDelivery,
  PlannedGuard,
  PlannedHttp,
  PlannedLimits,
  PlannedStore,
} from './plan.ts';
import type { PlannedSources } from './sources.ts';
import type { PlannedTriggers } from './triggers.ts';

// A kind's own type of section is checked by its schema; here it is only handed on.
const STORES: Readonly<Record<string, Kind<unknown, StoreParts, ClosedStore>>> = storeKinds;

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
  readonly store: Readonly<Record<string, unknown>>;
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
      settledMs: durationOr(SETTLED_FOR, 0),
    },
    store: planStore(parts.store),
    http: parts.http,
    logging: parts.logging,
    originalProject: parts.originalProject,
    secrets: triggers.secrets,
    permissions: mergePermissions(permissions),
  };
}

function planStore(section: Readonly<Record<string, unknown>>): PlannedStore {
  const kind = Object.keys(STORES).find((known) => Object.hasOwn(section, known)) ?? 'memory';
  const descriptor = STORES[kind] ?? STORES['memory'];
  if (descriptor === undefined) throw new Error('no kind of store');
  return {
    kind,
    overflow: 'block',
    create: (parts) => descriptor.create(section[kind] ?? {}, { ...parts, maxBytes: 0 }),
  };
}
