// Documents of the status of a gateway, of the hits of its rules and of the gaps of its sources.

import type { Clock } from '../core/clock.ts';
import { DELIVERY_STATES } from '../core/delivery.ts';
import type { Health } from '../core/observation.ts';
import type { Gap, Position } from '../core/ports/source.ts';
import type { Store } from '../core/ports/store.ts';
import type { Chain } from '../filters/chain.ts';
import { type Rate, renderDuration, renderRate } from '../kit/text/quantity.ts';
import type { Activity } from './activity.ts';
import { ACTION, SEQUENCE } from './decision-documents.ts';
import { OUTCOME, PAUSED, toPause } from './delivery-documents.ts';
import { type BadParameter, choices, limit, type ParameterValues, text } from './parameters.ts';
import { MOMENT, spanOf, type TimeSpan, timeOf } from './time.ts';
import * as s from './typed-schema.ts';

const STATES = Object.fromEntries(DELIVERY_STATES.map((state) => [state, s.NUMBER]));

/** The status of a gateway. */
export const STATUS = s.record({
  version: s.TEXT,
  started: s.TIME,
  uptimeSeconds: s.NUMBER,
  cluster: s.described(
    s.record({
      id: s.TEXT_OR_NULL,
      name: s.TEXT_OR_NULL,
      from: s.TEXT_OR_NULL,
      server: s.TEXT_OR_NULL,
    }),
    'Null until the gateway has connected; `name` is the one of the configuration.',
  ),
  configuration: s.record({
    file: s.described(s.TEXT, 'Path of the file as given; empty if there is none.'),
    form: s.words(['ours', 'original', 'none']),
    problems: s.described(s.NUMBER, 'Number of its problems.'),
    keptSince: s.described(s.TIME_OR_NULL, 'If the last good configuration runs: its first run.'),
  }),
  health: s.record({ live: s.BOOLEAN, ready: s.BOOLEAN, why: s.TEXTS, notes: s.TEXTS }),
  sources: s.list(
    s.record({
      name: s.TEXT,
      kind: s.TEXT,
      paths: s.list(
        s.record({
          path: s.TEXT,
          state: s.words(['connecting', 'listing', 'watching', 'waiting', null]),
          why: s.TEXT,
          reason: s.described(s.nullable(s.TEXT), 'The error that caused `waiting`; else null.'),
          position: s.nullable(
            s.record({ resourceVersion: s.TEXT, at: s.TIME_OR_NULL, ageSeconds: s.NUMBER }),
          ),
        }),
      ),
    }),
  ),
  triggers: s.list(
    s.record({
      name: s.TEXT,
      kind: s.TEXT,
      breaker: s.words(['closed', 'open', 'half-open']),
      paused: PAUSED,
      deliveries: s.described(
        s.recordWith({}, STATES),
        'Number of deliveries in each state; a state without any is absent.',
      ),
      lastDeliveredAt: s.described(s.TIME_OR_NULL, 'Null if none was delivered since the start.'),
      lastFailure: s.described(
        s.nullable(s.record({ at: s.TIME_OR_NULL, id: s.TEXT, outcome: OUTCOME })),
        'The last failed attempt since the start.',
      ),
    }),
  ),
  store: s.record({
    kind: s.TEXT,
    durable: s.BOOLEAN,
    at: s.described(s.TEXT, 'Path of its file; empty if it has none.'),
    bytes: s.described(s.NUMBER_OR_NULL, 'Size of its content; null until it was measured.'),
    maxBytes: s.described(
      s.NUMBER_OR_NULL,
      'Size from which it stores no new deliveries; 0: unlimited.',
    ),
    level: s.words(['fine', 'near', 'full', null]),
    overflow: s.described(s.words(['block', 'shed', null]), 'Behaviour of a full store.'),
    trouble: s.described(
      s.TEXT_OR_NULL,
      'Why the store is unavailable now; null: it is available.',
    ),
  }),
  limits: s.record({ perObject: s.TEXT, total: s.TEXT, holdFor: s.TEXT }),
  recent: s.described(
    s.record({
      oldest: SEQUENCE,
      next: SEQUENCE,
      held: s.record({ entries: s.NUMBER, weight: s.NUMBER }),
      bounds: s.record({ entries: s.NUMBER, weight: s.NUMBER }),
    }),
    'Recent activity in memory: its number of entries, and `weight`, the characters of its Events.',
  ),
});

/** A rule with its hits. */
export const RULE = s.record({
  index: s.described(s.NUMBER_OR_NULL, 'Null: the default rejection.'),
  name: s.TEXT_OR_NULL,
  action: ACTION,
  triggers: s.TEXTS,
  hits: s.described(s.NUMBER, 'Number of its decisions since the start.'),
  lastHitAt: s.TIME_OR_NULL,
});

const POSITION = s.record({ resourceVersion: s.TEXT, at: s.TIME_OR_NULL });
const LOSS = ['none', 'coalesced', 'possible-loss'] as const satisfies Gap['loss'][];

/** A span that could not be read. */
export const GAP = s.record({
  source: s.TEXT,
  path: s.TEXT,
  loss: s.words(LOSS),
  why: s.TEXT,
  from: s.nullable(POSITION),
  to: POSITION,
});

