// What holds where a configuration says nothing, each value once: the schema shows it, the plan
// uses it. Follows docs/configuration.md.

import type { storeKinds } from '../stores/registry.ts';

/** How a trigger's lane works. */
export const DELIVERY_DEFAULTS = {
  concurrency: 8,
  timeout: '10s',
  order: 'none',
  retry: { first: '1s', max: '5m', for: '24h' },
} as const;

/** What bounds the number of builds. */
export const LIMIT_DEFAULTS = { perObject: '60/h', total: '600/h', holdFor: '1h' } as const;

/** What keeps things, what becomes of new deliveries when it is full, and how long settled ones stay. */
export const STORE_DEFAULTS = {
  kind: 'sqlite',
  overflow: 'block',
  // A working day and the night after it.
  keepSettled: '24h',
} as const;

/**
 * How much a store of each kind may hold. On disk: some hundred thousand deliveries, and little
 * enough for any node's disk. In memory: a quarter of the chart's 512Mi, of which V8 takes half for
 * its heap, so that a backlog ends in a full store and not in a killed process.
 */
export const STORE_SIZES = {
  memory: '128Mi',
  sqlite: '1Gi',
} as const satisfies Record<keyof typeof storeKinds, string>;

/**
 * Where the probes listener listens: in a pod the kubelet must reach it, elsewhere it is for this machine
 * alone. There it is not on 8080, because many other programs take that port.
 */
export const PROBES_DEFAULTS = { pod: '0.0.0.0:8080', machine: '127.0.0.1:8082' } as const;

/** Where the API listener listens: for this machine alone. */
export const API_DEFAULT = '127.0.0.1:8081';

/** The name of the source that is there where none is configured. */
export const SOURCE_DEFAULT = 'events';

/** The name of the trigger in the original's form. */
export const ORIGINAL_TRIGGER = 'brigade';
