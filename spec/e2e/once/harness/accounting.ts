// The accounting of a fault run: which series should have started a build at a trigger, which
// builds there are, and the report of the gateway about each. Everything is compared by identity
// (the Event, the delivery id, the number of the attempt), nothing by how many there are. Pure.

import type { Delivery } from '../../../../lib/core/delivery.ts';
import { isPossiblyTwice } from '../../../../lib/delivery/next-state.ts';
import { attemptName } from './counting-receiver.ts';

/** How a trigger's receiver recognizes a repetition, or the policy if it does not. */
export type Policy = 'key' | 'atMostOnce' | 'atLeastOnce';

/** A build that was started. */
export interface Build {
  /** `namespace/name` of the Event. */
  readonly event: string;
  readonly id: string;
}

/** All facts about one trigger at the end. */
export interface TriggerFacts {
  readonly trigger: string;
  readonly policy: Policy;
  /** The Events whose series should have started it. */
  readonly expected: readonly string[];
  /** One entry for each build; a request that a receiver dropped by its key is not one. */
  readonly builds: readonly Build[];
  /** Every attempt that a receiver saw, by `attemptName`, if receivers record them. */
  readonly attemptsSeen: readonly string[];
  /** Its deliveries, from the store. */
  readonly deliveries: readonly Delivery[];
  /** Attempts whose answer the harness knows to be lost, by `attemptName`. */
  readonly lostAnswers: ReadonlySet<string>;
}

/** Counts of one trigger. */
export interface Account {
  readonly trigger: string;
  readonly policy: Policy;
  readonly expected: number;
  readonly once: number;
  readonly twice: number;
  readonly lost: number;
  readonly unknown: number;
  readonly possiblyTwice: number;
  /** Attempts that a receiver saw beyond the first of each delivery. */
  readonly repeats: number;
  /** Attempts whose answer was lost, as injected or killed. */
  readonly lostAnswers: number;
  readonly poison: number;
  /** Each promise that does not hold, with what breaks it. */
  readonly wrong: readonly string[];
}

/** The outcome of a keyless delivery as the product reports it, from the store. */
function isDoubted(delivery: Delivery): boolean {
  const ages = { sinceMs: (from: number, to: number) => to - from };
  return isPossiblyTwice(delivery, { keyLifeMs: 0, ages });
}

/** Number of named offenders for each broken promise. */
const NAMED = 5;

/** Draws up the account of one trigger. */
export function account(facts: TriggerFacts): Account {
  const { trigger, policy, builds, attemptsSeen } = facts;
  const expected = new Set(facts.expected);
  const byEvent = Map.groupBy(builds, ({ event }) => event);
  const deliveries = Map.groupBy(facts.deliveries, eventOf);
  const started = (event: string): number => byEvent.get(event)?.length ?? 0;
  const is = (event: string, test: (delivery: Delivery) => boolean): boolean =>
    (deliveries.get(event) ?? []).some(test);
  const all = [...expected];
  const doubled = [...byEvent.keys()].filter((event) => started(event) > 1);
  const missing = all.filter((event) => started(event) === 0);
  const unknown = facts.deliveries.filter(({ state }) => state === 'unknown');
  const isUnknown = ({ state }: Delivery): boolean => state === 'unknown';
  const lost = missing.filter((event) => !is(event, isUnknown));
  const doubted = facts.deliveries.filter((one) => policy !== 'key' && isDoubted(one));
  const poison = facts.deliveries.filter(({ dead }) => dead === 'poison');
  const wrong = [
    ...found(
      'started but never expected',
      [...byEvent.keys()].filter((one) => !expected.has(one)),
    ),
    ...found('lost', lost),
    ...found(
      'expected, but not one delivery of it is stored',
      all.filter((one) => !deliveries.has(one)),
    ),
    ...found('poison', poison.map(eventOf)),
    ...found(
      'stored under two ids',
      [...deliveries].filter(([, list]) => list.length > 1).map(([event]) => event),
    ),
    ...found('attempts made but not recorded', unrecorded(facts)),
    ...found('ended neither delivered nor unknown', facts.deliveries.filter(isOdd).map(told)),
    ...(policy === 'atLeastOnce'
      ? found(
          'twice, and not reported so',
          doubled.filter((event) => !is(event, (one) => isDoubted(one))),
        )
      : found('twice', doubled)),
    ...(policy === 'atMostOnce'
      ? unknownsAgree(facts, unknown)
      : found('unknown', unknown.map(told))),
  ];
  return {
    trigger,
    policy,
    expected: expected.size,
    once: all.filter((event) => started(event) === 1).length,
    twice: doubled.length,
    lost: lost.length,
    unknown: unknown.length,
    possiblyTwice: doubted.length,
    repeats: attemptsSeen.length - new Set(attemptsSeen.map(idIn)).size,
    lostAnswers: lostHere(facts).length,
    poison: poison.length,
    wrong,
  };
}

/** Under atMostOnce, `unknown` are exactly those of which an answer was lost. */
function unknownsAgree(facts: TriggerFacts, unknown: readonly Delivery[]): readonly string[] {
  const reported = new Set(unknown.map(({ id }) => id));
  const lost = new Set(lostHere(facts).map(idIn));
  return [
    ...found(
      'unknown, but no answer of it was lost',
      [...reported].filter((id) => !lost.has(id)),
    ),
    ...found(
      'an answer was lost, but not unknown',
      [...lost].filter((id) => !reported.has(id)),
    ),
  ];
}

/** The attempts of this trigger's deliveries whose answers were lost. */
function lostHere({ deliveries, lostAnswers }: TriggerFacts): readonly string[] {
  const ids = new Set(deliveries.map(({ id }) => id));
  return [...lostAnswers].filter((attempt) => ids.has(idIn(attempt)));
}

function unrecorded({ attemptsSeen, deliveries }: TriggerFacts): readonly string[] {
  const recorded = new Set(
    deliveries.flatMap(({ id, attempts }) => attempts.map(({ number }) => attemptName(id, number))),
  );
  return attemptsSeen.filter((attempt) => !recorded.has(attempt));
}

function isOdd({ state }: Delivery): boolean {
  return state !== 'delivered' && state !== 'unknown';
}

function found(what: string, offenders: readonly string[]): readonly string[] {
  if (offenders.length === 0) return [];
  const named = offenders.slice(0, NAMED).join(', ');
  return [`${what}: ${offenders.length} (${named}${offenders.length > NAMED ? ', …' : ''})`];
}

function told(delivery: Delivery): string {
  const { id, state, dead, attempts } = delivery;
  const outcomes = attempts.map(({ outcome }) => outcome?.outcome ?? 'none').join(' ');
  return `${eventOf(delivery)} ${id} ${state}${dead === null ? '' : ` ${dead}`} [${outcomes}]`;
}

/** `namespace/name` of the Event that a delivery was made of. */
export function eventOf({ occurrences }: Delivery): string {
  const { metadata } = occurrences[0].event as {
    readonly metadata?: { readonly namespace?: string; readonly name?: string };
  };
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

function idIn(attempt: string): string {
  return attempt.slice(0, attempt.indexOf('#'));
}
