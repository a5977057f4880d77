// Defaults of the configuration, each written once: the schema shows them, and the plan uses them.
// Follows docs/configuration.md.

import type { storeKinds } from '../stores/registry.ts';

/** Defaults of `delivery:`, by which every lane works. */
export const DELIVERY_DEFAULTS = {
  concurrency: 8,
  timeout: '10s',
  order: 'none',
  retry: { first: '1s', max: '5m', for: '24h' },
} as const;

/** Defaults of `limits:`, which bound the number of builds. */
export const LIMIT_DEFAULTS = { perObject: '60/h', total: '600/h', holdFor: '1h' } as const;

/** Defaults of `store:`: its kind, its overflow policy, and the retention of settled deliveries. */
export const STORE_DEFAULTS = {
  kind: 'sqlite',
  overflow: 'block',
  // A working day and the night after it.
  keepSettled: '24h',
} as const;

/**
 * The default size of a store of each kind. On disk it holds some hundred thousand deliveries and
 * fits the disk of any node. In memory it is a quarter of the chart's 512Mi, of which V8 takes half
 * for its heap. A backlog then fills the store before the kernel kills the process.
 */
export const STORE_SIZES = {
  memory: '128Mi',
  sqlite: '1Gi',
} as const satisfies Record<keyof typeof storeKinds, string>;

/**
 * The address of the probes listener. In a pod the kubelet must reach it. Elsewhere it serves this
 * machine alone, and not on 8080, because many other programs take that port.
 */
export const PROBES_DEFAULTS = { pod: '0.0.0.0:8080', machine: '127.0.0.1:8082' } as const;

/** The heartbeat file: its name and how often it is written. */
export const HEARTBEAT_DEFAULTS = { file: 'heartbeat', every: '10s' } as const;

/** The address of the API listener, which serves this machine alone. */
export const API_DEFAULT = '127.0.0.1:8081';

/** The name of the source that is added if none is configured. */
export const SOURCE_DEFAULT = 'events';

/** The name of the trigger in the original's form. */
export const ORIGINAL_TRIGGER = 'brigade';
