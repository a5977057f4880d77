// Documents of the status of a gateway and of the hits of its rules.

import type { Clock } from '../core/clock.ts';
import type { Health } from '../core/observation.ts';
import type { Position } from '../core/source.ts';
import type { Store } from '../core/store.ts';
import type { Chain } from '../filters/chain.ts';
import { type Rate, renderDuration, renderRate } from '../kit/text/quantity.ts';
import type { Activity } from './activity.ts';
import { toPause } from './delivery-documents.ts';
import { timeOf } from './time.ts';

/** Parts of a plan that the status shows. */
interface StatusPlan {
  readonly clusterName: string | null;
  readonly chain: Chain;
  readonly sources: readonly Named[];
  readonly triggers: readonly Named[];
  readonly store: { readonly kind: string };
  readonly limits: {
    readonly perObject: Rate | null;
    readonly total: Rate | null;
    readonly holdForMs: number;
  };
}

/** Name and kind of a section. */
interface Named {
  readonly name: string;
  readonly kind: string;
}

/** Dependencies of the status documents. */
export interface StatusParts {
  readonly version: string;
  readonly configuration: {
    readonly file: string;
    readonly form: string;
    readonly problems: number;
    /** Time at which the last good one first ran, if it runs instead of the file; else null. */
    readonly keptSince: string | null;
  };
  readonly plan: StatusPlan;
  readonly store: Pick<Store, 'archive' | 'journal'>;
  readonly health: () => Health;
  readonly watch: Activity;
  readonly clock: Clock;
  /** Measures values that are otherwise reported only when they change, such as the store's usage. */
  readonly measure: () => Promise<void>;
}

/** Makes the status document. */
export async function toStatus(parts: StatusParts): Promise<object> {
  const { version, configuration, plan, watch, clock } = parts;
  await parts.measure();
  const { id = null, from = null, server = null } = watch.standing.cluster ?? {};
  const { recent } = watch;
  return {
    version,
    started: timeOf(watch.startedAt),
    uptimeSeconds: secondsSince(watch.startedAt, clock.now()),
    cluster: { id, name: plan.clusterName, from, server },
    configuration,
    health: parts.health(),
    sources: await sourcesOf(parts),
    triggers: await triggersOf(parts),
    store: storeOf(parts),
    limits: {
      perObject: rateOf(plan.limits.perObject),
      total: rateOf(plan.limits.total),
      holdFor: renderDuration(plan.limits.holdForMs),
    },
    recent: { oldest: recent.oldest, next: recent.next, held: recent.held, bounds: recent.bounds },
  };
}

/** Lists the rules with their hits in the order of the file; the default rejection comes last. */
export function toRules({ plan, watch }: Pick<StatusParts, 'plan' | 'watch'>): readonly object[] {
  const rules = plan.chain.rules.map(({ decision: { rule, action, triggers } }) => {
    const { hits, lastAt } = watch.hits.of(rule.index);
    const { index, name } = rule;
    return { index, name, action, triggers, hits, lastHitAt: timeOf(lastAt) };
  });
  const { hits, lastAt } = watch.hits.of(null);
  const last = { index: null, name: null, action: 'reject', triggers: [] };
  return [...rules, { ...last, hits, lastHitAt: timeOf(lastAt) }];
}

async function sourcesOf({ plan, store, watch, clock }: StatusParts): Promise<readonly object[]> {
  return Promise.all(
    plan.sources.map(async ({ name, kind }) => {
      const positions = await store.journal.positions(name);
      const standing = watch.standing.paths(name);
      const paths = [...new Set([...standing.keys(), ...positions.keys()])].map((path) => {
        const { state = null, why = '', reason = null } = standing.get(path) ?? {};
        const position = positions.get(path);
        return {
          path,
          state,
          why,
          reason,
          position: position ? toPosition(position, clock.now()) : null,
        };
      });
      return { name, kind, paths };
    }),
  );
}

async function triggersOf({ plan, store, watch }: StatusParts): Promise<readonly object[]> {
  const counts = await store.archive.counts();
  return plan.triggers.map(({ name, kind }) => {
    const own = counts.filter(({ trigger }) => trigger === name);
    const deliveries = Object.fromEntries(own.map(({ state, count }) => [state, count]));
    const { standing } = watch;
    const failure = standing.lastFailure(name);
    return {
      name,
      kind,
      breaker: standing.breaker(name),
      paused: toPause(standing.pause(name)),
      deliveries,
      lastDeliveredAt: timeOf(standing.lastDeliveredAt(name)),
      lastFailure: failure === null ? null : { ...failure, at: timeOf(failure.at) },
    };
  });
}

function storeOf({ plan, store, watch }: StatusParts): object {
  const { usage, storeAt, storeTrouble } = watch.standing;
  return {
    kind: plan.store.kind,
    durable: store.journal.durable,
    at: storeAt,
    bytes: usage?.bytes ?? null,
    maxBytes: usage?.maxBytes ?? null,
    level: usage?.level ?? null,
    overflow: usage?.overflow ?? null,
    trouble: storeTrouble,
  };
}

function toPosition(position: Position, now: number): object {
  return { ...toBound(position), ageSeconds: secondsSince(position.at, now) };
}

/** Makes the document of a position, or of one end of a gap. */
export function toBound({ resourceVersion, at }: Position): object {
  return { resourceVersion, at: timeOf(at) };
}

function rateOf(rate: Rate | null): string {
  return rate === null ? 'off' : renderRate(rate);
}

/** At least 0, because the clock of a server may be ahead. */
function secondsSince(at: number, now: number): number {
  return Math.max(0, Math.floor((now - at) / 1000));
}