/** Parameters of a list of gaps. */
export const GAP_PARAMETERS = {
  loss: choices(LOSS, 'Only gaps of these kinds: repeat it, or separate values by commas.'),
  since: text(`Only gaps that ended then or later: ${MOMENT}.`),
  until: text(`Only gaps that ended before: ${MOMENT}.`),
  limit: limit('Largest number of items.', 100),
};

type StatusDocument = s.ValueOf<typeof STATUS>;
type GapDocument = s.ValueOf<typeof GAP>;

/** Parts of a plan that the status shows. */
interface StatusPlan {
  readonly clusterName: string | null;
  readonly chain: Chain;
  readonly sources: readonly Readonly<Record<'name' | 'kind', string>>[];
  readonly triggers: readonly Readonly<Record<'name' | 'kind', string>>[];
  readonly store: { readonly kind: string };
  readonly limits: Readonly<{ perObject: Rate | null; total: Rate | null; holdForMs: number }>;
}

/** Dependencies of the status documents. */
export interface StatusParts {
  readonly version: string;
  readonly configuration: {
    readonly file: string;
    readonly form: StatusDocument['configuration']['form'];
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
export async function toStatus(parts: StatusParts): Promise<StatusDocument> {
  const { version, configuration, plan, watch, clock } = parts;
  await parts.measure();
  const { id = null, from = null, server = null } = watch.standing.cluster ?? {};
  const { recent } = watch;
  return {
    version,
    started: new Date(watch.startedAt).toISOString(),
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
export function toRules({
  plan,
  watch,
}: Pick<StatusParts, 'plan' | 'watch'>): readonly s.ValueOf<typeof RULE>[] {
  const rules = plan.chain.rules.map(({ decision: { rule, action, triggers } }) => {
    const { hits, lastAt } = watch.hits.of(rule.index);
    const { index, name } = rule;
    return { index, name, action, triggers, hits, lastHitAt: timeOf(lastAt) };
  });
  const { hits, lastAt } = watch.hits.of(null);
  const last = { index: null, name: null, action: 'reject', triggers: [] } as const;
  return [...rules, { ...last, hits, lastHitAt: timeOf(lastAt) }];
}

async function sourcesOf(parts: StatusParts): Promise<StatusDocument['sources']> {
  const { plan, store, watch, clock } = parts;
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
          position: position
            ? { ...toBound(position), ageSeconds: secondsSince(position.at, clock.now()) }
            : null,
        };
      });
      return { name, kind, paths };
    }),
  );
}

async function triggersOf(parts: StatusParts): Promise<StatusDocument['triggers']> {
  const { plan, store, watch } = parts;
  const counts = await store.archive.counts();
  return plan.triggers.map(({ name, kind }) => {
    const own = counts.filter(({ trigger }) => trigger === name);
    const deliveries = Object.fromEntries(own.map(({ state, count }) => [state, count]));
    const { breaker, pause, lastFailure, lastDeliveredAt } = watch.standing.trigger(name);
    return {
      name,
      kind,
      breaker,
      paused: toPause(pause),
      deliveries,
      lastDeliveredAt: timeOf(lastDeliveredAt),
      lastFailure: lastFailure && { ...lastFailure, at: timeOf(lastFailure.at) },
    };
  });
}

function storeOf({ plan, store, watch }: StatusParts): StatusDocument['store'] {
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

function toBound({ resourceVersion, at }: Position): s.ValueOf<typeof POSITION> {
  return { resourceVersion, at: timeOf(at) };
}

// A store keeps at least this many; a query with filters searches all of them.
const GAPS_READ = 1_000;

/** Lists the matching gaps, newest first. They come from the store, so also those of earlier processes. */
export async function listGaps(
  { store, clock }: Pick<StatusParts, 'store' | 'clock'>,
  { loss, since, until, limit: most }: ParameterValues<typeof GAP_PARAMETERS>,
): Promise<{ readonly items: readonly GapDocument[] } | BadParameter> {
  const span = spanOf({ since, until }, clock.now());
  if ('parameter' in span) return span;
  const gaps = await store.archive.gaps(GAPS_READ);
  const asked = gaps.filter((gap) => (loss?.includes(gap.loss) ?? true) && isWithin(gap, span));
  return { items: asked.slice(0, most).map(toGap) };
}

/** Whether a gap ended in a span; one without a valid end is excluded only if the span has a bound. */
function isWithin({ to }: Gap, { since, until }: TimeSpan): boolean {
  return !(since !== undefined && !(to.at >= since)) && !(until !== undefined && !(to.at < until));
}

function toGap({ source, path, loss, why, from, to }: Gap): GapDocument {
  return { source, path, loss, why, from: from === null ? null : toBound(from), to: toBound(to) };
}

function rateOf(rate: Rate | null): string {
  return rate === null ? 'off' : renderRate(rate);
}

/** At least 0, because the clock of a server may be ahead. */
function secondsSince(at: number, now: number): number {
  return Math.max(0, Math.floor((now - at) / 1000));
}
