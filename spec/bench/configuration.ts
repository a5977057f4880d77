// Configurations of the gateway that the bench runs: all namespaces, no limits (the bench measures
// the machinery, not the brakes), and rules that reject the noise.

import { NOISE, SHOP } from './event-lines.ts';

/** Variations of a case. */
export interface Variation {
  readonly filters: readonly Readonly<Record<string, unknown>>[];
  readonly triggers?: Readonly<Record<string, unknown>>;
  readonly decisions?: 'all' | 'accepted' | 'changes' | 'none';
  readonly format?: 'json' | 'text';
  readonly concurrency?: number;
  /** `memory` where absent: the figures of reading and deciding are then comparable for ever. */
  readonly store?: StoreName;
}

/** The stores that are measured. */
export type StoreName = 'memory' | 'sqlite';

/** A configuration in our form. */
export function configurationOf(variation: Variation): Readonly<Record<string, unknown>> {
  const { filters, triggers, decisions = 'accepted', format = 'json', concurrency } = variation;
  const { store = 'memory' } = variation;
  return {
    version: 1,
    sources: { bench: { events: { namespaces: ['*'], firstStart: 'skip' } } },
    filters,
    ...(triggers !== undefined && { triggers }),
    ...(concurrency !== undefined && { delivery: { concurrency } }),
    limits: { perObject: 'off', total: 'off' },
    logging: { format, decisions },
    store: { [store]: {} },
  };
}

/** A trigger that costs one request to the API server for each accepted Event. */
export const JOB = {
  job: {
    kubernetes: {
      manifest: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { namespace: 'ci' },
        spec: {
          template: {
            spec: {
              restartPolicy: 'Never',
              containers: [{ name: 'one', image: 'example.test/one' }],
            },
          },
        },
      },
    },
  },
} as const;

/** Triggers that post the bare Event of each delivery, by their names and addresses. */
export function hooks(urls: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [name, { http: { url, format: 'event' } }]),
  );
}

/** A trigger that posts so many deliveries in a request, each as the usual document. */
export function batchHook(url: string, max: number): Readonly<Record<string, unknown>> {
  return { hook: { http: { url, batch: { max, wait: '20ms' } } } };
}

/** Rejects the noise and accepts the rest. */
export const NOISE_OR_ACCEPT = [
  { name: 'noise', namespace: NOISE, type: 'Normal', action: 'reject' },
  { name: 'shop', namespace: SHOP, type: 'Warning', action: 'accept' },
] as const;

// So many of the rules look at the message, which costs most: what a long file really has.
const MESSAGE_RULES = 20;

/** Accepts everything for these triggers. */
export function acceptFor(triggers: readonly string[]): Variation['filters'] {
  return [{ name: 'shop', namespace: SHOP, type: 'Warning', action: 'accept', triggers }];
}

/** As many rules; all but the last two match nothing, and those decide as NOISE_OR_ACCEPT. */
export function manyRules(count: number): Variation['filters'] {
  const before = Math.max(0, count - NOISE_OR_ACCEPT.length);
  const rules = Array.from({ length: before }, (_, index) => ruleThatMisses(index));
  return [...rules, ...NOISE_OR_ACCEPT].slice(-count);
}

function ruleThatMisses(index: number): Readonly<Record<string, unknown>> {
  const name = `team-${index}`;
  const action = index % 2 === 0 ? 'accept' : 'reject';
  if (index % 50 === 7 && index / 50 < MESSAGE_RULES) {
    return { name, message: `/quota ${index} exceeded/`, action };
  }
  switch (index % 4) {
    case 0:
      return { name, namespace: `team-${index}`, kind: 'Pod', action };
    case 1:
      return { name, namespace: `team-${index}-*`, reasons: ['BackOff', 'Failed'], action };
    case 2:
      return { name, objectName: `job-${index}-*`, type: 'Warning', action };
    default:
      return { name, kind: 'Job', reasons: [`Reason${index}`], action };
  }
}
